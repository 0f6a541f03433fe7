"""What README and docs/ show is true: plans are accepted, links lead somewhere, lists are whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from biofeedback.cli.commands import app
from biofeedback.settings import parse_settings
from biofeedback.sound.instruments import INSTRUMENTS

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


def list_commands(command, name=""):
    yield name.strip(), command
    for word, below in getattr(command, "commands", {}).items():
        yield from list_commands(below, f"{name} {word}")


def test_the_help_of_each_command_has_an_example():
    commands = dict(list_commands(get_command(app)))
    assert {"plan", "song-project export"} < commands.keys()
    without = [name for name, command in commands.items() if "Example: " not in command.help]
    assert without == [""]  # biofeedback --help lists the commands


def test_each_module_and_folder_has_its_place_in_the_house():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    house = [path for path in (ROOT / "biofeedback").iterdir() if path.name[0] not in "._"]
    names = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in house
        if path.is_dir() or path.suffix == ".py"
    } - {"__init__.py", "__pycache__/"}
    assert "engine.py" in names
    assert [name for name in sorted(names) if f"`{name}" not in table] == []


def test_each_library_is_named_with_its_why():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    names = {re.split(r"[\[><=]", one)[0] for one in wanted} - {"biofeedback", "pytest-timeout"}
    names -= {"pytest-xdist"}  # the page says: pytest with timeout and xdist
    assert [name for name in sorted(names) if name not in page] == []
    assert [name for name in sorted(extras) if f"`{name}`" not in page] == []


def test_the_page_on_sound_counts_the_instruments():
    page = (ROOT / "docs" / "sound.md").read_text(encoding="utf-8")
    assert f"\n{len(INSTRUMENTS)} of them, one file each" in page
