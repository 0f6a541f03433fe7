"""``biofeedback doctor``: what is missing here, and the next step for each."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.ble import require_bluetooth
from biofeedback.errors import BiofeedbackError
from biofeedback.profiles import list_profiles
from biofeedback.sound import default_output_device, why_no_sound

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``needed`` things make the check fail when they are missing."""

    what: str
    ok: bool
    needed: bool
    detail: str


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per finding.")] = False,
) -> None:
    """Look at what this computer has for live sessions.

    Exit code 0 when music can be made here (into a file at least), else 1.

    Example: biofeedback doctor
    """
    findings = [check() for check in CHECKS]
    if as_json:
        typer.echo(msgspec.json.encode([asdict(finding) for finding in findings]).decode())
    elif plain:
        for finding in findings:
            typer.echo(f"{_word(finding)}: {finding.what}: {finding.detail}")
    else:
        table = Table.grid(padding=(0, 2))
        for finding in findings:
            colour = "green" if finding.ok else "red" if finding.needed else "yellow"
            table.add_row(f"[{colour}]{_word(finding)}[/]", finding.what, finding.detail)
        Console().print(table)
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(1)


def _word(finding: Finding) -> str:
    return "ok" if finding.ok else "missing" if finding.needed else "not here"


def _check_python() -> Finding:
    version = platform.python_version()
    ok = sys.version_info >= (3, 11)
    detail = f"{version} on {platform.system()} {platform.machine()}"
    return Finding("Python", ok, needed=True, detail=detail + ("" if ok else ": 3.11 is needed"))


def _check_synthesis() -> Finding:
    try:
        detail = f"pyo {metadata.version('pyo')}"
    except metadata.PackageNotFoundError:
        return Finding("synthesis", ok=False, needed=True, detail="pip install pyo")
    return Finding("synthesis", ok=True, needed=True, detail=detail)


def _check_sound() -> Finding:
    device = default_output_device()
    if device is not None:
        return Finding("sound device", ok=True, needed=False, detail=device)
    detail = f"{why_no_sound()} (music still goes into WAV files)"
    return Finding("sound device", ok=False, needed=False, detail=detail)


def _check_bluetooth() -> Finding:
    try:
        require_bluetooth()
    except BiofeedbackError as error:
        return Finding("Bluetooth", ok=False, needed=False, detail=str(error))
    return Finding("Bluetooth", ok=True, needed=False, detail="switched on")


def _check_profiles() -> Finding:
    try:
        names = ", ".join(profile.name for profile in list_profiles())
    except BiofeedbackError as error:
        return Finding("wearables", ok=False, needed=True, detail=str(error))
    return Finding("wearables", ok=bool(names), needed=True, detail=names or "none found")


CHECKS: tuple[Callable[[], Finding], ...] = (
    _check_python,
    _check_synthesis,
    _check_sound,
    _check_bluetooth,
    _check_profiles,
)
