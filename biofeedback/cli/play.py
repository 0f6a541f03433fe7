"""``biofeedback play``: run a session and say which files it left."""

from __future__ import annotations

import queue
import signal
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.cli.card import LiveView
from biofeedback.cli.desk import Desk
from biofeedback.cli.for_person import Recorder, offer_next, start_for_person
from biofeedback.cli.keys import has_keyboard, listening_to_keys
from biofeedback.cli.options import (
    OpenSource,
    check_persons,
    open_sources,
    parse_duration_s,
    read_plan,
)
from biofeedback.cli.outside import check_outside, hearing_keyboard, tell_outside
from biofeedback.cli.own_music import know_songs, sound_settings, with_songs
from biofeedback.cli.recordkeeping import Folder  # noqa: TC001 - typer reads it
from biofeedback.cli.sensors import remember_sensors
from biofeedback.cli.summary import collect_facts, describe_session, print_summary
from biofeedback.cli.targets import SESSIONS_FOLDER, check_targets, list_inputs, making_room
from biofeedback.cli.therapy import choose_plan, open_patients, take_part
from biofeedback.cli.view import PlainView
from biofeedback.errors import SettingsError, TraceError
from biofeedback.messages import NS_PER_S, CommandGiven, Input
from biofeedback.music.styles import find_style
from biofeedback.profiles import list_profiles
from biofeedback.sound import (
    Sound,
    SoundSettings,
    default_output_device,
    open_file,
    open_live,
    open_null,
)
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.recovery import find_unclosed, verify_trace
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from biofeedback.ble.source import BleSource
    from biofeedback.cli.for_person import PersonsSession
    from biofeedback.settings import Settings
    from biofeedback.songs.library import Sidecar

