"""``styles`` lists what may be asked for."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.music.styles import STYLES


@pytest.mark.parametrize("form", [[], ["--plain"], ["--json"]])
def test_every_style_is_listed(form):
    result = CliRunner().invoke(app, ["styles", *form])
    assert result.exit_code == 0
    for name in STYLES:
        assert name in result.output


def test_json_tells_meters_and_tempi():
    rows = json.loads(CliRunner().invoke(app, ["styles", "--json"]).output)
    walk = next(row for row in rows if row["name"] == "walk")
    assert walk["meters"] == ["4/4", "2/4"]
    assert walk["tempo_range_bpm"] == [55.0, 160.0]
    assert walk["has_beat"] is True
    assert walk["tempo_ranges_bpm"] == {"4/4": [55.0, 160.0], "2/4": [55.0, 160.0]}
    lullaby = next(row for row in rows if row["name"] == "lullaby")
    assert lullaby["tempo_ranges_bpm"] == {"3/4": [46.0, 96.0], "6/8": [32.0, 84.0]}


@pytest.mark.parametrize("form", [[], ["--plain"]])
def test_a_meter_with_other_tempi_tells_them(form):
    said = CliRunner().invoke(app, ["styles", *form]).output
    for style in STYLES.values():
        for other in style.other_meters:
            low_bpm, high_bpm = other.tempo_range_bpm
            told = f"{low_bpm:g} to {high_bpm:g} in {other.meter.name}"
            assert (told in said) == (other.tempo_range_bpm != style.tempo_range_bpm), style.name
