"""One contract for all instruments; ``instrument_facts.py`` plays each alone and says what it heard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(
    path.stem
    for path in (ROOT / "biofeedback/sound/instruments").glob("*.py")
    if path.stem != "__init__"
)
# Pads and drones sound in several notes at once, nature all the time; noise pierces.
QUIETER_LU = {
    **dict.fromkeys(("warm_pad", "string_pad", "air_pad", "hat", "shaker", "brush"), 4.0),
    **dict.fromkeys(("tambourine", "shekere", "click", "woodblock", "cowbell_soft"), 4.0),
    **dict.fromkeys(("drone_low", "drone_mid", "drone_high"), 3.0),
    **dict.fromkeys(("wind", "water"), 10.0),
}
TYPICAL_LUFS = -22.0
SEAM_NAMES = """
    kick soft_kick snare brush hat shaker hand_drum frame_drum click bass sub_bass upright_bass
    electric_piano felt_piano nylon_guitar harp kalimba marimba warm_pad string_pad air_pad flute
    clarinet lead music_box bell drone_low drone_mid drone_high wind water djembe conga bongo cajon
    woodblock cowbell_soft tambourine shekere
""".split()


def test_every_instrument_that_styles_may_name_is_there():
    assert set(SEAM_NAMES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_instrument_sounds_clean_in_tune_and_as_loud_as_its_role(name):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/instrument_facts.py"), name],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["finite"]
    assert facts["dc"] < 1e-4
    assert facts["peak_db"] < -3.0
    typical = TYPICAL_LUFS - QUIETER_LU.get(name, 0.0)
    assert facts["loudest_lufs"] == pytest.approx(typical, abs=2.5)
    if "steal" not in facts:
        assert facts["swing_db"] > facts["still_db"] + 8.0  # it carries the breath
        assert facts["correlation"] < 0.8  # and is wide
        return
    assert facts["worst_cents"] < 5.0
    assert facts["left_db"] < -60.0  # some seconds after the last note it is silent
    assert max(facts["range_lufs"]) - min(facts["range_lufs"]) < 9.0  # low and high alike
    assert facts["end_bend"] < 2.0  # no corner where a note ends
    assert facts["steal"] < 4.5  # nor with 200 notes a second
    assert facts["highest_share_db"] < -40.0  # nothing mirrored, nothing sharp
    assert facts["soft_to_loud_centroid"] < 1.05  # a soft note is no brighter than a loud one
