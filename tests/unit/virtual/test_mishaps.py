"""Mishaps as words."""

from __future__ import annotations

import pytest

from biofeedback.errors import SettingsError
from biofeedback.simulate.faults import ClockJump, Silence
from biofeedback.virtual.mishaps import Mishap, packet_faults, parse_mishap


@pytest.mark.parametrize(
    ("text", "mishap"),
    [
        ("drop@10", Mishap("drop", 10.0, 5.0, None)),
        ("silence@20+5.5", Mishap("silence", 20.0, 5.5, None)),
        ("clock_jump:-5@30", Mishap("clock_jump", 30.0, 5.0, "-5")),
        ("refuse_start:in_charger@0", Mishap("refuse_start", 0.0, 5.0, "in_charger")),
    ],
)
def test_mishaps_are_read(text, mishap):
    assert parse_mishap(text) == mishap


@pytest.mark.parametrize(
    "text", ["", "drop", "drip@3", "drop@", "drop@-1", "battery:full@0", "refuse_start:no@0"]
)
def test_other_words_are_refused_with_what_is_known(text):
    with pytest.raises(SettingsError, match="--fault"):
        parse_mishap(text)


def test_what_strikes_packets_becomes_faults_and_the_rest_stays_with_the_link():
    mishaps = [parse_mishap(text) for text in ("drop@1", "silence@2", "clock_jump@3")]
    assert [type(fault) for fault in packet_faults(mishaps)] == [Silence, ClockJump]
