"""The person's own songs: orders in, the stretched recording out, block by block.

* A run is the recording from one order on; orders that continue it have no seam. A new run fades
  in over 15 ms, one without further orders goes on at its last speed and fades out.
* All is computed in the callback, one hop of the vocoder now and then (0.3 ms each 21 ms): a
  thread beside pyo would cost more than it saves.
* The place is told by the clock of the orders for each hop, so the song keeps to host time
  whatever the device's clock does. After a jump the hops just fade over.
* Brightness is a filter on the spectra, glided from hop to hop.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from biofeedback.messages import NS_PER_S
from biofeedback.sound.fade import Fade
from biofeedback.sound.song_clock import SongClock, is_playable
from biofeedback.sound.vocoder import Vocoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from biofeedback.messages import StretchSong
    from biofeedback.sound.recording import Recording

FRAME_S: Final = 0.085
"""Length of a frame of the vocoder: two periods of the lowest bass string."""

_FADE_IN_S: Final = 0.015
_FADE_OUT_S: Final = 0.6
_JUMP_S: Final = 0.02
_MAX_RUNS: Final = 3
_DARKEST_HZ: Final = 2200.0
_BRIGHTEST_HZ: Final = 20_000.0
_TONE_STEPS: Final = 64


class SongPlayer:
    """Plays what ``StretchSong`` orders say."""

    def __init__(
        self, recordings: Mapping[str, Recording], gains_db: Mapping[str, float], *, rate_hz: int
    ) -> None:
        """Take recordings at the rate of the output, and how loud each is to be."""
        self._recordings = dict(recordings)
        self._gains = {song: 10.0 ** (gain / 20.0) for song, gain in gains_db.items()}
        self._rate_hz = rate_hz
        self._frame = 1 << round(math.log2(FRAME_S * rate_hz))
        self._tones = _Tones(self._frame, rate_hz=rate_hz)
        self._waiting: deque[StretchSong] = deque()
        self._runs: list[_Run] = []
        self._gain = 0.0
        self.ignored_orders = 0

    def obey(self, order: StretchSong) -> None:
        """Take an order; it counts from its ``at_ns`` on, whenever it came."""
        if order.song in self._recordings and is_playable(order):
            self._waiting.append(order)
        else:
            self.ignored_orders += 1

    def render(
        self,
        *,
        first_frame: int,
        frames: int,
        origin_ns: int,
        programme_ratio: float,
        brightness: float,
        swell_db: float,
    ) -> NDArray[np.float64] | None:
        """Render a block, shape (frames, 2); None while no song plays.

        Args:
            first_frame: Number of the block's first frame.
            frames: Size of the block.
            origin_ns: Host time of frame 0.
            programme_ratio: Amplitude to glide to.
            brightness: 0..1.
            swell_db: How loud the breath of the swell makes it now, in dB.
        """
        self._apply_orders(origin_ns + (first_frame + frames) * NS_PER_S // self._rate_hz)
        gain = programme_ratio * 10.0 ** (swell_db / 20.0)
        before, self._gain = self._gain, gain
        if not self._runs:
            return None
        tone = self._tones.at(brightness)
        mixed = np.zeros((2, frames), dtype=np.float32)
        for run in self._runs:
            run.add(mixed, first_frame, origin_ns, tone)
        self._runs = [run for run in self._runs if not run.over]
        ramp = before + (gain - before) * np.arange(1, frames + 1, dtype=np.float64) / frames
        return (mixed * ramp).T

    def _apply_orders(self, until_ns: int) -> None:
        while self._waiting and self._waiting[0].at_ns < until_ns:
            order = self._waiting.popleft()
            if any(run.clock.extend(order) for run in self._runs):
                continue
            recording = self._recordings[order.song]
            clock = SongClock(order, recording.attacks / self._rate_hz)
            run = _Run(recording, clock, self._frame, gain=self._gains.get(order.song, 1.0))
            self._runs = [*self._runs[-_MAX_RUNS + 1 :], run]


class _Run:
    """One run through a recording."""

    def __init__(self, recording: Recording, clock: SongClock, frame: int, *, gain: float) -> None:
        self.clock = clock
        self.over = False
        self._recording = recording
        self._gain = gain
        self._vocoder = Vocoder(frame=frame)
        self._ready = np.zeros((2, 0), dtype=np.float32)
        self._ready_from = 0
        self._fade = Fade(position=0.0)
        self._begun = False
        self._last_place = 0

    def add(
        self,
        mixed: NDArray[np.float32],
        first_frame: int,
        origin_ns: int,
        tone: NDArray[np.float32],
    ) -> None:
        """Add the block from ``first_frame`` on to ``mixed`` (2, frames)."""
        rate_hz = self._recording.rate_hz
        frames = mixed.shape[1]
        end_frame = first_frame + frames
        start = -((origin_ns - self.clock.start_ns) * rate_hz // NS_PER_S)
        begins = max(first_frame, start)
        if begins >= end_frame:
            return
        if not self._begun:
            self._begun = True
            # Hops before the start are only there to fill up the overlaps.
            self._ready_from = begins - self._vocoder.frame
            self._fade.move(1.0, seconds=_FADE_IN_S)
        self._compute(end_frame, origin_ns, tone)
        at = begins - self._ready_from
        block = self._ready[:, at : at + end_frame - begins]
        ends_at_ns = origin_ns + end_frame * NS_PER_S // rate_hz
        is_left = ends_at_ns > self.clock.end_ns
        self._fade.move(0.0 if is_left else 1.0, seconds=_FADE_OUT_S if is_left else _FADE_IN_S)
        gains = self._fade.render(block.shape[1], rate_hz=rate_hz)
        block = block * np.float32(self._gain)
        mixed[:, begins - first_frame :] += block if gains is None else block * gains
        self.over = is_left and self._fade.silent
        self.clock.forget_before(ends_at_ns)

    def _compute(self, end_frame: int, origin_ns: int, tone: NDArray[np.float32]) -> None:
        """Add hops until the output is final up to ``end_frame``."""
        vocoder = self._vocoder
        frame, hop = vocoder.frame, vocoder.hop
        rate_hz = self._recording.rate_hz
        done = self._ready_from + self._ready.shape[1]
        if done >= end_frame:
            return
        hops = [self._ready[:, max(0, end_frame - 2 * frame - self._ready_from) :]]
        self._ready_from = done - hops[0].shape[1]
        while done < end_frame:
            centre_ns = origin_ns + (done + frame // 2) * NS_PER_S // rate_hz
            place = round(self.clock.place_s(centre_ns) * rate_hz)
            if abs(place - self._last_place - hop) > _JUMP_S * rate_hz:
                vocoder.forget()
            self._last_place = place
            first = place - frame // 2
            before = self._recording.read(first - hop, frame)
            here = self._recording.read(first, frame)
            hops.append(vocoder.step(before, here, tone))
            done += hop
        self._ready = np.concatenate(hops, axis=1)


class _Tones:
    """A second-order low-pass for each of some degrees of brightness, as amplitudes of bins."""

    def __init__(self, frame: int, *, rate_hz: int) -> None:
        self._hz = np.arange(frame // 2 + 1) * (rate_hz / frame)
        self._known: dict[int, NDArray[np.float32]] = {}

    def at(self, brightness: float) -> NDArray[np.float32]:
        step = round(min(max(brightness, 0.0), 1.0) * _TONE_STEPS)
        if step not in self._known:
            cutoff_hz = _DARKEST_HZ * (_BRIGHTEST_HZ / _DARKEST_HZ) ** (step / _TONE_STEPS)
            self._known[step] = (1.0 / np.sqrt(1.0 + (self._hz / cutoff_hz) ** 4)).astype(
                np.float32
            )
        return self._known[step]
