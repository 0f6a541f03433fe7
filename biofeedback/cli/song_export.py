"""A written song as sound, as a MIDI file with words, and as a sheet."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from biofeedback.app import STOP_FADE_NS
from biofeedback.cli.progress import showing_progress
from biofeedback.cli.recordkeeping import writing
from biofeedback.cli.render import render_orders
from biofeedback.cli.score import write_midi
from biofeedback.engine import STOP_FADE_MS
from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, PlayNote, SteerSound, StopSound
from biofeedback.music.key_names import name_signature
from biofeedback.music.styles import STYLES
from biofeedback.musician import ORDER_LIFE_NS, STEP_NS
from biofeedback.parameters import drive_song
from biofeedback.records.lyric_sheet import write_page, write_text
from biofeedback.sound import SoundSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biofeedback.messages import Layer, SoundOrder
    from biofeedback.music.written_song import WrittenSong
    from biofeedback.records.song_project import SongProject
    from biofeedback.sound import SoundSummary

RING_NS: Final = 2 * NS_PER_S
MELODY: Final[Layer] = "melody"


class Targets(NamedTuple):
    """Which files are wanted."""

    wav: Path | None = None
    midi: Path | None = None
    sheet: Path | None = None
    text: Path | None = None


class SongChart(NamedTuple):
    """Beats, meter and key of a written song; ticks are those of its notes."""

    beats: tuple[tuple[int, int], ...]
    meters: tuple[tuple[int, int, int], ...]
    keys: tuple[tuple[int, str], ...]


def time_ns(song: WrittenSong, tick: int) -> int:
    """Tell when a tick of the song is."""
    return round(tick / TICKS_PER_BEAT * 60.0 / song.tempo_bpm * NS_PER_S)


def chart_song(song: WrittenSong) -> SongChart:
    """Tell where the beats of a song lie."""
    ticks = range(0, song.end_tick + 1, TICKS_PER_BEAT)
    beats = tuple((tick, time_ns(song, tick)) for tick in ticks)
    return SongChart(beats, ((0, 4, 4),), ((0, name_signature(song.key)),))


def list_notes(song: WrittenSong) -> list[PlayNote]:
    """Say when each note of a song is played, in the order of starts."""
    notes: list[PlayNote] = []
    for note in song.notes:
        start_ns = time_ns(song, note.tick) + note.offset_ns
        notes.append(
            PlayNote(
                at_ns=start_ns,
                start_ns=start_ns,
                duration_ns=time_ns(song, note.duration_ticks),
                layer=note.layer,
                pitch_midi=note.pitch_midi,
                velocity=note.velocity,
                tick=note.tick,
                pan=note.pan,
            )
        )
    return sorted(notes, key=lambda note: note.start_ns)


def list_orders(song: WrittenSong) -> Iterator[SoundOrder]:
    """Give the orders that play a song: what holds for the next tenth of a second, its notes."""
    notes = iter(list_notes(song))
    note = next(notes, None)
    end_ns = time_ns(song, song.end_tick)
    sections = list(song.sections)
    drive = sections[0][1] if sections else 0.0
    for sequence, at_ns in enumerate(range(0, end_ns + RING_NS, STEP_NS), start=1):
        while sections and time_ns(song, sections[0][0]) <= at_ns:
            drive = sections.pop(0)[1]
        yield SteerSound(
            at_ns=at_ns,
            sequence=sequence,
            expires_ns=at_ns + ORDER_LIFE_NS,
            parameters=drive_song(drive, song.tempo_bpm, level_db=0.0),
            may_rise=True,
        )
        while note is not None and note.start_ns < at_ns + STEP_NS:
            yield msgspec.structs.replace(note, at_ns=at_ns)
            note = next(notes, None)
    yield StopSound(at_ns=end_ns + RING_NS, fade_ms=STOP_FADE_MS)


def list_words(song: WrittenSong) -> list[tuple[int, str]]:
    """Say which syllable is sung when: a space ends a word, a carriage return a line.

    References:
        MIDI Manufacturers Association, RP-017, SMF lyric events.
    """
    words: list[tuple[int, str]] = []
    for line in song.lines:
        sung = [(note.tick, note.syllable) for note in line.notes if note.syllable is not None]
        for index, (tick, syllable) in enumerate(sung):
            end = "\r" if index == len(sung) - 1 else " " if syllable.ends_word else ""
            words.append((time_ns(song, tick), syllable.text + end))
    return words


def export_song(
    project: SongProject, song: WrittenSong, targets: Targets, *, quiet: bool
) -> SoundSummary | None:
    """Write the files that are wanted; all take their places together, when all are whole.

    Raises:
        SoundError: The sound failed.
        RecordsError: A file can't be written.
    """
    style = STYLES[project.settings.style]
    heard: SoundSummary | None = None
    with ExitStack() as stack:
        if targets.sheet is not None:
            page = stack.enter_context(writing(targets.sheet))
            page.write_text(write_page(project, song), encoding="utf-8")
        if targets.text is not None:
            text = stack.enter_context(writing(targets.text))
            text.write_text(write_text(project, song), encoding="utf-8")
        if targets.midi is not None:
            write_midi(
                stack.enter_context(writing(targets.midi)),
                list_notes(song),
                origin_ns=0,
                style=style,
                timeline=chart_song(song),
                words={MELODY: list_words(song)},
                title=project.settings.title,
            )
        if targets.wav is not None:
            partial = stack.enter_context(writing(targets.wav))
            end_ns = time_ns(song, song.end_tick) + RING_NS + STOP_FADE_NS
            with showing_progress("rendering", end_ns / NS_PER_S, quiet=quiet) as show:
                _, heard = render_orders(
                    partial,
                    list_orders(song),
                    show,
                    origin_ns=0,
                    end_ns=end_ns,
                    asked=SoundSettings(orchestra=style.orchestra(click=False)),
                )
    return heard
