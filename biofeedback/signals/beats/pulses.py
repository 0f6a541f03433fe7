"""Optical blocks -> pulses: whatever the rate, the polarity, the channel.

* A pulse is dated at the steepest point of its rise. It comes 0.1 to 0.35 s after the R wave,
  later with a longer way from the heart; intervals and rates are those of the heart.
* Every channel but ambient light is followed; told are the pulses of the one that has been surest.
  The first from another channel has a gap before it: the rise of two colours isn't one instant.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_MS
from biofeedback.signals.beats.beat import Beat, Heard
from biofeedback.signals.beats.even_stream import EvenStream
from biofeedback.signals.beats.pulse_band import PulseBand
from biofeedback.signals.beats.quality import odds_of_pulse
from biofeedback.signals.beats.search import BeatSearch
from biofeedback.signals.beats.traits import Traits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biofeedback.samples import OpticalBlock
    from biofeedback.signals.beats.even_stream import Piece

PULSES = Traits(
    band=PulseBand,
    wait_s=0.12,
    refractory_s=0.27,
    echo_s=0.5,
    peak_within_s=0.15,
    form_s=0.15,
    flattest=4.0,
    bar_early=0.8,
    odds=odds_of_pulse,
    usual_form=None,
)
"""In sixteenths of a count."""
_FINE = 16.0
_MOST_COUNTS = 1e8
_GAP_NS = 200 * NS_PER_MS
_SLOWEST_HZ, _FASTEST_HZ = 15.0, 600.0
_SAME_RATE = 0.1
_MOST_CHANNELS = 4
_BETTER = 0.25
_FORGET = 0.1
_SILENT_S = 3.0
_APART_S = 0.25
_REGULAR = 0.2
_IRREGULAR = 0.3


class _Channel:
    """One colour or LED, and how sure its pulses have been."""

    def __init__(self, rate_hz: float) -> None:
        self.search = BeatSearch(rate_hz, PULSES)
        self.rating = 0.0
        self.heard_s = 0.0
        self._beat_s: float | None = None
        self._intervals: deque[float] = deque(maxlen=7)

    def rate(self, beat_s: float, quality: float, known_s: float) -> None:
        """Remember how sure a pulse was, and whether it came when one was due."""
        before_s, self._beat_s = self._beat_s, beat_s
        if before_s is None or beat_s <= before_s:
            return
        interval_s = beat_s - before_s
        if self._intervals:
            usual_s = median(self._intervals)
            if abs(interval_s / usual_s - 1.0) > _REGULAR:
                quality *= _IRREGULAR
        self._intervals.append(interval_s)
        self.rating += _FORGET * (quality - self.rating)
        self.heard_s = known_s

    def rating_at(self, at_s: float) -> float:
        """Return the rating, 0 if there was no pulse lately."""
        return self.rating if at_s - self.heard_s < _SILENT_S else 0.0


class PulseBeats:
    """Find the pulses of one optical sensor."""

    def __init__(self) -> None:
        self._stream = EvenStream(gap_ns=_GAP_NS)
        self._rate_hz = 0.0
        self._channels: list[_Channel] = []
        self._count = 0
        self._best = 0
        self._switched = False
        self._told_s = -1.0

    @property
    def origin_ns(self) -> int | None:
        """The instant of the first sample, None before it."""
        return self._stream.origin_ns

    def update(self, block: OpticalBlock) -> Iterator[Heard]:
        """Take a block; tell the pulses that became known with it."""
        channels = block.ppg.shape[1] if block.ppg.ndim == 2 else 1
        values = block.ppg.reshape(len(block.times_ns), channels)
        # The last channel of several is ambient light.
        used = min(max(1, channels - 1), _MOST_CHANNELS)
        if used != self._count:
            self._count = used
            self._channels = []
            self._best = 0
        for piece in self._stream.update(block.times_ns, values[:, :used]):
            if piece.begins_s is not None:
                self._begin(piece.rate_hz)
            beats = self._follow(piece) if self._channels else []
            yield Heard(begins_s=piece.begins_s, until_s=piece.until_s, beats=beats)

    def _begin(self, rate_hz: float) -> None:
        if not _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ:
            self._channels = []
            self._rate_hz = 0.0
        elif self._channels and abs(rate_hz / self._rate_hz - 1.0) < _SAME_RATE:
            for channel in self._channels:
                channel.search.restart()
        else:
            self._rate_hz = rate_hz
            self._channels = [_Channel(rate_hz) for _ in range(self._count)]

    def _follow(self, piece: Piece) -> list[tuple[float, Beat]]:
        """Search every channel, then take what they found in the order in which it was known."""
        counts = np.clip(piece.values, -_MOST_COUNTS, _MOST_COUNTS) * _FINE
        beats = [
            (beat.known_sample, index, beat)
            for index, channel in enumerate(self._channels)
            for beat in channel.search.update(counts[:, index])
        ]
        beats.sort(key=lambda known: known[:2])
        found: list[tuple[float, Beat]] = []
        for known_sample, index, beat in beats:
            known_s = self._stream.time_s(known_sample)
            beat_s = self._stream.time_s(beat.sample)
            self._channels[index].rate(beat_s, beat.quality, known_s)
            self._choose(known_s)
            if index != self._best or beat_s - self._told_s < _APART_S:
                continue
            pulse = Beat(
                beat_s=beat_s,
                quality=beat.quality,
                gap_before=beat.after_gap or self._switched,
                amplitude=None,
            )
            self._switched = False
            self._told_s = beat_s
            found.append((known_s, pulse))
        return found

    def _choose(self, at_s: float) -> None:
        """Change to a channel that is clearly surer."""
        ratings = [channel.rating_at(at_s) for channel in self._channels]
        best = max(range(len(ratings)), key=ratings.__getitem__)
        if ratings[best] > ratings[self._best] + _BETTER:
            self._best = best
            self._switched = True
