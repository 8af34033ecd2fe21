"""What could be heard: line of sight over the curved earth and round mountains, and the probability of detection.

horizon     Mask, sees, ring: the 4/3 earth and a sensor's screening angles
detection   detection_probability: the radar equation's fall-off for large and small targets
"""

from skyaccord.coverage.detection import detection_probability
from skyaccord.coverage.horizon import Mask, build_mask, range_at_height_m, ring, sees

__all__ = ["Mask", "build_mask", "detection_probability", "range_at_height_m", "ring", "sees"]
