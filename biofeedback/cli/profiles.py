"""``biofeedback profiles``: which wearables are supported, and how a person switches them on."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from biofeedback.errors import ProfileError
from biofeedback.profiles import list_profiles, load_profile, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biofeedback.decode.profile import Profile, Stream

profiles_app = typer.Typer(
    help="The wearables that are supported, and how to switch them on.\n\n"
    "Example: biofeedback profiles show sig_hrs",
    no_args_is_help=True,
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlainFlag = Annotated[bool, typer.Option("--plain", help="One line per fact, no formatting.")]


@profiles_app.command("list")
def list_command(json: JsonFlag = False, plain: PlainFlag = False) -> None:
    """List the profiles.

    Example: biofeedback profiles list
    """
    profiles = list_profiles()
    if json:
        typer.echo(msgspec.json.encode([_summary(profile) for profile in profiles]).decode())
        return
    if plain:
        for profile in profiles:
            typer.echo(f"{profile.name}\t{profile.title}\t{_delivers(profile)}")
        return
    console = Console(highlight=False)
    for profile in profiles:
        console.print(Text.assemble((profile.name, "bold"), "  ", profile.title))
        table = Table.grid(Column(style="dim", no_wrap=True), Column(), padding=(0, 2))
        table.add_row("worn at", ", ".join(profile.sites))
        table.add_row("delivers", _delivers(profile))
        console.print(Padding(table, (0, 0, 1, 2)))
    console.print("How to switch one on: biofeedback profiles show NAME", style="dim")


@profiles_app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="Name of a profile, or a TOML file.")],
    json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Show one profile in plain words: rates, quirks, how to switch broadcasting on.

    Example: biofeedback profiles show polar_h10
    """
    profile = load_profile(name)
    if json:
        typer.echo(msgspec.json.encode(profile).decode())
        return
    console = Console(highlight=False)
    for line in _describe(profile):
        if plain:
            typer.echo(line)
        else:
            console.print(escape(_wrap(line, console.width)))


@profiles_app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(help="A profile as TOML.")],
    json: JsonFlag = False,
    plain: PlainFlag = False,
) -> None:
    """Check a profile: exit code 0 when it is right, 1 with what is wrong when it isn't.

    Example: biofeedback profiles check firmware_profiles/polar_h10.toml
    """
    del plain
    if not file.is_file():
        raise ProfileError(f"{file}: there is no such file; give a profile's TOML file, not a name")
    try:
        profile = read_profile(file)
    except ProfileError as error:
        if json:
            typer.echo(msgspec.json.encode({"ok": False, "error": str(error)}).decode())
        else:
            typer.echo(f"biofeedback: {error}", err=True)
        raise typer.Exit(1) from error
    if json:
        typer.echo(msgspec.json.encode({"ok": True, "name": profile.name}).decode())
    else:
        typer.echo(f"{file}: {profile.name} is right: {_delivers(profile)}")


def _wrap(line: str, width: int) -> str:
    """Break a line where it is too long; what follows stands below its first word."""
    margin = " " * (len(line) - len(line.lstrip(" -")))
    return fill(
        line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def _summary(profile: Profile) -> dict[str, object]:
    return {
        "name": profile.name,
        "title": profile.title,
        "maker": profile.maker,
        "models": profile.models,
        "sites": profile.sites,
        "delivers": [stream.name for stream in profile.streams],
    }


def _delivers(profile: Profile) -> str:
    return ", ".join(stream.name.replace("_", " ") for stream in profile.streams)


def _describe(profile: Profile) -> Iterator[str]:
    yield f"{profile.title} ({profile.name})"
    yield f"Maker and models: {profile.maker}: {', '.join(profile.models)}"
    yield f"Worn at: {', '.join(profile.sites)}"
    yield f"Advertises: {_match(profile)}"
    yield f"First data within {profile.first_data_within_s:g} s of the start"
    yield ""
    yield "It delivers"
    for stream in profile.streams:
        yield f"  - {_describe_stream(stream)}"
    if profile.broadcasts:
        yield ""
        yield "How to switch it on, so that it can be received"
        for broadcast in profile.broadcasts:
            yield f"  - {broadcast.product}: {broadcast.steps}"
            yield f"    RR intervals: {broadcast.rr_intervals}; {broadcast.certainty}"
    for title, lines in (
        ("Good to know", profile.quirks),
        ("It can't give", profile.cannot),
        ("Sources", profile.sources),
    ):
        if lines:
            yield ""
            yield title
            for line in lines:
                yield f"  - {line}"


def _match(profile: Profile) -> str:
    match = profile.match
    parts = (
        ("services", match.services),
        ("names", match.names),
        ("data of the companies", match.manufacturers),
    )
    return "; ".join(f"{word} {', '.join(values)}" for word, values in parts if values)


def _describe_stream(stream: Stream) -> str:
    facts: list[str] = []
    if stream.rate_hz is not None:
        facts.append(f"{stream.rate_hz:g} Hz")
    others = [f"{rate_hz:g}" for rate_hz in stream.rates_hz if rate_hz != stream.rate_hz]
    if others:
        facts.append(f"also {', '.join(others)} Hz")
    if stream.full_scales:
        ranges = ", ".join(f"{value:g}" for value in stream.full_scales)
        facts.append(f"range {ranges} {stream.unit or ''}".rstrip())
    elif stream.unit is not None:
        facts.append(f"in {stream.unit}")
    if stream.samples_per_packet is not None:
        plural = "s" if stream.samples_per_packet > 1 else ""
        facts.append(f"{stream.samples_per_packet} sample{plural} a packet")
    text = f"{stream.name.replace('_', ' ')}: {'; '.join(facts)}".rstrip(": ")
    return f"{text}. {stream.note}" if stream.note else text
