"""What README shows is true: its plan is accepted, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from biofeedback.settings import parse_settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_plan_that_it_shows_is_accepted():
    plans = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    assert len(plans) == 1
    settings = parse_settings(plans[0], source="README.md")
    assert settings.persons["p1"].heart_rate_ceiling_bpm == 120


def test_it_begins_with_the_two_commands():
    assert README.index("make play") < README.index("make test") < README.index("## ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
