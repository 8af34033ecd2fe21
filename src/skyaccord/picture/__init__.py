"""What all see: Tracks of many parties become one Picture.

`release` is the sender's door and `admit` the receiver's: each asks the charter about every record. `fuse` joins a
party's own tracks with what was admitted; each joint track says who contributes, how old and how good it is, and by
which clause.
"""

from skyaccord.picture.fuse import Fusion, fuse
from skyaccord.picture.picture import Picture
from skyaccord.picture.release import admit, release
from skyaccord.picture.shared import Shared

__all__ = ["Fusion", "Picture", "Shared", "admit", "fuse", "release"]
