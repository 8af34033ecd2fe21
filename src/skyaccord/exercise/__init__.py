"""A world to try: a scenario's file becomes truth, truth becomes what each party's radars hear, and a night begins.

    scenario   parse_scenario: the file, checked (tables.py says where a wrong value stands)
    truth      imagine: point-mass flights, ballistic ones, airway traffic from the seed
    hear       hear: turning antennas, sight, probability, noise, transponders, clutter
    world      World: plots, acts, scripted officers and captions, interval by interval
    kernels    the numba loops

and then how good the tracks were:

    bench      scenario and track folders that trackers are compared on
    along      true paths at any time
    figures    GOSPA, OSPA, SIAP, EUROCONTROL-style figures, NEES
    bounds     the posterior Cramer-Rao bound
    verdict    all of it, of a track folder or of a party's pictures
    score      without truth: by hidden identity, by another tracker

An exercise is kept apart from real life: each plot carries the flag SIMULATED, each scripted decision says so.
"""

from skyaccord.exercise.scenario import Scenario, check_parties, parse_scenario
from skyaccord.exercise.truth import Truth, imagine
from skyaccord.exercise.world import World

__all__ = ["Scenario", "Truth", "World", "check_parties", "imagine", "parse_scenario"]
