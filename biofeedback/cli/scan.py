"""``biofeedback scan``: which wearables are in the air, what they can deliver, whose they are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.ble import require_bluetooth
from biofeedback.ble.choose import DEFAULT_WEARER, matching, parse_choice
from biofeedback.ble.identify import Binding, load_bindings, save_bindings
from biofeedback.ble.pace import Pace
from biofeedback.ble.scan import SYSTEM
from biofeedback.ble.taps import find_by_taps
from biofeedback.ble.wanted import NOT_DATA
from biofeedback.cli.options import parse_duration_s
from biofeedback.cli.sensors import config_folder, hear_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from biofeedback.ble.choose import Candidate
    from biofeedback.ble.scan import Backend

SIGNAL_WORDS = ((-60, "strong"), (-75, "good"), (-85, "weak"))
TAP_WITHIN_S = 60.0


def scan_command(
    listen: Annotated[str, typer.Option(help="How long to listen: 5s, 1m.", metavar="TIME")] = "5s",
    identify: Annotated[
        str | None,
        typer.Option(
            help="Bind the sensor of this name that is tapped three times.", metavar="NAME"
        ),
    ] = None,
    wearer: Annotated[str, typer.Option(help="Whose sensor it is (a pseudonym).")] = DEFAULT_WEARER,
    site: Annotated[
        str | None, typer.Option(help="Where it is worn; found from a walk if it isn't said.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """List the wearables in the air: signal, profile, what they deliver.

    The code in the last column names a sensor without its address: play --from ble:CODE.

    Example: biofeedback scan --identify "Polar H10" --wearer p1
    """
    seconds = parse_duration_s(listen, option="--listen")
    require_bluetooth()
    folder = config_folder()
    console = Console(stderr=as_json)
    if identify is not None:
        if site is not None:
            identify = f"{identify},site={site}"
        binding = asyncio.run(
            bind_by_taps(identify, wearer, seconds, backend=SYSTEM, folder=folder, console=console)
        )
        console.print(f"bound to {binding.wearer}: {binding.profile} [{binding.address}]")
        return
    candidates = asyncio.run(hear_candidates(seconds, backend=SYSTEM, folder=folder))
    if as_json:
        typer.echo(msgspec.json.encode([describe(c) for c in candidates]).decode())
    else:
        show(candidates, console)


def describe(candidate: Candidate) -> dict[str, object]:
    """Tell what is known of a band in the air; its address is not told."""
    sighting, profile = candidate.sighting, candidate.profile
    streams = [stream.name for stream in profile.streams if stream.name not in NOT_DATA]
    return {
        "name": sighting.name,
        "code": candidate.code,
        "rssi_dbm": sighting.rssi_dbm,
        "profile": profile.name,
        "streams": streams,
        "wearer": candidate.binding.wearer if candidate.binding else None,
    }


def show(candidates: Sequence[Candidate], console: Console) -> None:
    """Print the list for a person."""
    if not candidates:
        console.print(
            "No known wearable is in the air. Wear it, wake it up, close the maker's app. "
            "How to switch a band on: biofeedback profiles show sig_hrs"
        )
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "signal", "profile", "delivers", "whose", "code"):
        table.add_column(column)
    for candidate in candidates:
        known = describe(candidate)
        streams = ", ".join(str(name).replace("_", " ") for name in known["streams"])  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType, reportUnknownArgumentType]
        rssi_dbm = candidate.sighting.rssi_dbm
        table.add_row(
            candidate.sighting.name or "no name",
            f"{signal_word(rssi_dbm)} ({rssi_dbm} dBm)",
            candidate.profile.name,
            streams,
            str(known["wearer"] or ""),
            candidate.code,
        )
    console.print(table)


def signal_word(rssi_dbm: int) -> str:
    """Say how strong a signal is."""
    return next((word for least, word in SIGNAL_WORDS if rssi_dbm >= least), "very weak")


async def bind_by_taps(
    name: str, wearer: str, seconds: float, *, backend: Backend, folder: Path, console: Console
) -> Binding:
    """Ask for three taps and bind the sensor that felt them.

    Raises:
        DeviceNotFound: No sensor of that name is in the air.
        SensorFailure: None was tapped in time.
        SettingsError: The binding can't be written.
    """
    choice = parse_choice(name)
    candidates = matching(choice, await hear_candidates(seconds, backend=backend, folder=folder))
    by_address = {candidate.sighting.address: candidate for candidate in candidates}
    console.print(f"{len(candidates)} sensors look like this; connecting to listen to them.")
    tapped = await find_by_taps(
        [candidate.wanted(wearer, choice.site) for candidate in candidates],
        backend=backend,
        pace=Pace(),
        timeout_s=TAP_WITHIN_S,
        on_ready=lambda: console.print("Tap yours three times now, then keep still."),
    )
    candidate = by_address[tapped.address]
    binding = Binding(
        wearer=wearer, address=candidate.code, profile=tapped.profile.name, site=tapped.site
    )
    save_bindings(folder, load_bindings(folder).with_sensor(binding))
    return binding
