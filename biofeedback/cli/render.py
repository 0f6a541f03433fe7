"""``biofeedback render``: sound and score from a trace or from curves, off-line."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from biofeedback.app import STOP_FADE_NS
from biofeedback.cli.curves import Curves, read_curves
from biofeedback.cli.options import read_plan
from biofeedback.cli.own_music import find_recorded, know_songs, sound_settings, with_songs
from biofeedback.cli.progress import showing_progress
from biofeedback.cli.recorded import recorded_settings
from biofeedback.cli.score import write_midi, write_notes
from biofeedback.cli.targets import check_targets, check_wav, replacing
from biofeedback.cli.timeline import Timeline, retrace
from biofeedback.engine import STOP_FADE_MS
from biofeedback.errors import SettingsError, SoundError
from biofeedback.messages import (
    NS_PER_S,
    DecisionMade,
    MarkerSet,
    NoticeGiven,
    PhaseChanged,
    PlayNote,
    SoundOrder,
    SteerSound,
    StopSound,
)
from biofeedback.music.styles import find_style
from biofeedback.musician import ORDER_LIFE_NS, STEP_NS, begin_music
from biofeedback.settings import check_style
from biofeedback.sound import open_file
from biofeedback.trace.reader import read_trace
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from biofeedback.messages import MusicParameters
    from biofeedback.music.style import Style
    from biofeedback.settings import Settings
    from biofeedback.songs.library import Sidecar
    from biofeedback.sound import SoundSettings, SoundSummary
    from biofeedback.trace.reader import Trace

BATCH_NS = NS_PER_S // 2


def render_command(
    source: Annotated[Path, typer.Argument(help="A trace (.trace.jsonl) or curves (.csv).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the WAV goes.")],
    midi: Annotated[Path | None, typer.Option(help="A MIDI file too.")] = None,
    notes: Annotated[Path | None, typer.Option(help="The notes as JSON lines too.")] = None,
    style: Annotated[
        str | None,
        typer.Option(help="The music's style (curves only); biofeedback styles lists them."),
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="4/4, 2/4, 3/4 or 6/8, if the style knows it (curves only).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same music (curves only).", min=0, max=2**32 - 1)
    ] = None,
    music: Annotated[
        list[Path] | None,
        typer.Option(
            help="The person's own song, in place of a style (several times).", metavar="FILE"
        ),
    ] = None,
    marker: Annotated[
        int | None,
        typer.Option(help="From this marker on, counted from 1 (a trace only).", min=1),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per fact.")] = False,
) -> None:
    """Render sound off-line, with the instruments that play live.

    Example: biofeedback render curves.csv -o out.wav --midi out.mid
    """
    check_wav(output, option="-o")
    check_targets((output, midi, notes), inputs=[source, *(music or ())], overwrite=overwrite)
    is_curves = _holds_curves(source)
    if is_curves and marker is not None:
        raise SettingsError("--marker belongs to a trace; curves have none.")
    if not is_curves and (style, seed, meter) != (None, None, None):
        raise SettingsError(
            "--style, --meter and --seed belong to curves; the notes of a trace are already "
            "written. To play its packets anew: biofeedback play --from trace:FILE --seed N"
        )
    if is_curves:
        settings = read_plan(None, seed=seed, style=style, meter=meter)
        songs = know_songs(music, quiet=as_json or plain) if music else []
        piece = _open_curves(source, with_songs(settings, songs), songs)
    else:
        piece = _open_trace(source, music or (), marker)
    _refuse_score(piece, midi, marker)
    orders, played_style, timeline = piece.orders, piece.style, piece.timeline
    origin_ns, end_ns = piece.origin_ns, piece.end_ns
    asked = sound_settings(piece.settings, played_style, piece.songs)
    length_s = (end_ns - origin_ns) / NS_PER_S
    with ExitStack() as stack:
        # All files take their places together, when all are whole.
        partial = stack.enter_context(replacing(output))
        with showing_progress("rendering", length_s, quiet=as_json or plain) as show:
            played, heard = render_orders(
                partial, orders, show, origin_ns=origin_ns, end_ns=end_ns, asked=asked
            )
        if notes is not None:
            write_notes(
                stack.enter_context(replacing(notes)),
                played,
                origin_ns=origin_ns,
                unpitched=played_style.unpitched_layers,
            )
        if midi is not None:
            write_midi(
                stack.enter_context(replacing(midi)),
                played,
                origin_ns=origin_ns,
                style=played_style,
                timeline=timeline,
            )
    facts = {
        "wav": str(output),
        "midi": None if midi is None else str(midi),
        "notes_file": None if notes is None else str(notes),
        "notes": len(played),
        "seconds": round(heard.seconds, 3),
        "integrated_lufs": heard.integrated_lufs,
        "true_peak_dbtp": heard.true_peak_dbtp,
    }
    if as_json:
        typer.echo(msgspec.json.encode(facts).decode())
    elif plain:
        for name, value in facts.items():
            if value is not None:
                text = f"{value:z.1f}" if isinstance(value, float) else value
                typer.echo(f"{name.replace('_', ' ')}: {text}")
    else:
        typer.echo(f"{output}: {_describe(len(played), heard)}")


def _holds_curves(source: Path) -> bool:
    """Tell by its name whether a file holds curves; else it is a trace.

    Raises:
        SettingsError: It can't be a trace; the text says how curves are called.
    """
    if source.suffix.lower() in {".csv", ".jsonl"}:
        return source.suffix.lower() == ".csv"
    try:
        with source.open("rb") as file:
            first = file.read(1)
    except OSError:
        return False  # whoever reads the trace says why
    if first != b"{":
        raise SettingsError(
            f"{source}: this is no trace; the name of a file of curves has to end in .csv."
        )
    return False


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is rendered: its orders between two instants, and what they need."""

    settings: Settings
    style: Style
    songs: Sequence[Sidecar]
    orders: Iterable[SoundOrder]
    timeline: Timeline | None
    origin_ns: int
    end_ns: int


