"""A song that somebody wrote: drawn melody and words in, all that sounds out.

* A line of words takes one pass of its part's melody; two passes at least, so that a phrase has a
  question and an answer. Equal notes side by side are held, and divided again where syllables need
  them; with fewer syllables than notes the weightiest notes get them and the last one is held.
* Chords are chosen for a whole part at once (``chord_search.py``), or given.
* The band is a shipped style with the part's drive (0..1); it begins two bars before the singing
  and ends with a bar of the tonic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from biofeedback.messages import TICKS_PER_BEAT
from biofeedback.music import mapping
from biofeedback.music.arrangement import PlannedNote, plan_bar
from biofeedback.music.chord_search import find_chords
from biofeedback.music.composition import accompany_bar
from biofeedback.music.harmony import voice_roots
from biofeedback.music.scales import FUNCTIONS, OCTAVE
from biofeedback.music.syllables import Syllable
from biofeedback.parameters import drive_song

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import MusicParameters
    from biofeedback.music.chord import Chord
    from biofeedback.music.scales import Key
    from biofeedback.music.style import Style

NOTES_PER_BAR: Final = 8
TICKS_PER_NOTE: Final = TICKS_PER_BEAT // 2
SHORTEST_TICKS: Final = TICKS_PER_NOTE // 2
BAR_TICKS: Final = NOTES_PER_BAR * TICKS_PER_NOTE
INTRO_BARS: Final = 2
FEWEST_PASSES: Final = 2
SINGING_MIDI: Final = 66
"""Most people can sing a fifth round F sharp 4, or an octave lower."""

ENDING_DRIVE: Final = 0.3
_LEAD_DB = 2.0
_BETWEEN_DB = -1.5
_LEGATO_RATIO = 0.95


class Part(NamedTuple):
    """A place in the form: a melody in eighth notes (whole bars of 8), and words by lines.

    ``roots`` are the chords of its bars, told again and again; None lets them be chosen.
    """

    label: str
    degrees: tuple[int | None, ...]
    drive: float
    lines: tuple[tuple[Syllable, ...], ...] = ()
    roots: tuple[int, ...] | None = None


class SungNote(NamedTuple):
    """A note of the melody; ``syllable`` is None where the one before is held."""

    tick: int
    ticks: int
    degree: int
    syllable: Syllable | None


class SungLine(NamedTuple):
    """One pass of a part's melody, and its words; ``opens_part`` is the first of a part.

    ``chords`` are (tick, root), one for each bar.
    """

    label: str
    opens_part: bool
    notes: tuple[SungNote, ...]
    chords: tuple[tuple[int, int], ...]


class WrittenSong(NamedTuple):
    """All of a song. ``notes`` are in order of their ticks; ``sections`` (tick, drive) in order."""

    key: Key
    tempo_bpm: float
    notes: tuple[PlannedNote, ...]
    lines: tuple[SungLine, ...]
    sections: tuple[tuple[int, float], ...]
    end_tick: int


def write_out(
    style: Style, seed: int, parts: Sequence[Part], *, key: Key, tempo_bpm: float
) -> WrittenSong:
    """Arrange a song.

    Raises:
        ValueError: The style has another meter than 4/4 or no melody, or a part no whole bars.
    """
    if style.meter.ticks != BAR_TICKS or style.melody is None:
        raise ValueError(f"the style {style.name} can't play a written song")
    roots: list[int] = []
    drives: list[float] = []
    ends: set[int] = set()
    if parts:
        dominant = FUNCTIONS[key.mode]["D"][0]
        roots, drives = [0, dominant][:INTRO_BARS], [parts[0].drive] * INTRO_BARS
    lines: list[SungLine] = []
    for part in parts:
        if not part.degrees or len(part.degrees) % NOTES_PER_BAR:
            raise ValueError(f"{part.label}: {len(part.degrees)} notes are no whole bars")
        sung, chosen = _sing_part(part, key, first_tick=len(roots) * BAR_TICKS)
        lines += sung
        roots += chosen
        drives += [part.drive] * len(chosen)
        ends.add(len(roots) - 1)
    roots.append(0)
    drives.append(ENDING_DRIVE)
    dresses = [
        mapping.keep_in_range(drive_song(drive, tempo_bpm, level_db=0.0)) for drive in drives
    ]
    chords = voice_roots(style, key, roots)
    notes = _accompany(style, seed, chords, dresses, ends)
    notes += _lead(style, key, lines, dresses)
    notes.sort(key=lambda note: note.tick)
    sections = [
        (bar * BAR_TICKS, drive)
        for bar, drive in enumerate(drives)
        if not bar or drive != drives[bar - 1]
    ]
    return WrittenSong(
        key, tempo_bpm, tuple(notes), tuple(lines), tuple(sections), len(roots) * BAR_TICKS
    )


def sing_line(
    degrees: Sequence[int | None], syllables: Sequence[Syllable], *, first_tick: int = 0
) -> tuple[SungNote, ...]:
    """Lay syllables on a melody.

    Args:
        degrees: A scale step or a rest for each eighth note, whole bars.
        syllables: What is sung; none leaves the melody without words.
        first_tick: Where the melody begins.

    Returns:
        Notes that neither overlap nor leave their bar; every syllable has one. Who drew nothing
        recites on the tonic. More syllables than sixteenths share the last note.
    """
    if syllables and all(degree is None for degree in degrees):
        degrees = [0] * len(degrees)
    notes = _hold(degrees, first_tick)
    while len(notes) < len(syllables):
        longest = max(notes, key=lambda note: note.ticks)
        if longest.ticks <= SHORTEST_TICKS:
            break
        index = notes.index(longest)
        notes[index : index + 1] = _divide(longest)
    words = list(syllables)
    if len(words) > len(notes) > 0:
        rest = words[len(notes) - 1 :]
        joined = "".join(one.text + " " * one.ends_word for one in rest).rstrip()
        words = [*words[: len(notes) - 1], Syllable(joined, ends_word=True)]
    chosen = _choose_notes(notes, len(words), first_tick)
    row = iter(words)
    return tuple(
        note._replace(syllable=next(row)) if index in chosen else note
        for index, note in enumerate(notes)
    )


def _hold(degrees: Sequence[int | None], first_tick: int) -> list[SungNote]:
    """Join equal notes side by side, within a bar."""
    notes: list[SungNote] = []
    for index, degree in enumerate(degrees):
        if degree is None:
            continue
        tick = first_tick + index * TICKS_PER_NOTE
        last = notes[-1] if notes else None
        goes_on = last is not None and last.tick + last.ticks == tick and last.degree == degree
        if last is not None and goes_on and index % NOTES_PER_BAR:
            notes[-1] = last._replace(ticks=last.ticks + TICKS_PER_NOTE)
        else:
            notes.append(SungNote(tick, TICKS_PER_NOTE, degree, None))
    return notes


def _divide(note: SungNote) -> list[SungNote]:
    """Divide a note in two, on an eighth if it is long enough."""
    grid = TICKS_PER_NOTE if note.ticks > TICKS_PER_NOTE else SHORTEST_TICKS
    first = -(-note.ticks // 2 // grid) * grid
    return [
        note._replace(ticks=first),
        note._replace(tick=note.tick + first, ticks=note.ticks - first),
    ]


def _choose_notes(notes: Sequence[SungNote], count: int, first_tick: int) -> set[int]:
    """Choose which notes get a syllable: the first, then long ones and those on the beat."""

    def weigh(index: int) -> tuple[bool, int, int]:
        within = (notes[index].tick - first_tick) % BAR_TICKS
        strong = TICKS_PER_BEAT if within == 0 else TICKS_PER_NOTE
        weight = notes[index].ticks + strong * (within % TICKS_PER_BEAT == 0)
        return index == 0, weight, -index

    return set(sorted(range(len(notes)), key=weigh, reverse=True)[:count])


def _sing_part(part: Part, key: Key, *, first_tick: int) -> tuple[list[SungLine], list[int]]:
    lines = list(part.lines)
    while len(lines) < FEWEST_PASSES:
        lines.append(lines[0] if lines else ())
    bars = len(part.degrees) // NOTES_PER_BAR
    count = bars * len(lines)
    if part.roots is None:
        melody = [
            part.degrees[bar * NOTES_PER_BAR : (bar + 1) * NOTES_PER_BAR] for bar in range(bars)
        ]
        roots = list(find_chords(melody * len(lines), key.mode))
    else:
        roots = [part.roots[bar % len(part.roots)] for bar in range(count)]
    sung: list[SungLine] = []
    for number, words in enumerate(lines):
        tick = first_tick + number * bars * BAR_TICKS
        chords = tuple((tick + bar * BAR_TICKS, roots[number * bars + bar]) for bar in range(bars))
        notes = sing_line(part.degrees, words, first_tick=tick)
        sung.append(SungLine(part.label, number == 0, notes, chords))
    return sung, roots


def _accompany(
    style: Style,
    seed: int,
    chords: Sequence[Chord],
    dresses: Sequence[MusicParameters],
    ends: set[int],
) -> list[PlannedNote]:
    """Let the band play over the chord of each bar; ``ends`` are the last bars of parts."""
    notes: list[PlannedNote] = []
    for number, chord in enumerate(chords):
        after = chords[min(number + 1, len(chords) - 1)]
        bar = accompany_bar(style, seed, number, chord, after, ends_section=number in ends)
        notes += plan_bar(style, bar, number * BAR_TICKS, dresses[number])
    return notes


def _lead(
    style: Style, key: Key, lines: Sequence[SungLine], dresses: Sequence[MusicParameters]
) -> list[PlannedNote]:
    """Let the style's own melody instrument play what is sung, where people can sing it."""
    sung = [note for line in lines for note in line.notes]
    if not sung:
        return []
    mean = sum(key.pitch(note.degree) for note in sung) / len(sung)
    lift = OCTAVE * round((SINGING_MIDI - mean) / OCTAVE)
    voice = style.layers["melody"]
    notes: list[PlannedNote] = []
    for note in sung:
        how = dresses[note.tick // BAR_TICKS]
        level_db = _LEAD_DB + mapping.layer_level_db("melody", voice, how.energy, how)
        level_db += _BETWEEN_DB * (note.tick % TICKS_PER_BEAT != 0)
        notes.append(
            PlannedNote(
                tick=note.tick,
                duration_ticks=round(note.ticks * _LEGATO_RATIO),
                layer="melody",
                pitch_midi=key.pitch(note.degree) + lift,
                velocity=mapping.velocity(level_db),
                pan=voice.pan,
                offset_ns=0,
            )
        )
    return notes
