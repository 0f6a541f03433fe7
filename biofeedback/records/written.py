"""A song project as a song that can be played: what is kept of it, in the order of its form."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from biofeedback.control.songwrite import DRIVES
from biofeedback.errors import RecordsError
from biofeedback.music.scales import Key
from biofeedback.music.styles import STYLES
from biofeedback.music.syllables import split_line
from biofeedback.music.written_song import Part, WrittenSong, write_out
from biofeedback.records.song_project import list_places, words_at

if TYPE_CHECKING:
    from biofeedback.records.song_project import SongProject


def list_parts(project: SongProject) -> list[Part]:
    """List the places of the form whose melody is kept."""
    settings = project.settings
    parts: list[Part] = []
    for place, slot in zip(list_places(settings.form), settings.form, strict=True):
        drawing = project.takes.get(slot)
        if drawing is None:
            continue
        words = tuple(
            split_line(line, language=settings.language) for line in words_at(project, place, slot)
        )
        chords = project.chords.get(slot)
        parts.append(Part(place, drawing.degrees, DRIVES[drawing.groove], words, chords))
    return parts


def write_song(project: SongProject) -> WrittenSong:
    """Arrange what is kept of a song. The same project gives the same notes.

    Raises:
        RecordsError: Nothing is kept yet, or the tempo isn't known.
    """
    settings = project.settings
    parts = list_parts(project)
    if not parts:
        raise RecordsError(f"'{settings.title}' has no melody yet: draw one in a session.")
    if settings.tempo_bpm is None:
        raise RecordsError(
            f"'{settings.title}' has no tempo yet: a session finds it, or "
            "biofeedback song-project change NAME --tempo 90"
        )
    key = Key(tonic=settings.tonic, mode=settings.mode)
    seed = crc32(settings.title.encode())
    return write_out(STYLES[settings.style], seed, parts, key=key, tempo_bpm=settings.tempo_bpm)