def _open_curves(source: Path, settings: Settings, songs: Sequence[Sidecar]) -> _Piece:
    style = find_style(settings.music.style, settings.music.meter)
    curves = read_curves(source, resting_tempo_bpm=settings.resting_tempo_bpm)
    return _Piece(
        settings,
        style,
        songs,
        _play_curves(curves, style, settings),
        _time_curves(curves, style, settings.seed),
        origin_ns=0,
        end_ns=round(curves.duration_s * NS_PER_S) + STOP_FADE_NS,
    )


def _open_trace(source: Path, music: Sequence[Path], marker: int | None) -> _Piece:
    trace = read_trace(source)
    settings = recorded_settings(trace)
    style = find_style(settings.music.style, settings.music.meter)
    orders = [m for m in trace.messages if isinstance(m, SoundOrder)]
    timeline = retrace(
        _list_decided(trace, settings),
        style,
        settings.seed,
        start_bpm=settings.resting_tempo_bpm,
    )
    origin_ns = trace.header.start_monotonic_ns
    if marker is not None:
        origin_ns = _find_marker_ns(trace, marker)
        orders = _from_then_on(orders, origin_ns)
    return _Piece(
        settings,
        style,
        find_recorded(settings, music, quiet=True) if settings.music.songs else (),
        orders,
        timeline,
        origin_ns=origin_ns,
        end_ns=max((m.at_ns for m in trace.messages), default=origin_ns) + STOP_FADE_NS,
    )


def _refuse_score(piece: _Piece, midi: Path | None, marker: int | None) -> None:
    if midi is not None and piece.songs:
        raise SettingsError("--midi: a song of the person's own has no score.")
    if midi is not None and marker is not None:
        raise SettingsError("--midi: a score begins at the beginning; leave --marker out.")


def _find_marker_ns(trace: Trace, number: int) -> int:
    """Find the instant of a marker, counted from 1.

    Raises:
        SettingsError: There are not so many.
    """
    markers = [message for message in trace.messages if isinstance(message, MarkerSet)]
    if number > len(markers):
        raise SettingsError(f"--marker {number}: this trace has {counted(len(markers), 'marker')}.")
    return markers[number - 1].at_ns


