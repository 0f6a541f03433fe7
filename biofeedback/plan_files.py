"""Finds the plans that come with the program (``plans/*.toml``) and those of the user."""

from __future__ import annotations

import difflib
from importlib import resources
from typing import TYPE_CHECKING, Final

from biofeedback.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SIZE_LIMIT_BYTES: Final = 1 << 20


def list_plan_names() -> list[str]:
    """List the names of the plans that come with the program."""
    folder = resources.files("biofeedback") / "plans"
    return sorted(
        file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")
    )


def read_shipped_plan(name: str) -> str:
    """Return the text of a plan that comes with the program.

    Raises:
        SettingsError: There is none of this name.
    """
    if name not in list_plan_names():
        raise SettingsError(f"{name}: there is no such plan.{_suggest(name)}")
    file = resources.files("biofeedback") / "plans" / f"{name}.toml"
    return file.read_text(encoding="utf-8")


def read_plan_text(place: Path) -> str:
    """Return the text of a plan: a file, or the name of one that comes with the program.

    Raises:
        SettingsError: It is missing, too large, or not UTF-8.
    """
    if not place.exists():
        return read_shipped_plan(str(place))
    return read_text(place, what="plan")


def _suggest(name: str) -> str:
    near = difflib.get_close_matches(name, list_plan_names(), n=1)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    return f"{meant} biofeedback plan list shows those that come along."


def read_text(path: Path, *, what: str) -> str:
    """Read a small text file.

    Raises:
        SettingsError: It is missing, too large, or not UTF-8.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            raise SettingsError(f"{path}: this {what} is larger than 1 MiB; is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such {what}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: this {what} is not UTF-8 text.") from error
    except OSError as error:
        raise SettingsError(f"{path}: can't read this {what}: {error.strerror}.") from error
