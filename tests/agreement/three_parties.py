"""An invented agreement of three parties in a square world: degrees are easy, and the code knows nobody's name."""

from __future__ import annotations

import math

from skyaccord.agreement import Act
from skyaccord.earth import Place

DAY = 86_400.0
T0 = 1_000_000_000.0

#      lat 4 +----+
#            | Z  |
#      lat 2 +----+----+
#            | X  | Y  |
#      lat 0 +----+----+
#            |   sea   |      managed by Y from 1,000 m up
#     lat -2 +----+----+
TEXT = """\
name = "square"
title = "The square world"

[clauses]
"S 1" = "X is X's."
"S 2" = "Y is Y's."
"S 3" = "Z is Z's."
"S 4" = "The sea is nobody's."
"P 1" = "X decides at home."
"P 2" = "Y decides at home."
"P 3" = "Over the sea, from 1,000 m up, Y manages and approves."
"P 4" = "The staff coordinates everywhere."
"P 5" = "X looks over the sea."
"P 6" = "Z's militia decides at home."
"R 1" = "X shows its tracks at home and over the sea."
"R 2" = "Y shows good tracks of drones and missiles."
"R 3" = "Y shows alerts everywhere."
"R 4" = "Z shows all it has at home."
"W 1" = "X keeps its friends low over the sea to itself."
"T 1" = "Unlimited."
"T 2" = "Signed by both, in force when both say so."
"T 3" = "Others may accede."
"T 4" = "Anyone may pause."
"T 5" = "Anyone may leave with ten days' notice."
"T 6" = "All together may end it."

[[party]]
id = "X"
name = "Xenia"
government = "X.gov"
[[party]]
id = "Y"
name = "Ypres"
government = "Y.gov"
[[party]]
id = "Z"
name = "Zeeland"
relation = "partner"
government = "Z.gov"
founding = false

[[post]]
id = "X.gov"
party = "X"
title = "Government"
[[post]]
id = "X.air"
party = "X"
title = "Air commander"
[[post]]
id = "Y.gov"
party = "Y"
title = "Government"
[[post]]
id = "Y.air"
party = "Y"
title = "Air commander"
[[post]]
id = "Y.deputy"
party = "Y"
title = "Deputy"
vacant = true
[[post]]
id = "Z.gov"
party = "Z"
title = "Government"
[[post]]
id = "Z.militia"
party = "Z"
title = "Militia"
[[post]]
id = "staff"
title = "Joint staff"

[[area]]
id = "x"
territory_of = "X"
clause = "S 1"
polygon = [[0, 0], [0, 2], [2, 2], [2, 0]]
[[area]]
id = "y"
territory_of = "Y"
clause = "S 2"
polygon = [[0, 2], [0, 4], [2, 4], [2, 2]]
[[area]]
id = "z"
territory_of = "Z"
clause = "S 3"
polygon = [[2, 0], [2, 2], [4, 2], [4, 0]]
[[area]]
id = "sea"
clause = "S 4"
polygon = [[-2, 0], [-2, 4], [0, 4], [0, 0]]
[[area]]
id = "high-sea"
clause = "S 4"
floor_m = 1000
polygon = [[-2, 0], [-2, 4], [0, 4], [0, 0]]

[[grant]]
post = "X.air"
power = "manage"
areas = "x"
clause = "P 1"
[[grant]]
post = "X.air"
power = "approve"
areas = "x"
clause = "P 1"
[[grant]]
post = "X.air"
power = "observe"
areas = ["x", "sea"]
clause = "P 5"
[[grant]]
post = "Y.air"
power = "manage"
areas = ["y", "high-sea"]
clause = "P 3"
[[grant]]
post = "Y.deputy"
power = "approve"
verbs = "support"
areas = ["y", "high-sea"]
clause = "P 3"
[[grant]]
post = "Y.air"
power = "approve"
verbs = ["observe", "identify", "escort", "warn", "shelter", "intercept", "cue"]
areas = ["y", "high-sea"]
clause = "P 3"
[[grant]]
post = "Z.militia"
power = "manage"
areas = "z"
clause = "P 6"
[[grant]]
post = "Z.militia"
power = "approve"
areas = "z"
clause = "P 6"
[[grant]]
post = "staff"
power = "coordinate"
areas = "all"
clause = "P 4"

[[release]]
owner = "X"
to = "all"
kinds = "tracks"
areas = ["x", "sea"]
clause = "R 1"
[[release]]
owner = "Y"
to = "X"
kinds = ["tracks", "plots"]
areas = ["y", "high-sea"]
classes = ["drone", "missile"]
sigma_max_m = 500
clause = "R 2"
[[release]]
owner = "Y"
to = ["X", "Z"]
kinds = "alerts"
areas = "everywhere"
clause = "R 3"
[[release]]
owner = "Z"
to = "Y"
kinds = "all"
areas = "z"
clause = "R 4"

[[withhold]]
owner = "X"
to = "Y"
kinds = "all"
areas = "sea"
ceiling_m = 3000
identities = ["friend", "assumed friend"]
clause = "W 1"

[term]
duration = "unlimited"
clause = "T 1"
[entry]
clause = "T 2"
[accession]
clause = "T 3"
[suspension]
clause = "T 4"
[withdrawal]
notice_days = 10
shared_data = "purge"
clause = "T 5"
[termination]
by = "all parties"
notice_days = 5
clause = "T 6"
"""

HISTORY = (
    Act("propose", "X", "X.gov", T0),
    Act("sign", "X", "X.gov", T0 + DAY),
    Act("sign", "Y", "Y.gov", T0 + DAY),
    Act("enter_into_force", "Y", "Y.gov", T0 + 2 * DAY),
)
IN_FORCE_S = T0 + 2 * DAY


def at(lat_deg: float, lon_deg: float, height_m: float = 2000.0) -> Place:
    """A place in degrees."""
    return Place(math.radians(lat_deg), math.radians(lon_deg), height_m)
