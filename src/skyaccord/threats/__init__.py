"""What the picture means: Picture -> Alerts, with warning time.

    classify.py   identity and class of each row, from what it does and says of itself
    course.py     where a track will be, and how well that is known: on its course, or falling
    scene.py      what a rule looks at (Scene) and what it says (Findings)
    rules/        one leaf file a rule; they do not know each other
    table.py      RULES: the rules in force, in order
    assess.py     findings that persist become alerts; alerts whose cause is gone are closed

To add a rule: one file in rules/ with `look`, `severity` and `sentence`, and one line in table.py.
"""

from skyaccord.threats.alert import Alert
from skyaccord.threats.assess import Memory, assess
from skyaccord.threats.classify import classify
from skyaccord.threats.table import RULES

__all__ = ["RULES", "Alert", "Memory", "assess", "classify"]
