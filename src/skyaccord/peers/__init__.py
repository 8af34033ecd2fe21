"""Others' programs: our tracker behind their interfaces. Each file needs its peer installed; nothing else here does.

stonesoup   SkyaccordTracker: a Stone Soup `Tracker` that reads a Stone Soup detector
"""
