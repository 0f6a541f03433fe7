"""``biofeedback songs``: the person's own music: add, list, tap."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from biofeedback.cli.keys import has_keyboard
from biofeedback.cli.own_music import know_songs
from biofeedback.cli.progress import showing_progress
from biofeedback.cli.tap_along import tap_along
from biofeedback.errors import SettingsError, SongError

if TYPE_CHECKING:
    from biofeedback.songs.library import Sidecar

songs_app = typer.Typer(
    help="The person's own music: beats, tempo, loudness, confidence.\n\n"
    "Example: biofeedback songs add walk.mp3",
    no_args_is_help=True,
)
WRONG_USE = 2
_STRETCH_BEATS = 32

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per song.")]
Plain = Annotated[bool, typer.Option("--plain", help="One line per song, no progress bar.")]


@songs_app.command("add")
def add_command(
    files: Annotated[list[Path], typer.Argument(help="wav, flac, mp3 or ogg.")],
    again: Annotated[bool, typer.Option("--again", help="Find the beats anew.")] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Find the beats of songs and keep them in your data folder; the music stays where it is.

    Exit code 2 if one couldn't be used; the others are added.

    Example: biofeedback songs add walk.mp3 waltz.flac
    """
    failed = False
    for path in files:
        try:
            (sidecar,) = know_songs([path], quiet=as_json or plain, again=again)
        except SongError as error:
            failed = True
            if as_json:
                typer.echo(msgspec.json.encode({"file": str(path), "error": str(error)}).decode())
            else:
                typer.echo(f"biofeedback: {error}", err=True)
            continue
        _tell(sidecar, as_json=as_json)
    if failed:
        raise typer.Exit(WRONG_USE)


@songs_app.command("list")
def list_command(as_json: AsJson = False, plain: Plain = False) -> None:
    """List the songs that are known.

    Example: biofeedback songs list
    """
    del plain
    from biofeedback.songs.library import Library  # noqa: PLC0415 - with all that reads audio

    any_known = False
    for one in Library().all():
        any_known = True
        if isinstance(one, SongError):
            typer.echo(str(one), err=True)
        else:
            _tell(one, as_json=as_json)
    if not any_known and not as_json:
        typer.echo("No song is known yet: biofeedback songs add FILE")


@songs_app.command("tap")
def tap_command(
    file: Annotated[Path, typer.Argument(help="The song.")],
    at: Annotated[
        str | None,
        typer.Option(
            help="When the beats were tapped, in s from the start of the file: 8.2,8.7,..."
        ),
    ] = None,
    begin: Annotated[
        float, typer.Option("--from", min=0.0, help="Where to begin to play, in s.")
    ] = 0.0,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Correct a song's beats: at least eight taps say tempo, octave and phase.

    The song plays, and each press of the space bar is a tap; Enter ends it. With --at nothing
    is played.

    Example: biofeedback songs tap walk.mp3 --from 30
    """
    taps_s = None if at is None else _read_taps(at)
    if taps_s is None and not has_keyboard():
        raise SettingsError(
            "there is no keyboard here to tap on; give the taps with --at 8.2,8.7,9.2,..."
        )
    from biofeedback.songs.analyse import listen  # noqa: PLC0415 - loads scipy
    from biofeedback.songs.library import Library  # noqa: PLC0415
    from biofeedback.songs.taps import correct_beats  # noqa: PLC0415

    with showing_progress(f"listening to {file.name}", 1.0, quiet=as_json or plain) as show:
        heard = listen(file, show=show)
    if taps_s is None:
        taps_s = tap_along(file, loudness_lufs=heard.loudness_lufs, from_s=begin)
    sidecar = correct_beats(heard, taps_s)
    Library().save(sidecar)
    _tell(sidecar, as_json=as_json)


def _read_taps(at: str) -> list[float]:
    try:
        return [float(word) for word in at.split(",") if word.strip()]
    except ValueError as error:
        raise SettingsError(f"--at {at}: give seconds with commas between: 8.2,8.7,9.2") from error


def list_tempi(sidecar: Sidecar) -> list[tuple[float, float]]:
    """Tell a song's tempo piece by piece: from which second, and beats a minute."""
    beats_s = sidecar.map.beats_s
    pieces: list[tuple[float, float]] = []
    for first in range(0, len(beats_s) - 1, _STRETCH_BEATS):
        piece = beats_s[first : first + _STRETCH_BEATS + 1]
        if len(piece) > 1:
            bpm = 60.0 / median(b - a for a, b in pairwise(piece))
            pieces.append((round(piece[0], 3), round(bpm, 1)))
    return pieces


def _tell(sidecar: Sidecar, *, as_json: bool) -> None:
    song = sidecar.map
    tempi = list_tempi(sidecar)
    if as_json:
        facts = {
            "title": song.title,
            "file": sidecar.file,
            "sha256": sidecar.sha256,
            "seconds": sidecar.duration_s,
            "tempi": [{"from_s": at_s, "bpm": bpm} for at_s, bpm in tempi],
            "beats_per_bar": song.beats_per_bar,
            "beats_s": song.beats_s,
            "downbeats": song.downbeats,
            "integrated_lufs": sidecar.loudness_lufs,
            "confidence": song.confidence,
            "tapped": sidecar.tapped,
        }
        typer.echo(msgspec.json.encode(facts).decode())
        return
    slowest, fastest = min(bpm for _, bpm in tempi), max(bpm for _, bpm in tempi)
    tempo = f"{slowest:.0f}" if fastest - slowest < 1.5 else f"{slowest:.0f} to {fastest:.0f}"
    typer.echo(
        f"{song.title}: {tempo} bpm, bars of {song.beats_per_bar}, {sidecar.duration_s:.0f} s, "
        f"{sidecar.loudness_lufs:.1f} LUFS, confidence {song.confidence:.2f}"
        f"{', tapped' if sidecar.tapped else ''}"
    )
