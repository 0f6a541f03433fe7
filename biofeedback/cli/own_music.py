"""``--music FILE``: the person's own songs for a session; one that isn't known is analysed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from biofeedback.cli.progress import showing_progress
from biofeedback.errors import SettingsError, SongError
from biofeedback.music.song import INSTRUMENTS
from biofeedback.music.styles import STYLES
from biofeedback.settings import Settings, check_songs
from biofeedback.sound import SongFile, SoundSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.style import Style
    from biofeedback.songs.library import Sidecar


PULSING = frozenset({"entrain", "lead"})
"""Laws that answer a freeze with clicks."""


def know_songs(files: Sequence[Path], *, quiet: bool, again: bool = False) -> list[Sidecar]:
    """Look songs up, and find the beats of those that are new.

    Args:
        files: wav, flac, mp3 or ogg.
        quiet: No progress bar, no advice.
        again: Find beats even if they are known.

    Raises:
        SongError: One can't be used.
    """
    # The analysis loads scipy, which a session without songs doesn't need.
    from biofeedback.songs.analyse import analyse, hash_file, listen  # noqa: PLC0415
    from biofeedback.songs.confidence import TRUSTED  # noqa: PLC0415
    from biofeedback.songs.library import Library  # noqa: PLC0415

    library = Library()
    known: list[Sidecar] = []
    for path in files:
        if path.is_dir():
            raise SongError(f"{path}: this is a folder; give the files in it.")
        if not path.is_file():
            raise SongError(f"{path}: there is no such file.")
        sidecar = None if again else library.find(hash_file(path))
        if sidecar is None:
            with showing_progress(f"listening to {path.name}", 1.0, quiet=quiet) as show:
                sidecar = analyse(listen(path, show=show))
        located = msgspec.structs.replace(sidecar, file=str(path.absolute()))
        library.save(located)
        known.append(located)
        if located.map.confidence < TRUSTED and not quiet:
            typer.echo(
                f"{path.name}: its beats are not certain "
                f"(confidence {located.map.confidence:.2f}); tap along: "
                f"biofeedback songs tap {path}",
                err=True,
            )
    return known


def with_songs(settings: Settings, songs: Sequence[Sidecar]) -> Settings:
    """Lay songs over a plan.

    Raises:
        SettingsError: One can't be played within the plan's tempi; the text says why.
    """
    if not songs:
        return settings
    music = msgspec.structs.replace(settings.music, songs=tuple(one.map for one in songs))
    laid = msgspec.structs.replace(settings, music=music)
    check_songs(laid, source="--music")
    return laid


def find_recorded(settings: Settings, files: Sequence[Path], *, quiet: bool) -> list[Sidecar]:
    """Find the files of the songs that a trace was played with.

    Raises:
        SettingsError: One isn't there any more; the text says what to do.
        SongError: A file can't be used.
    """
    from biofeedback.songs.analyse import hash_file  # noqa: PLC0415
    from biofeedback.songs.library import Library  # noqa: PLC0415

    given = {one.map.song: one for one in know_songs(files, quiet=quiet)}
    for one in Library().all():
        if not isinstance(one, SongError) and Path(one.file).is_file():
            given.setdefault(one.map.song, one)
    found: list[Sidecar] = []
    for song in settings.music.songs:
        sidecar = given.get(song.song)
        if sidecar is None or not hash_file(Path(sidecar.file)).startswith(song.song):
            raise SettingsError(
                f"this trace was played with '{song.title}', which isn't here; give it with "
                "--music FILE."
            )
        found.append(sidecar)
    return found


def sound_settings(settings: Settings, style: Style, songs: Sequence[Sidecar]) -> SoundSettings:
    """Say what the sound has to build and to read.

    Of a plan's styles the first has its own players; a later one brings those that are missing.
    """
    if not songs:
        clicks = settings.music.click or settings.plan is not None or settings.law in PULSING
        orchestra = style.orchestra(click=clicks)
        for name in settings.styles[1:]:
            for layer, player in STYLES[name].instruments.items():
                orchestra.setdefault(layer, player)
        return SoundSettings(orchestra=orchestra)
    files = {
        one.map.song: SongFile(
            path=one.file, duration_s=one.duration_s, loudness_lufs=one.loudness_lufs
        )
        for one in songs
    }
    return SoundSettings(orchestra=INSTRUMENTS, songs=files)
