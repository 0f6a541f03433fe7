"""What is wrong with a plan is said in words of TOML: where, and what may stand there."""

from __future__ import annotations

import pytest

from biofeedback.errors import SettingsError
from biofeedback.settings import parse_settings

HEAD = "[plan]\nname = 'x'\ntherapy = 'gait'\ntitle = 'x'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[music]\nresting_tempo_bpm = 'x'",
            "music.resting_tempo_bpm is 'x': expected a number, got a text in quotes.",
        ),
        ("plan = 3", "plan is 3: expected a table, got a whole number."),
        ("[plan]\ntherapy = 'gait'", "[plan] has no 'name'."),
        (f"{HEAD}[[plan.phases]]\nname = 'a'", "[plan.phases[0]] has no 'law'. Known: follow, "),
        ("bogus = 1", "'bogus'. Known: version, seed, law, calibrate_s, music, limits, persons, "),
        ("tempo_baseline_bpm = 90", "'tempo_baseline_bpm'. It belongs in [limits]."),
        ("tempo_baseline = 90", "Did you mean 'tempo_baseline_bpm' in [limits]?"),
        ("style = 'walk'", "It belongs in [music] or [plan.phases.music]."),
        ("[plan]\nsay = 'x'", "unknown key 'say' in [plan]. It belongs in [[plan.phases]]."),
        ("[music]\nseed = 3", "It belongs in the head of the file, above all tables."),
        ("[limits]\nage_years = 3", "It belongs in [persons.NAME]."),
        ("[limits]\nbogus = 3", "in [limits]. Known: tempo_baseline_bpm, tempo_band_ratio, "),
        ("[persons.p1]\nage = 3", "[persons.p1]: unknown key 'age'. Known: heart_rate_ceiling"),
        (f"{HEAD}[[plan.phases]]\nnam = 'a'", "in [plan.phases[0]]. Did you mean 'name'?"),
        (f"{HEAD}phases = []", "plan.phases is []: expected a list of length >= 1."),
    ],
)
def test_what_is_wrong_is_said_in_words(text, said):
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, source="f")
    assert said in str(caught.value)
    assert "null" not in str(caught.value)
    assert "{" not in str(caught.value)


def test_the_keys_of_other_tables_are_not_listed():
    with pytest.raises(SettingsError) as caught:
        parse_settings("bogus = 1", source="f")
    assert "heart_rate_ceiling_bpm" not in str(caught.value)
