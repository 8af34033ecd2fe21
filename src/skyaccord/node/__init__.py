"""One party's house, and several of them in one night.

- `house`: what a node holds between two steps; `step`: one turn of it, pure, the whole natural way in a page.
- `night`: all houses in one process, speaking over the memory link; `serve`: by the wall clock, or a replay.
- `show`: all that a window needs to know of either.
"""
