"""Notes become voices: each starts at the very frame of its ``start_ns``.

* A note whose instant has passed starts with the block and counts as late, unless it answers a
  gesture (no ``tick``): that one is meant for "now".
* A note that is later than ``GIVE_UP_MS`` is dropped: after a stall nothing comes in a burst.
* A new note takes the voice that has been silent longest; with none silent, the one that was let go
  first; with none let go, the one that started first.
* Instruments whose voices can't glide from note to note keep some in reserve: when too many sound,
  the one that a listener misses least fades within milliseconds, and a new note finds a silent one.
* A voice that has been silent for ``REST_S`` rests, which costs nothing.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biofeedback.messages import Layer, PlayNote

GIVE_UP_MS = 250
CUT_MS = 12
REST_S = 0.1
_ERROR_STEP_MS = 0.05
_ERROR_BINS = 2000


class Voices(Protocol):
    """What starts and ends voices inside the block that comes next (``Synthesis``)."""

    def start_voice(self, layer: Layer, voice: int, *, offset: int, sound: VoiceStart) -> None:
        """Start a voice at frame ``offset``."""
        ...

    def end_voice(self, layer: Layer, voice: int, *, offset: int) -> None:
        """Let a voice end from frame ``offset`` on."""
        ...

    def cut_voice(self, layer: Layer, voice: int, *, offset: int) -> None:
        """Let a voice fade within milliseconds from frame ``offset`` on."""
        ...

    def rest_voice(self, layer: Layer, voice: int) -> None:
        """Let a silent voice rest from the beginning of the block on."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceStart:
    """How a voice starts: amplitude 0..1, amplitude at each ear, pitch."""

    loudness: float
    left: float
    right: float
    pitch_midi: float
    pitch_hz: float


@dataclass(slots=True, eq=False)
class Voice:
    """The note that a voice has, and the newest that it began; frames count from the start."""

    number: int
    note: int = -1
    started: int = -1
    started_frame: int = -1
    ends_frame: int = -1
    silent_frame: int = -1
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class VoiceGroup:
    """What the scheduler must know of a layer."""

    voices: int
    one_shot: bool
    default_pitch_midi: int
    ring_s: float = 0.0
    reserve: int = 0


@dataclass(slots=True, eq=False)
class NoteCounts:
    """What became of the notes."""

    played: int = 0
    late: int = 0
    dropped: int = 0
    worst_ms: float = 0.0
    recent_worst_ms: float = 0.0
    errors: np.ndarray[tuple[int], np.dtype[np.int64]] = field(
        default_factory=lambda: np.zeros(_ERROR_BINS, dtype=np.int64)
    )

    def add_error(self, error_ms: float) -> None:
        """Count the distance between a planned and an actual start."""
        self.worst_ms = max(self.worst_ms, error_ms)
        self.recent_worst_ms = max(self.recent_worst_ms, error_ms)
        self.errors[min(int(error_ms / _ERROR_STEP_MS), _ERROR_BINS - 1)] += 1

    def take_recent_worst_ms(self) -> float:
        """Return the largest error since the last call."""
        worst, self.recent_worst_ms = self.recent_worst_ms, 0.0
        return worst

    def percentile_ms(self, ratio: float) -> float:
        """Return the error that ``ratio`` of the notes stayed within (to 0.05 ms)."""
        total = int(self.errors.sum())
        if total == 0:
            return 0.0
        reached = np.cumsum(self.errors) >= math.ceil(ratio * total)
        return min(float(np.argmax(reached) + 1) * _ERROR_STEP_MS, self.worst_ms)


def pitch_to_hz(pitch_midi: float) -> float:
    """Return the frequency of a MIDI pitch (A4 = 69 = 440 Hz)."""
    return 440.0 * 2.0 ** ((pitch_midi - 69.0) / 12.0)


