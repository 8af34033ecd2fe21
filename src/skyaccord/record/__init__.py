"""What happened: nothing here can be changed afterwards without showing.

    log.py        the decision log: append-only, each entry carries the hash of the one before; `verify` names a bad one
    segments.py   columns of many steps in a few Parquet files, written whole or not at all
    recording.py  a recording is a folder: `Recorder` writes it, `Recording` opens it and answers "as of this second"
    fold.py       entries -> the alerts and tasks as they stand; the live house and the replay fold alike

The same inputs give the same folder, byte for byte.
"""

from skyaccord.record.fold import Standing, standing
from skyaccord.record.log import Entry, Log, log_file, verify
from skyaccord.record.recording import Manifest, Recorder, Recording

__all__ = ["Entry", "Log", "Manifest", "Recorder", "Recording", "Standing", "log_file", "standing", "verify"]