def _from_then_on(orders: Iterable[SoundOrder], from_ns: int) -> list[SoundOrder]:
    """List the orders from an instant on, what begins to sound before it left out."""
    return [
        order
        for order in orders
        if order.at_ns >= from_ns or (isinstance(order, PlayNote) and order.start_ns >= from_ns)
    ]


def _list_decided(trace: Trace, settings: Settings) -> list[DecisionMade | Style]:
    """List decisions, and the styles that a plan's phases brought between them."""
    first = find_style(settings.music.style, settings.music.meter)
    phases = () if settings.plan is None else settings.plan.phases
    styles = {phase.name: phase.music.style for phase in phases}
    decided: list[DecisionMade | Style] = []
    for message in trace.messages:
        if isinstance(message, DecisionMade):
            decided.append(message)
        elif isinstance(message, PhaseChanged) and message.phase is not None:
            name = styles.get(message.phase)
            decided.append(first if name is None else find_style(check_style(name)))
    return decided


def _describe(notes: int, heard: SoundSummary) -> str:
    facts = [counted(notes, "note")]
    if heard.integrated_lufs is not None:
        facts.append(f"{heard.integrated_lufs:z.1f} LUFS")
    if heard.true_peak_dbtp is not None:
        facts.append(f"true peak {heard.true_peak_dbtp:z.1f} dBTP")
    return ", ".join(facts)


def render_orders(
    output: Path,
    orders: Iterable[SoundOrder],
    show: Callable[[float], None],
    *,
    origin_ns: int,
    end_ns: int,
    asked: SoundSettings,
) -> tuple[list[PlayNote], SoundSummary]:
    """Render orders through the sound process; return the notes and what was measured.

    Raises:
        SoundError: It failed; what is in ``output`` isn't whole.
    """
    played: list[PlayNote] = []
    sound = open_file(output, origin_ns=origin_ns, settings=asked)
    try:
        batch: list[SoundOrder] = []
        sent_ns = origin_ns
        for order in orders:
            if order.at_ns - sent_ns >= BATCH_NS:
                sound.send(batch)
                sound.advance(order.at_ns)
                batch, sent_ns = [], order.at_ns
                show((sent_ns - origin_ns) / NS_PER_S)
            batch.append(order)
            if isinstance(order, PlayNote):
                played.append(order)
        sound.send(batch)
        sound.advance(end_ns)
    finally:
        heard = sound.close()
    if heard.failure is not None:
        # Half a song under the name of a whole one would be worse than none.
        raise SoundError(f"the sound ended before its time: {heard.failure}")
    return played, heard


def _play_curves(curves: Curves, style: Style, settings: Settings) -> Iterator[SoundOrder]:
    """Play curves as the engine plays decisions: a step of parameters, then its notes."""
    performer = begin_music(settings, style, start_ns=0, tempo_bpm=curves.at(0.0).tempo_bpm)
    for sequence, (at_ns, until_ns, parameters) in enumerate(_step(curves), start=1):
        notes = performer.play(at_ns, until_ns, parameters)
        yield SteerSound(
            at_ns=at_ns,
            sequence=sequence,
            expires_ns=at_ns + ORDER_LIFE_NS,
            parameters=parameters,
            may_rise=True,
            swell_wave=performer.swell_wave(until_ns),
        )
        yield from (note for note in notes if not isinstance(note, NoticeGiven))
    yield StopSound(at_ns=round(curves.duration_s * NS_PER_S), fade_ms=STOP_FADE_MS)


def _time_curves(curves: Curves, style: Style, seed: int) -> Timeline:
    timeline = Timeline(style, seed, start_ns=0, tempo_bpm=curves.at(0.0).tempo_bpm)
    for _, until_ns, parameters in _step(curves):
        timeline.extend(until_ns, parameters.tempo_bpm)
    return timeline


def _step(curves: Curves) -> Iterator[tuple[int, int, MusicParameters]]:
    """Go through the control steps of curves: from, until, and what holds there."""
    end_ns = round(curves.duration_s * NS_PER_S)
    for at_ns in range(0, end_ns, STEP_NS):
        until_ns = at_ns + STEP_NS
        yield at_ns, min(until_ns, end_ns), curves.at(until_ns / NS_PER_S)
