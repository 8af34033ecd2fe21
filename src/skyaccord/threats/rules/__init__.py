"""One leaf file a rule, listed in threats/table.py. A rule knows the scene, and no other rule."""
