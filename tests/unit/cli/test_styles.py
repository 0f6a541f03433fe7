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