class NoteScheduler:
    """Start and end notes inside each block."""

    def __init__(self, voices: Voices, groups: Mapping[Layer, VoiceGroup], *, rate_hz: int) -> None:
        self._voices = voices
        self._groups = groups
        self._free: dict[Layer, list[Voice]] = {
            layer: [Voice(number) for number in range(group.voices)]
            for layer, group in groups.items()
        }
        self._rate_hz = rate_hz
        self._waiting: list[tuple[int, int, PlayNote]] = []
        # numbers are unique, so voices are never compared
        self._ending: list[tuple[int, int, Layer, Voice]] = []
        self._fading: list[tuple[int, int, Layer, Voice]] = []
        self._rest_frames = round(REST_S * rate_hz)
        self.added = 0
        self.counts = NoteCounts()

    def add(self, note: PlayNote) -> None:
        """Take a note that will start in time."""
        heapq.heappush(self._waiting, (note.start_ns, self.added, note))
        self.added += 1

    def is_due(self, until_ns: int) -> bool:
        """Tell whether a note waits for an instant before ``until_ns``."""
        return bool(self._waiting) and self._waiting[0][0] < until_ns

    def drop_waiting(self, *, before: int) -> None:
        """Forget the notes among the first ``before`` taken that haven't started."""
        kept = [entry for entry in self._waiting if entry[1] >= before]
        self.counts.dropped += len(self._waiting) - len(kept)
        heapq.heapify(kept)
        self._waiting = kept

    def release_all(self) -> None:
        """End what sounds, at the start of the next block."""
        self._ending = [(-1, *entry[1:]) for entry in sorted(self._ending, key=lambda e: e[1])]

    def fill(
        self, *, origin_ns: int, first_frame: int, frames: int, clock_error_ns: int, muted: bool
    ) -> None:
        """Write the block ``[first_frame, first_frame + frames)``.

        Args:
            origin_ns: Host time of frame 0, as the clock is understood now.
            first_frame: Number of the block's first frame.
            frames: Size of the block.
            clock_error_ns: How far the device's own word for this block is from ``origin_ns``.
            muted: True while notes are to be passed over in silence.
        """
        self._rest_voices(first_frame)
        end_frame = first_frame + frames
        end_ns = origin_ns + end_frame * NS_PER_S // self._rate_hz + NS_PER_S // self._rate_hz
        starts: list[tuple[int, int, PlayNote]] = []
        while self._waiting and self._waiting[0][0] <= end_ns:
            frame = self._frame_of(self._waiting[0][0], origin_ns=origin_ns)
            if frame >= end_frame:
                break
            _, number, note = heapq.heappop(self._waiting)
            starts.append((frame, number, note))
        for frame, number, note in starts:
            self._end_notes(until_frame=max(frame, first_frame) + 1, first_frame=first_frame)
            if muted or (first_frame - frame) * 1000 > GIVE_UP_MS * self._rate_hz:
                self.counts.dropped += 1
                self.counts.late += not muted
                continue
            actual = max(frame, first_frame)
            self._start(number, note, frame=actual, offset=actual - first_frame)
            self._count(note, actual, origin_ns=origin_ns, clock_error_ns=clock_error_ns)
        self._end_notes(until_frame=end_frame, first_frame=first_frame)

    def _frame_of(self, at_ns: int, *, origin_ns: int) -> int:
        return ((at_ns - origin_ns) * self._rate_hz + NS_PER_S // 2) // NS_PER_S

    def _count(self, note: PlayNote, frame: int, *, origin_ns: int, clock_error_ns: int) -> None:
        self.counts.played += 1
        if self._frame_of(note.start_ns, origin_ns=origin_ns) < frame:
            self.counts.late += note.tick is not None
            return
        actual_ns = origin_ns + frame * NS_PER_S // self._rate_hz + clock_error_ns
        self.counts.add_error(abs(actual_ns - note.start_ns) / NS_PER_MS)

    def _start(self, number: int, note: PlayNote, *, frame: int, offset: int) -> None:
        group = self._groups[note.layer]
        voice = self._choose(note.layer, frame=frame, offset=offset)
        length = max(1, note.duration_ns * self._rate_hz // NS_PER_S)
        voice.note = voice.started = number
        voice.cut = False
        voice.started_frame, voice.ends_frame = frame, frame + length
        ring = round(group.ring_s * self._rate_hz)
        voice.silent_frame = frame + (0 if group.one_shot else length) + ring
        angle = (min(max(note.pan, -1.0), 1.0) + 1.0) * math.pi / 4.0
        pitch = group.default_pitch_midi if note.pitch_midi is None else note.pitch_midi
        sound = VoiceStart(
            loudness=min(max(note.velocity, 0.0), 1.0),
            left=math.cos(angle),
            right=math.sin(angle),
            pitch_midi=min(max(pitch, 0), 127),
            pitch_hz=pitch_to_hz(min(max(pitch, 0), 127)),
        )
        self._voices.start_voice(note.layer, voice.number, offset=offset, sound=sound)
        if not group.one_shot:
            heapq.heappush(self._ending, (voice.ends_frame, number, note.layer, voice))
        heapq.heappush(self._fading, (voice.silent_frame, number, note.layer, voice))

    def _choose(self, layer: Layer, *, frame: int, offset: int) -> Voice:
        """Return the voice for a new note, and let one go when too many sound."""
        voices, reserve = self._free[layer], self._groups[layer].reserve
        voice = min(voices, key=lambda v: v.silent_frame)
        if voice.silent_frame > frame:
            voice = _least_missed(voices, frame=frame)
        if reserve:
            others = [v for v in voices if v is not voice]
            sounding = [v for v in others if v.silent_frame > frame and not v.cut]
            if len(sounding) >= len(voices) - reserve:
                surplus = _least_missed(sounding, frame=frame)
                self._voices.cut_voice(layer, surplus.number, offset=offset)
                surplus.note, surplus.ends_frame, surplus.cut = -1, frame, True
                surplus.silent_frame = frame + CUT_MS * self._rate_hz // 1000
        return voice

    def _rest_voices(self, first_frame: int) -> None:
        """Let voices rest that have been silent for long enough; look at each again when due."""
        while self._fading and self._fading[0][0] + self._rest_frames <= first_frame:
            _, number, layer, voice = heapq.heappop(self._fading)
            if voice.started != number:
                continue  # it has a newer note, which will be looked at
            if voice.silent_frame + self._rest_frames <= first_frame:
                self._voices.rest_voice(layer, voice.number)
            else:
                heapq.heappush(self._fading, (voice.silent_frame, number, layer, voice))

    def _end_notes(self, *, until_frame: int, first_frame: int) -> None:
        while self._ending and self._ending[0][0] < until_frame:
            frame, number, layer, voice = heapq.heappop(self._ending)
            if voice.note != number:
                continue  # stolen since
            offset = max(frame, first_frame) - first_frame
            voice.note, voice.ends_frame = -1, min(voice.ends_frame, first_frame + offset)
            ring = round(self._groups[layer].ring_s * self._rate_hz)
            voice.silent_frame = voice.ends_frame + ring
            self._voices.end_voice(layer, voice.number, offset=offset)


def _least_missed(voices: Sequence[Voice], *, frame: int) -> Voice:
    """Return the voice that was let go first, or started first when all are held."""
    released = [voice for voice in voices if voice.ends_frame <= frame]
    if released:
        return min(released, key=lambda v: (v.ends_frame, v.started_frame))
    return min(voices, key=lambda v: v.started_frame)
