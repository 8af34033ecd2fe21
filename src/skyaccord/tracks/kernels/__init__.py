"""The tracker's loops, from the bottom up.

bank, ground, filters, hearing, grid, association, nests, life, turn, areas.
"""