INCOMPLETE = 1
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the sound goes: ``live``, ``null`` or a file; ``fallback``: there was no device."""

    kind: str
    file: Path | None
    fallback: bool


@dataclass(frozen=True, slots=True)
class _Outside:
    """Instruments beside this one."""

    midi_in: str | None
    midi_out: str | None
    osc_out: str | None


def play_command(
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            help="demo, sim:SCENARIO, recording:FILE, trace:FILE, ble, ble:NAME or "
            "ble:NAME,site=SITE,left=AXIS,STREAM=HZ (several times).",
            metavar="SOURCE",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="A plan (TOML), or the name of one: biofeedback plan list."),
    ] = None,
    therapy: Annotated[
        str | None,
        typer.Option(
            help="A therapy's short demonstration: gait, group, movement ...", metavar="NAME"
        ),
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="Of movement: express, relax or awareness.", metavar="MODE")
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="The music's style; biofeedback styles lists them.")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="4/4, 2/4, 3/4 or 6/8, where the style knows it.")
    ] = None,
    music: Annotated[
        list[Path] | None,
        typer.Option(
            help="The person's own song, in place of a style (several times).", metavar="FILE"
        ),
    ] = None,
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
    any_firmware: Annotated[
        bool, typer.Option(help="Use a sensor although its firmware is known to misbehave.")
    ] = False,
    person: Annotated[
        str | None,
        typer.Option(help="Whose session it is (a pseudonym): biofeedback person.", metavar="ID"),
    ] = None,
    goal: Annotated[
        str | None, typer.Option(help="Which of the person's goals it works on.", metavar="NAME")
    ] = None,
    song_project: Annotated[
        str | None, typer.Option(help="Which of the person's songs goes on.", metavar="NAME")
    ] = None,
    records: Folder = None,
    midi_in: Annotated[
        str | None,
        typer.Option(help="A MIDI keyboard that plays in (extra: midi).", metavar="NAME"),
    ] = None,
    midi_out: Annotated[
        str | None, typer.Option(help="A MIDI port that plays along (extra: midi).", metavar="NAME")
    ] = None,
    osc_out: Annotated[
        str | None,
        typer.Option(help="Who is told by OSC what is played (extra: osc).", metavar="HOST:PORT"),
    ] = None,
) -> None:
    """Turn a person's movement and heartbeat into music, live.

    Without a sound device the music goes into a WAV file, as fast as the machine can.
    In a terminal: space pauses and resumes, s starts again, q stops. A plan asks questions: type
    the answers. Without a terminal, and with --plain, virtual people answer by themselves.

    Exit code 0; 1 if the trace is incomplete, whatever else happened; 130 after Ctrl-C.

    Example: biofeedback play --from sim:walk --duration 2m
    """
    plan = choose_plan(plan, therapy, mode)
    settings = read_plan(plan, seed=seed, style=style, meter=meter)
    settings, mine = start_for_person(
        settings,
        pseudonym=person,
        folder=records,
        goal=goal,
        song_project=song_project,
        chosen_style=style is not None,
    )
    songs = know_songs(music, quiet=as_json or plain) if music else []
    settings = with_songs(settings, songs)
    in_the_air = any(text.partition(":")[0] == "ble" for text in source or ())
    if fast and in_the_air:
        raise SettingsError("--fast doesn't go with sensors in the air: people take their time.")
    duration_s = None if duration is None else parse_duration_s(duration)
    answers = not in_the_air and (plain or not _somebody_types(sound, fast=fast))
    if settings.plan is not None and in_the_air and not has_keyboard():
        raise SettingsError("a plan asks questions: it needs a terminal with a keyboard.")
    if settings.plan is not None and not source:
        opened = open_patients(settings, settings.plan, answers=answers)
    else:
        opened = open_sources(
            source or ["demo"],
            seed=settings.seed,
            duration_s=duration_s,
            even_if_empty=low_battery_ok,
            even_if_denied=any_firmware,
        )
        if settings.plan is not None:
            opened = take_part(opened, settings.plan, answers=answers)
    check_persons(settings, opened)
    if opened.duration_s is None and duration_s is None:
        duration_s = settings.limits.time_limit_s
    target = _choose_target(sound, opened)
    no_device = target.fallback and opened.sensors is None
    check_outside(
        fast=fast, no_device=no_device, midi_in=midi_in, midi_out=midi_out, osc_out=osc_out
    )
    fast = fast or no_device
    if fast and target.kind == "live":
        raise SettingsError("--fast goes with --sound FILE.wav or --sound null, not with live.")
    outside = _Outside(midi_in, midi_out, osc_out)
    trace = trace or _session_file(opened, ".trace.jsonl")
    console = Console(soft_wrap=True) if plain or as_json else Console()
    if target.fallback and not as_json:
        console.print("No sound device here: the music goes into a file.", style="yellow")
    inputs = [
        *(file for text in source or () for file in list_inputs(text)),
        *([] if plan is None or not plan.exists() else [plan]),
        *(music or ()),
    ]
    check_targets((trace, target.file), inputs=inputs, overwrite=overwrite)
    if not as_json:
        _offer_recovery(trace.parent, console)
    exit_code = _run(
        settings,
        mine,
        songs,
        opened,
        target,
        trace,
        console,
        outside,
        fast=fast,
        duration_s=duration_s,
        plain=plain or not console.is_terminal,
        as_json=as_json,
    )
    if exit_code:
        raise typer.Exit(exit_code)


def _somebody_types(sound: str | None, *, fast: bool) -> bool:
    """Tell whether a person is at the keys of a session: it waits for the clock, in a terminal."""
    into_file = sound is None and default_output_device() is None
    return has_keyboard() and not fast and not into_file


def _run(
    settings: Settings,
    mine: PersonsSession | None,
    songs: Sequence[Sidecar],
    opened: OpenSource,
    target: _Target,
    trace: Path,
    console: Console,
    outside: _Outside,
    *,
    fast: bool,
    duration_s: float | None,
    plain: bool,
    as_json: bool,
) -> int:
    profiles = list_profiles()
    with ExitStack() as stack:
        with making_room(trace), making_room(target.file), ExitStack() as half_open:
            played = find_style(settings.music.style, settings.music.meter)
            asked = sound_settings(settings, played, songs)
            sound, stopwatch = _open_sound(target, asked, fast=fast)
            half_open.callback(sound.close)
            sound = tell_outside(
                sound, asked.orchestra, midi_out=outside.midi_out, osc_out=outside.osc_out
            )
            header = make_header(
                session_id=trace.name.removesuffix(".jsonl").removesuffix(".trace"),
                settings=settings,
                profiles={profile.name: profile for profile in profiles},
                source=opened.kind_and_name,
                start_monotonic_ns=stopwatch.origin_ns,
            )
            # A fast session can outrun the disk: it waits, a live one must not.
            when_full = "wait" if fast else "drop"
            journal = half_open.enter_context(Journal(trace, header, when_full=when_full))
            stack.enter_context(half_open.pop_all())
        shown_s = min((s for s in (duration_s, opened.duration_s) if s is not None), default=None)
        keys = not fast and has_keyboard()
        links = opened.sensors.statuses if opened.sensors is not None else tuple
        view = (
            PlainView(console, as_json=as_json, status=lambda: journal.status, links=links)
            if plain or as_json
            else LiveView(
                console,
                opened.title,
                duration_s=shown_s,
                status=lambda: journal.status,
                keys=keys,
                links=links,
            )
        )
        for reason in () if mine is None or as_json else mine.reasons:
            console.print(reason, markup=False)
        recorder = None if mine is None else Recorder(view, mine, session=header.session_id)
        parts = Parts(
            engine=make_engine(settings, profiles),
            source=opened.source,
            sound=sound,
            journal=journal,
            view=recorder or view,
            duration_ns=None if duration_s is None else round(duration_s * NS_PER_S),
        )
        inbox: queue.SimpleQueue[Input] = queue.SimpleQueue()
        desk = Desk(lambda: view.latest)
        typing = listening_to_keys(inbox, desk.press) if keys else nullcontext()
        with (
            _stop_on_signals(inbox) as asked,
            view,
            typing,
            hearing_keyboard(outside.midi_in, inbox),
            _connected(opened.sensors, inbox),
        ):
            run_session(parts, stopwatch, inbox)
        heard = sound.close()
        kept = journal.close()
    if recorder is not None:
        for problem in recorder.finish(settings, view.latest, header, trace=str(trace.absolute())):
            typer.echo(f"not noted: {problem}", err=True)
    offer = None if mine is None or as_json else offer_next(mine, settings)
    facts = collect_facts(view.latest, opened, heard, kept, target.file)
    if as_json:
        console.print(msgspec.json.encode(facts).decode(), markup=False, highlight=False)
    else:
        print_summary(
            console, describe_session(view.latest, opened, heard, kept, target.file), plain=plain
        )
    if offer is not None:
        console.print(offer, markup=False)
    if opened.sensors is not None:
        for line in remember_sensors(opened.sensors):
            console.print(line, style="yellow", markup=False)
    if not kept.complete:
        return INCOMPLETE
    return INTERRUPTED if asked else 0


def _offer_recovery(folder: Path, console: Console) -> None:
    """Say when an earlier session was not closed, what there is of it, and how to save it (F74)."""
    unclosed = find_unclosed(folder, wall_s=time.time())
    if unclosed is None:
        return
    with suppress(TraceError):  # of a trace without a header nothing can be saved
        rows = verify_trace(unclosed).rows
        console.print(
            f"An earlier session was not closed; {counted(rows, 'row')} of it can be saved: "
            f"biofeedback trace recover {unclosed}",
            style="yellow",
            markup=False,
        )


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
    if not sound.lower().endswith(".wav"):
        raise SettingsError(f"--sound {sound}: give live, null or a file that ends in .wav.")
    return _Target("file", Path(sound), fallback=False)


def _open_sound(target: _Target, settings: SoundSettings, *, fast: bool) -> tuple[Sound, Stopwatch]:
    """Open the sound and start the session's clock.

    Live, the clock starts when the device plays: what is due before that would come too late.
    """
    if target.kind == "live":
        sound = open_live(origin_ns=Stopwatch(fast=False).origin_ns, settings=settings)
        return sound, Stopwatch(fast=False)
    stopwatch = Stopwatch(fast=fast)
    if target.file is None:
        return open_null(), stopwatch
    sound = open_file(target.file, origin_ns=stopwatch.origin_ns, settings=settings)
    return sound, stopwatch


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
