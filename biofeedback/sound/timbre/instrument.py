"""What an instrument is, and what its voices are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from biofeedback.sound.pyo_library import pyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.sound.scheduler import VoiceStart

_CENTRE = 0.7071


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSignals:
    """What a layer's voices are told: pyo signals with one stream per voice.

    ``loudness`` is the note's amplitude, 0 when it has ended. ``trigger`` is 1.0 at the first
    sample of a note. ``pitch_hz`` and ``velocity`` (0..1) are the newest note's and stay when it
    has ended. All four are None for an instrument without voices. ``brightness`` (0..1) and
    ``breath`` (the amplitude that the swell gives, around 1) are shared by all.

    ``pans`` collects what ``pan_voices`` made, a signal for each voice and ear. ``on_start`` is
    called with the number of a voice and its note before the block in which that note starts,
    ``on_cut`` with the number of a voice that must fade within milliseconds.
    """

    voices: int
    loudness: Any
    trigger: Any
    pitch_hz: Any
    velocity: Any
    brightness: Any
    breath: Any
    rate_hz: int
    pans: list[tuple[list[Any], list[Any]]] = field(
        default_factory=list[tuple[list[Any], list[Any]]]
    )
    on_start: list[Callable[[int, VoiceStart], None]] = field(
        default_factory=list["Callable[[int, VoiceStart], None]"]
    )
    on_cut: list[Callable[[int], None]] = field(default_factory=list["Callable[[int], None]"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """How a layer sounds.

    Attributes:
        build: Returns the left and the right signal of all voices together.
        level_db: Brings a typical note to the loudness that its role has (bench_instruments.py).
        voices: How many notes can sound at once, ``reserve`` included; 0 when it needs no notes.
        reserve: Voices that are kept silent, so that a new note never cuts an old one off: one
            that is too many fades within milliseconds.
        keyboard_db_per_octave: How much louder higher notes are, where that isn't built in.
        tuned: Whether it sounds at a note's pitch; else the pitch chooses a stroke, or nothing.
        one_shot: A note rings out whatever its duration.
        ring_s: How long a voice is heard after its note has ended (one-shot: has begun).
        release_s: In how long the voice's amplitude falls when its note ends; None when the
            instrument shapes that by itself.
        default_pitch_midi: Serves notes without a pitch.
        range_midi: Where it sounds well, lowest and highest.
        reverb_ratio: The part sent to the room; ``echo_ratio`` to the echo, ``chorus_ratio`` to
            the chorus.
        breathes: How much of the swell it follows, 0..1.
    """

    build: Callable[[VoiceSignals], tuple[Any, Any]]
    level_db: float
    voices: int
    ring_s: float
    default_pitch_midi: int
    range_midi: tuple[int, int]
    reserve: int = 3
    keyboard_db_per_octave: float = 0.0
    tuned: bool = True
    one_shot: bool = False
    release_s: float | None = None
    reverb_ratio: float = 0.0
    echo_ratio: float = 0.0
    chorus_ratio: float = 0.0
    breathes: float = 0.0


def pan_voices(signals: VoiceSignals, voices: Any) -> tuple[Any, Any]:
    """Place each voice between the ears and add them up."""
    left: Any = 0.0
    right: Any = 0.0
    lefts: list[Any] = []
    rights: list[Any] = []
    for voice in voices.getBaseObjects():
        left, right = (pyo.Sig(voice, mul=_CENTRE, add=before) for before in (left, right))
        lefts.append(left[0])
        rights.append(right[0])
    signals.pans.append((lefts, rights))
    return left, right
