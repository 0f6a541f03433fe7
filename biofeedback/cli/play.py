"""``biofeedback play``: run a session and say which files it left."""

from __future__ import annotations

import queue
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.cli.options import (
    OpenSource,
    check_target,
    open_sources,
    parse_duration_s,
    read_plan,
)
from biofeedback.cli.sensors import remember_sensors
from biofeedback.cli.view import LIMIT_WORDS, LiveView, PlainView
from biofeedback.errors import SettingsError
from biofeedback.messages import NS_PER_S, CommandGiven, Input
from biofeedback.profiles import list_profiles
from biofeedback.sound import (
    Sound,
    SoundSettings,
    SoundSummary,
    default_output_device,
    open_file,
    open_live,
    open_null,
)
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal, TraceSummary

if TYPE_CHECKING:
    from collections.abc import Generator

    from biofeedback.ble.source import BleSource
    from biofeedback.settings import Settings

INTERRUPTED = 130
SESSIONS_FOLDER = Path("sessions")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the sound goes: ``live``, ``null`` or a file; ``fallback``: there was no device."""

    kind: str
    file: Path | None
    fallback: bool


def play_command(
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            help="demo, sim:SCENARIO, recording:FILE, trace:FILE, ble or ble:NAME (several times).",
            metavar="SOURCE",
        ),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan: person, limits, music (TOML).")] = None,
    style: Annotated[str | None, typer.Option(help="The music's style.")] = None,
    sound: Annotated[
        str | None,
        typer.Option(help="live, null or FILE.wav; live if there is a device.", metavar="WHERE"),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(help="End after this time: 90s, 10m, 1h.", metavar="TIME")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Where the trace goes; by default into ./sessions.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same music.", min=0, max=2**32 - 1)
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Don't wait for the clock (FILE.wav and null only).")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist already.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="One line per event, no moving cursor.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON lines.")] = False,
    low_battery_ok: Annotated[
        bool, typer.Option("--low-battery-ok", help="Begin even if a sensor is nearly empty.")
    ] = False,
) -> None:
    """Turn a person's movement and heartbeat into music, live.

    Without a sound device the music goes into a WAV file, as fast as the machine can.

    Example: biofeedback play --from sim:walk --duration 2m
    """
    settings = read_plan(plan, seed=seed, style=style)
    duration_s = None if duration is None else parse_duration_s(duration)
    opened = open_sources(
        source or ["demo"], seed=settings.seed, duration_s=duration_s, even_if_empty=low_battery_ok
    )
    if opened.duration_s is None and duration_s is None:
        duration_s = settings.limits.time_limit_s
    target = _choose_target(sound, opened)
    if fast and opened.sensors is not None:
        raise SettingsError("--fast doesn't go with sensors in the air: people take their time.")
    fast = fast or (target.fallback and opened.sensors is None)
    if fast and target.kind == "live":
        raise SettingsError("--fast goes with --sound FILE.wav or --sound null, not with live.")
    trace = trace or _session_file(opened, ".trace.jsonl")
    console = Console(soft_wrap=True) if plain or as_json else Console()
    if target.fallback and not as_json:
        console.print("No sound device here: the music goes into a file.", style="yellow")
    for file in (trace, target.file):
        if file is not None:
            check_target(file, overwrite=overwrite)
    report = _run(
        settings,
        opened,
        target,
        trace,
        console,
        fast=fast,
        duration_s=duration_s,
        plain=plain or not console.is_terminal,
        as_json=as_json,
    )
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


@dataclass(frozen=True, slots=True)
class _Report:
    interrupted: bool


def _run(
    settings: Settings,
    opened: OpenSource,
    target: _Target,
    trace: Path,
    console: Console,
    *,
    fast: bool,
    duration_s: float | None,
    plain: bool,
    as_json: bool,
) -> _Report:
    profiles = list_profiles()
    stopwatch = Stopwatch(fast=fast)
    sound = _open_sound(target, stopwatch.origin_ns)
    header = make_header(
        session_id=trace.name.removesuffix(".jsonl").removesuffix(".trace"),
        settings=settings,
        profiles={profile.name: profile for profile in profiles},
        source=opened.kind_and_name,
        start_monotonic_ns=stopwatch.origin_ns,
    )
    # A fast session can outrun the disk: it waits, a live one must not.
    journal = Journal(trace, header, when_full="wait" if fast else "drop")
    shown_s = duration_s if opened.duration_s is None else opened.duration_s
    links = opened.sensors.statuses if opened.sensors is not None else tuple
    view = (
        PlainView(console, as_json=as_json, links=links)
        if plain or as_json
        else LiveView(console, opened.title, duration_s=shown_s, links=links)
    )
    parts = Parts(
        engine=make_engine(settings, profiles),
        source=opened.source,
        sound=sound,
        journal=journal,
        view=view,
        duration_ns=None if duration_s is None else round(duration_s * NS_PER_S),
    )
    inbox: queue.SimpleQueue[Input] = queue.SimpleQueue()
    try:
        with _stop_on_signals(inbox) as asked, view, _connected(opened.sensors, inbox):
            run_session(parts, stopwatch, inbox)
    finally:
        heard = sound.close()
        kept = journal.close()
    _summarise(console, view, heard, kept, trace, target.file, as_json=as_json)
    if opened.sensors is not None:
        for line in remember_sensors(opened.sensors):
            console.print(line, style="yellow", markup=False)
    return _Report(interrupted=bool(asked))


@contextmanager
def _connected(
    sensors: BleSource | None, inbox: queue.SimpleQueue[Input]
) -> Generator[BleSource | None]:
    """Keep the sensors while the session runs; their streams are stopped however it ends."""
    if sensors is None:
        yield None
        return
    try:
        yield sensors.open(inbox.put)
    finally:
        sensors.close()


def _choose_target(sound: str | None, opened: OpenSource) -> _Target:
    if sound is None:
        if default_output_device() is not None:
            return _Target("live", None, fallback=False)
        return _Target("file", _session_file(opened, ".wav"), fallback=True)
    if sound in {"live", "null"}:
        return _Target(sound, None, fallback=False)
    if sound.lower().endswith(".wav"):
        return _Target("file", Path(sound), fallback=False)
    raise SettingsError(f"--sound {sound}: give live, null or a file that ends in .wav.")


def _open_sound(target: _Target, origin_ns: int) -> Sound:
    if target.kind == "live":
        return open_live(origin_ns=origin_ns, settings=SoundSettings())
    if target.file is not None:
        return open_file(target.file, origin_ns=origin_ns, settings=SoundSettings())
    return open_null()


def _session_file(opened: OpenSource, ending: str) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    first = SESSIONS_FOLDER / f"{stamp}-{opened.kind_and_name}{ending}"
    number = 2
    while first.exists():
        first = SESSIONS_FOLDER / f"{stamp}-{opened.kind_and_name}-{number}{ending}"
        number += 1
    return first


@contextmanager
def _stop_on_signals(inbox: queue.SimpleQueue[Input]) -> Generator[list[int]]:
    """Ctrl-C and SIGTERM ask for a faded stop; a second one doesn't wait for it."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        inbox.put(CommandGiven(at_ns=0, command="stop"))

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summarise(
    console: Console,
    view: LiveView | PlainView,
    heard: SoundSummary,
    kept: TraceSummary,
    trace: Path,
    wav: Path | None,
    *,
    as_json: bool,
) -> None:
    latest = view.latest
    low, high = latest.tempo_range_bpm or (None, None)
    if as_json:
        facts = {
            "type": "Summary",
            "seconds": round(latest.elapsed_s(), 3),
            "packets": latest.packets,
            "rejected_packets": latest.rejected,
            "steps": latest.count_steps(),
            "notes": latest.notes,
            "decisions": latest.decisions,
            "tempo_low_bpm": low,
            "tempo_high_bpm": high,
            "limits_hit": latest.limits,
            "sound": msgspec.to_builtins(heard),
            "trace": str(trace),
            "wav": None if wav is None else str(wav),
        }
        console.print(msgspec.json.encode(facts).decode(), markup=False, highlight=False)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim")
    table.add_column()
    table.add_row("time", f"{latest.elapsed_s():.1f} s")
    table.add_row(
        "heard from you", _heard_from(latest.packets, latest.rejected, latest.count_steps())
    )
    if low is not None and high is not None:
        table.add_row("music", f"{latest.notes} notes, tempo {low:.0f} to {high:.0f} bpm")
    if heard.integrated_lufs is not None:
        loudness = f"{heard.integrated_lufs:.1f} LUFS"
        if heard.true_peak_dbtp is not None:
            loudness += f", true peak {heard.true_peak_dbtp:.1f} dBTP"
        table.add_row("loudness", loudness)
    if latest.limits:
        words = ", ".join(f"{LIMIT_WORDS[limit]} ({n})" for limit, n in latest.limits.items())
        table.add_row("limits met", words)
    if wav is not None:
        table.add_row("music file", str(wav))
    table.add_row("trace", f"{trace}" + ("" if kept.complete else f" (incomplete: {kept.reason})"))
    console.print(table)
    console.print(f"[dim]To check it: biofeedback replay {trace}[/dim]")


def _heard_from(packets: int, rejected: int, steps: int) -> str:
    text = f"{packets} packets, {steps} steps"
    return text + (f", {rejected} packets could not be used" if rejected else "")
