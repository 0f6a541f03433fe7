"""What a style has to say: tables only. How they are read is the same for all styles.

A *step* is a sixteenth. ``enter`` is the threshold at which a note begins to sound; which of the
three ``gates`` of ``mapping.open_gates`` it is held against is its ``gate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from biofeedback.messages import TICKS_PER_BEAT

if TYPE_CHECKING:
    from biofeedback.messages import Layer
    from biofeedback.music.scales import Function, Mode

STEPS_PER_BEAT = 4
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT

Gate = Literal["energy", "ornament", "sparkle"]
BassTone = Literal["root", "third", "fifth", "octave", "approach"]
SectionKind = Literal["A", "B"]
PhrasePlan = tuple[Literal["motif", "repeat", "answer", "rest", "cadence"], ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """How a layer sits in the whole: level, place, and how human its player is."""

    rest_db: float
    full_db: float
    pan: float = 0.0
    spread: float = 0.0
    late_ms: float = 0.0
    loose_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke without pitch."""

    layer: Layer
    step: int
    enter: float
    accent_db: float = 0.0
    gate: Gate = "energy"
    steps: int = 1


@dataclass(frozen=True, slots=True)
class BassNote:
    """A note of the bass, told by its part in the chord."""

    step: int
    steps: int
    tone: BassTone
    enter: float
    accent_db: float = 0.0
    gate: Gate = "energy"


@dataclass(frozen=True, slots=True)
class Stab:
    """Voices of the chord (0 is the lowest) struck together."""

    step: int
    steps: int
    voices: tuple[int, ...]
    enter: float
    accent_db: float = 0.0
    gate: Gate = "ornament"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One bar of melody: (step, steps) of each note."""

    notes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class MelodyEntry:
    """From which energy notes of the melody sound, by the weight of their step in the bar."""

    strong: float
    beat: float
    offbeat: float
    sixteenth: float
    doubled: float


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """One style. It is compared by identity, which makes it a cheap key of caches."""

    name: str
    tempo_range_bpm: tuple[float, float]
    beats_per_bar: int
    form: tuple[SectionKind, ...]
    tours: tuple[tuple[tuple[int, Mode], ...], ...]
    opening: dict[SectionKind, tuple[tuple[Function, ...], ...]]
    closing: dict[SectionKind, tuple[tuple[Function, ...], ...]]
    turnaround: tuple[tuple[Function, ...], ...]
    split_chance: float
    bass_low_midi: int
    chord_range_midi: tuple[int, int]
    melody_range_midi: tuple[int, int]
    accent_range_midi: tuple[int, int]
    layers: dict[Layer, Voice]
    instruments: dict[Layer, str]
    drums: tuple[Hit, ...]
    hats: tuple[tuple[Hit, ...], ...]
    ghosts: tuple[tuple[Hit, ...], ...]
    fills: tuple[tuple[Hit, ...], ...]
    bass: tuple[tuple[BassNote, ...], ...]
    comping: tuple[tuple[Stab, ...], ...]
    rhythms: tuple[Rhythm, ...]
    cadences: tuple[Rhythm, ...]
    contours: tuple[tuple[int, ...], ...]
    arcs: dict[SectionKind, tuple[tuple[int, ...], ...]]
    plans: tuple[PhrasePlan, ...]
    melody_entry: MelodyEntry
    shifts: tuple[float, ...] = (0.0,)
    shifted_layers: frozenset[Layer] = frozenset()

    @property
    def steps_per_bar(self) -> int:
        """Sixteenths in a bar."""
        return self.beats_per_bar * STEPS_PER_BEAT

    @property
    def ticks_per_bar(self) -> int:
        """Ticks in a bar."""
        return self.beats_per_bar * TICKS_PER_BEAT
