"""The tracker measured against its bars, beside its peers, in one run.

    setting      the machine, the seeds, the peers' environment, where scenario folders live
    ours         our tracker on a scenario folder: plots.parquet read, tracks.parquet written
    traffic      10 to 500 targets and the hard case: accuracy against known association, speed against Stone Soup
    ends         when a track ends: number changes against spuriousness, ours and the best that looks can tell
    scale        10,000 and 100,000 targets: real time, cost a plot, memory
    alone        one target at a time: error against the posterior bound, covariances against chi-square
    coalescence  four targets that meet: the scenario of the multi-hypothesis papers
    mixture      a plain multi-Bernoulli mixture, the papers' kind of filter, for that scenario
    load         thirty sensors, 2,000 reports a second, 4,000 tracks: share of a core, time from plot to track
    cores        what a second core gives
    fusion       parties that share tracks and no plots: their pictures against one tracker that hears everything
    recordings   real radars and real flights: what benches/recordings.py says
    bars         what each figure has to be
    page         the figures as docs/tracking.md shows them; draw.py its pictures

`python -m benches.tracking` runs all of it, `python -m benches.tracking scale load` two parts. Figures go to
results.json, each part with the commit it was measured at, and from there to the page: none is written by hand.
"""
