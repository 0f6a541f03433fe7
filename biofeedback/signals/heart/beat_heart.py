"""The heart as a raw signal tells it: beats, intervals and a rate that can be trusted.

* Beats below quality 0.5 are told with that quality, and nothing is built on them.
* The rate is looked at on a grid of 100 ms of the signal's own time and told when it has changed,
  at least once a second, and not at all 3 s after the last sure beat.
* A wrist or finger that moves makes pulses of its own: while the wearer's activity is above
  0.5 m/s2, optical beats lose quality, and all of it at 1.5 m/s2.
* What holds for rates that a device tells (30-220 bpm, leaps, rates that follow the cadence) holds
  here too: the rate passes through the same gate, once a second.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal

from biofeedback.messages import NS_PER_MS, NS_PER_S
from biofeedback.samples import EcgBlock
from biofeedback.signals.beats.ecg import EcgBeats
from biofeedback.signals.beats.pulses import PulseBeats
from biofeedback.signals.beats.rate import SURE, BeatRate
from biofeedback.signals.findings import Teller
from biofeedback.signals.heart.rate_gate import HIGHEST_BPM, JUMP_BPM, LOWEST_BPM, RateGate
from biofeedback.signals.heart.rhythm import HeartRhythm

if TYPE_CHECKING:
    from biofeedback.samples import OpticalBlock
    from biofeedback.signals.beats.beat import Beat
    from biofeedback.signals.breath.breathing import Breathing
    from biofeedback.signals.findings import Finding

_TICK_NS = 100 * NS_PER_MS
_TICKS_PER_S = 10
_AHEAD_S = 0.2
"""What is told is used from its arrival until that of the next: the window ends in between."""
_SILENT_S = 3.0
_QUALITY_OVER_S = 5.0
_STILL_MPS2, _MOVING_MPS2 = 0.5, 1.5


class BeatHeart:
    """One raw signal of one sensor; the fields are those of ``Heart``."""

    def __init__(
        self,
        wearer: str,
        sensor: str,
        source: Literal["electrical", "optical"],
        breathing: Breathing,
    ) -> None:
        self._tell = Teller(wearer, sensor)
        self._ecg = EcgBeats()
        self._pulses = PulseBeats()
        self._rate = BeatRate(irregular=source == "electrical")
        self._gate = RateGate(wearer, sensor)
        self.rhythm = HeartRhythm(wearer, sensor, breathing)
        self._sure_s: float | None = None
        self._recent: deque[tuple[float, float]] = deque()
        self._tick = 0
        self._due = 0
        self._told: tuple[int, float] | None = None
        self.electrical = source == "electrical"
        self.heart_rate_bpm: float | None = None
        self.quality = 0.0
        self.valid_at_ns: int | None = None

    @property
    def suspect(self) -> bool:
        """The rate is not to be used for control."""
        return self._gate.suspect

    def is_doubted(self, at_ns: int) -> bool:
        """Tell whether a leap was seen and waits for readings that agree with it."""
        return self._gate.is_doubted(at_ns)

    def is_listening(self, at_ns: int) -> bool:
        """Tell whether beats can be trusted to come: it is sure of the last, or has just begun."""
        since_ns = self.valid_at_ns
        if since_ns is None:
            since_ns = self._ecg.origin_ns if self.electrical else self._pulses.origin_ns
        return since_ns is not None and at_ns - since_ns <= _SILENT_S * NS_PER_S

    def update(
        self,
        block: EcgBlock | OpticalBlock,
        at_ns: int,
        *,
        cadence_spm: float | None,
        activity_mps2: float | None,
    ) -> list[Finding]:
        """Take a block that became known at ``at_ns``, and what is known of the movement."""
        if isinstance(block, EcgBlock):
            source, pieces, calm = self._ecg, self._ecg.update(block), 1.0
        else:
            source, pieces = self._pulses, self._pulses.update(block)
            calm = _calm(activity_mps2)
        found: list[Finding] = []
        for heard in pieces:
            origin_ns = source.origin_ns or 0
            if heard.begins_s is not None:
                # Of the time in a gap there is nothing to tell.
                self._tick = max(self._tick, int(heard.begins_s * _TICKS_PER_S))
            for known_s, beat in heard.beats:
                # A tick knows the beats that were known by then, however large a block is.
                self._look_until(known_s, origin_ns, at_ns, cadence_spm, found)
                self._take(beat, calm, origin_ns, at_ns, found)
            self._look_until(heard.until_s, origin_ns, at_ns, cadence_spm, found)
        return found

    def _look_until(
        self,
        now_s: float,
        origin_ns: int,
        at_ns: int,
        cadence_spm: float | None,
        found: list[Finding],
    ) -> None:
        last = int(now_s * _TICKS_PER_S) + 1
        while last / _TICKS_PER_S > now_s:
            last -= 1
        while self._tick < last:
            # Between two beats there are ticks at which nothing can change.
            self._tick = min(max(self._tick + 1, self._due), last)
            if self._tick >= self._due:
                self._due = self._look(origin_ns, at_ns, cadence_spm, found)

    def _take(
        self, beat: Beat, calm: float, origin_ns: int, at_ns: int, found: list[Finding]
    ) -> None:
        if calm < 1.0:
            beat = beat._replace(quality=beat.quality * calm)
        self._rate.add(beat)
        self._due = 0
        self._recent.append((beat.beat_s, beat.quality))
        beat_ns = origin_ns + round(beat.beat_s * NS_PER_S)
        if beat.quality >= SURE:
            self._sure_s = beat.beat_s
        found.append(
            self._tell.event("beat", beat_ns, beat.quality, at_ns, strength=beat.amplitude)
        )
        found += self.rhythm.take_beat(beat, at_ns)

    def _look(
        self, origin_ns: int, at_ns: int, cadence_spm: float | None, found: list[Finding]
    ) -> int:
        """Look at the rate at one tick of the signal's time; return the next that may differ."""
        tick = self._tick
        now_s = tick / _TICKS_PER_S
        since_second = tick % _TICKS_PER_S
        due = tick + _TICKS_PER_S - since_second
        if since_second == 0:
            found.append(
                self._tell.measure("signal_quality", self._mean_quality(now_s), 1.0, at_ns)
            )
        rate = self._rate.measure(now_s + _AHEAD_S)
        due = min(due, int(min(self._rate.until_s - _AHEAD_S, now_s + 1.0) * _TICKS_PER_S) + 1)
        if rate is None or self._sure_s is None or now_s - self._sure_s > _SILENT_S:
            return due
        if not LOWEST_BPM <= rate.bpm <= HIGHEST_BPM:
            return due
        gate = self._gate
        if since_second == 0 or gate.heart_rate_bpm is None:
            found += gate.update(
                round(rate.bpm),
                origin_ns + tick * _TICK_NS,
                at_ns,
                contact=None,
                has_intervals=False,
                cadence_spm=cadence_spm,
                optical=not self.electrical,
            )
        known_bpm = gate.heart_rate_bpm
        if known_bpm is None:
            return tick + 1
        if abs(rate.bpm - known_bpm) >= JUMP_BPM:
            return due
        self.heart_rate_bpm = rate.bpm
        self.quality = min(rate.quality, gate.quality)
        self.valid_at_ns = origin_ns + round(self._sure_s * NS_PER_S)
        told = self._told
        if told is None or told[1] != rate.bpm or tick - told[0] >= _TICKS_PER_S:
            self._told = told = (tick, rate.bpm)
            found.append(self._tell.measure("heart_rate_bpm", rate.bpm, self.quality, at_ns))
        return min(due, told[0] + _TICKS_PER_S)

    def _mean_quality(self, now_s: float) -> float:
        """Average the quality of the beats of the last seconds; 0 if there was none."""
        while self._recent and self._recent[0][0] < now_s - _QUALITY_OVER_S:
            self._recent.popleft()
        if not self._recent:
            return 0.0
        return math.fsum([quality for _, quality in self._recent]) / len(self._recent)


def _calm(activity_mps2: float | None) -> float:
    """Tell how far optical pulses can be trusted at this activity, 0..1."""
    if activity_mps2 is None:
        return 1.0
    share = (_MOVING_MPS2 - activity_mps2) / (_MOVING_MPS2 - _STILL_MPS2)
    return min(1.0, max(0.0, share))
