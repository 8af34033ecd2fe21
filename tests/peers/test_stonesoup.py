"""Our tracker behind Stone Soup's interface: it sees what Stone Soup's own tracker sees, in Stone Soup's own sky."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SKY = Path(__file__).with_name("stonesoup_sky.py")
PEERS = ROOT / ".venv-peers" / "bin" / "python"
HERE = importlib.util.find_spec("stonesoup") is not None


def python_with_stone_soup() -> Path | None:
    """This interpreter, or that of the environment which `make bench` keeps other people's programs in."""
    if HERE:
        return Path(sys.executable)
    if not PEERS.exists():
        return None
    looked = subprocess.run([PEERS, "-c", "import stonesoup, numba, pyarrow"], capture_output=True, timeout=120)
    return PEERS if looked.returncode == 0 else None


@pytest.fixture(scope="module")
def sky() -> dict[str, Any]:
    python = python_with_stone_soup()
    if python is None:
        pytest.skip("Stone Soup is neither here nor in .venv-peers (`make bench` puts it there)")
    places = {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", **os.environ}
    done = subprocess.run([python, SKY], env=places, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_it_is_one_of_their_trackers(sky: dict[str, Any]) -> None:
    assert sky["is_tracker"]
    assert len(sky["counts"]) == sky["steps"] == 241


def test_both_see_each_target_once_and_nothing_else(sky: dict[str, Any]) -> None:
    for who in ("ours", "theirs", "both"):
        once, place_m, speed_mps, of_none = sky[who]
        assert (once, of_none) == (8, 0), who
        assert place_m < 100, who
        assert speed_mps < 10, who


def test_tracks_go_on_as_one_object(sky: dict[str, Any]) -> None:
    """The targets are known from the third turn of five seconds on, of two minutes."""
    assert sky["longest"] > 95
    assert all(count == 8 for count in sky["counts"][60:])


def test_covariances_are_of_their_state(sky: dict[str, Any]) -> None:
    """[x vx y vy]: positions to tens of metres, velocities to metres a second."""
    covariance = np.array(sky["covariance"])
    assert np.allclose(covariance, covariance.T)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    sigma = np.sqrt(np.diag(covariance))
    assert ((sigma[[0, 2]] > 10) & (sigma[[0, 2]] < 300)).all()
    assert ((sigma[[1, 3]] > 0.5) & (sigma[[1, 3]] < 30)).all()


def test_the_order_within_a_set_is_nothing(sky: dict[str, Any]) -> None:
    assert sky["same_again"]


def test_plots_lie_where_their_measurement_models_put_them(sky: dict[str, Any]) -> None:
    """Noiseless measurements of turned and tilted radars and of positions, through Stone Soup's own models."""
    assert sky["placed_m"] < 1e-3


def test_a_sensor_that_was_not_named_is_refused(sky: dict[str, Any]) -> None:
    assert "LinearGaussian stands at [0.0, 0.0, 0.0], where no radar of `radars` does" in sky["refused"]


@pytest.mark.skipif(HERE, reason="Stone Soup is in this environment, so it is not missed")
def test_without_stone_soup_one_sentence_says_so() -> None:
    with pytest.raises(ImportError, match=r"needs Stone Soup .*pip install stonesoup"):
        importlib.import_module("skyaccord.peers.stonesoup")


def test_nothing_else_needs_it() -> None:
    code = "import sys, skyaccord.cli, skyaccord.peers, skyaccord.tracks; sys.exit('stonesoup' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
