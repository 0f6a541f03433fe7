"""What a style has to say: tables only. How they are read is the same for all styles.

A style is a band: each *strand* is one player with the patterns that it knows. ``enter`` is the
threshold at which a note begins to sound; which of the three ``gates`` of ``mapping.open_gates`` it
is held against is its ``gate``. Steps are sixteenths (``meter.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from biofeedback.messages import Layer
    from biofeedback.music.meter import Meter
    from biofeedback.music.scales import Function, Mode, Scale

Gate = Literal["energy", "ornament", "sparkle"]
BassTone = Literal["root", "third", "fifth", "octave", "approach"]
Length = Literal["stroke", "ring", "held", "articulated"]
"""What decides how much of its place a note fills: nothing, brightness, nothing, articulation."""
SectionKind = Literal["A", "B"]
PhrasePlan = tuple[Literal["motif", "repeat", "answer", "rest", "cadence"], ...]
PartSource = Literal["wearers", "axes"]

NINTH, FOURTH, SIXTH = 9, 11, 13
"""Voices of a chord beside its triad: a step above its root, its third, its fifth."""
WHOLE = 1 << 16
"""Steps of a note that lasts as long as its chord."""
PART_LAYERS: tuple[Layer, ...] = (
    "part_1",
    "part_2",
    "part_3",
    "part_4",
    "part_5",
    "part_6",
    "part_7",
    "part_8",
)


@dataclass(frozen=True, slots=True)
class Voice:
    """How a layer sits in the whole: level, place, and how human its player is.

    Its plain note has ``rest_db`` at rest and ``full_db`` at full energy. ``spread`` is how far the
    voices of a chord lie apart. Notes are up to ``late_ms`` late and ``loose_db`` off.
    """

    rest_db: float
    full_db: float
    pan: float = 0.0
    spread: float = 0.0
    late_ms: float = 0.0
    loose_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke without pitch; ``stroke`` tells which one a hand drum plays (36 low, 48, 60)."""

    step: int
    enter: float
    accent_db: float = 0.0
    gate: Gate = "energy"
    steps: int = 1
    stroke: int | None = None


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
    """Voices of the chord struck together.

    0 is the lowest of the triad, 3 the same an octave higher, -1 the highest an octave lower;
    ``NINTH``, ``FOURTH`` and ``SIXTH`` sound only when harmony is stretched so far.
    """

    step: int
    steps: int
    voices: tuple[int, ...]
    enter: float
    accent_db: float = 0.0
    gate: Gate = "ornament"


Event: TypeAlias = Hit | BassNote | Stab


@dataclass(frozen=True, slots=True)
class Strand:
    """A player: the patterns of a bar that it knows, and how often it takes another.

    ``at`` says in which bars it plays; one at a phrase's end is a *fill*, and other strokes of its
    layer at the same steps give way. ``inversion`` None lets chords follow the register.
    """

    layer: Layer
    patterns: tuple[tuple[Event, ...], ...]
    every: Literal["bar", "phrase", "section"] = "phrase"
    at: Literal["always", "new_chord", "same_chord", "phrase_end"] = "always"
    length: Length = "articulated"
    inversion: int | None = None


@dataclass(frozen=True, slots=True)
class Harmony:
    """Where the chords come from: form, keys, functions, ranges.

    A chord lasts ``chord_bars``; four of them are a phrase, two phrases a section, the sections of
    ``form`` a cycle. ``tours`` are journeys through keys, one step a cycle: semitones above the
    home key, and the mode. ``colours`` are the plainest and the richest chords (``mapping.py``).
    """

    tours: tuple[tuple[tuple[int, Mode], ...], ...]
    opening: dict[SectionKind, tuple[tuple[Function, ...], ...]]
    closing: dict[SectionKind, tuple[tuple[Function, ...], ...]]
    turnaround: tuple[tuple[Function, ...], ...]
    bass_low_midi: int
    chord_range_midi: tuple[int, int]
    form: tuple[SectionKind, ...] = ("A", "A", "B", "A")
    chord_bars: int = 1
    split_chance: float = 0.0
    colours: tuple[int, int] = (0, 3)


@dataclass(frozen=True, slots=True)
class MelodyEntry:
    """From which energy notes of the melody sound, by the weight of their step in the bar.

    ``doubled`` is where its octave joins, ``echo`` where another instrument answers in the rests.
    """

    strong: float
    beat: float
    offbeat: float
    sixteenth: float
    doubled: float
    echo: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Melody:
    """What melodies are made of; compared by identity, as a style is.

    Rhythms are (step, steps) of the notes of one chord's time. ``contours`` and ``arcs`` count
    steps of the scale; an arc says where each chord's melody begins, from the first tonic that
    isn't below ``home_low_midi``: so that in every key it lies above the chords.
    """

    range_midi: tuple[int, int]
    home_low_midi: int
    rhythms: tuple[tuple[tuple[int, int], ...], ...]
    cadences: tuple[tuple[tuple[int, int], ...], ...]
    contours: tuple[tuple[int, ...], ...]
    arcs: dict[SectionKind, tuple[tuple[int, ...], ...]]
    plans: tuple[PhrasePlan, ...]
    entry: MelodyEntry
    scale: Scale = "mode"


@dataclass(frozen=True, slots=True)
class Scene:
    """A slow variation: some layers come in later (+) or earlier (-); who has the melody."""

    shifts: dict[Layer, float] = field(default_factory=dict["Layer", float])
    lead: Layer = "melody"


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """One style. It is compared by identity, which makes it a cheap key of caches.

    At a tempo outside ``tempo_range_bpm`` it is played at half or double time. ``parts`` says whose
    the layers ``part_1`` and so on are, ``part_entries`` from which energy each joins in when
    nobody in particular owns it. ``phrasing_db`` lifts one chord after another of each phrase.
    ``fade_out_s`` is when a session has fallen silent by itself, None if it doesn't.
    """

    name: str
    title: str
    meter: Meter
    tempo_range_bpm: tuple[float, float]
    has_beat: bool
    harmony: Harmony
    layers: dict[Layer, Voice]
    instruments: dict[Layer, str]
    strands: tuple[Strand, ...]
    accent_range_midi: tuple[int, int]
    melody: Melody | None = None
    scenes: tuple[Scene, ...] = (Scene(),)
    shifts: tuple[float, ...] = (0.0,)
    shifted_layers: frozenset[Layer] = frozenset()
    parts: PartSource = "wearers"
    part_entries: tuple[float, ...] = ()
    phrasing_db: tuple[float, ...] = (0.0,)
    fade_out_s: float | None = None
    other_meters: tuple[Style, ...] = ()

    @property
    def unpitched_layers(self) -> frozenset[Layer]:
        """Layers whose notes have no pitch; what they have in its place names a stroke."""
        return frozenset(
            strand.layer
            for strand in self.strands
            if any(isinstance(event, Hit) for pattern in strand.patterns for event in pattern)
        )

    def orchestra(self, *, click: bool) -> dict[Layer, str]:
        """Tell which instrument plays which layer."""
        return {**self.instruments, "click": "click"} if click else dict(self.instruments)
