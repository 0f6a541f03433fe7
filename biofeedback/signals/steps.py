"""Initial contacts from one acceleration sensor, confirmed by rhythm.

* Each positive peak of the band-limited length of the acceleration may be a step.
* The gate opens when the movement repeats itself like gait; only then are steps announced. The
  steps that opened it come late and together, later ones at once.
* It closes when the rhythm is lost or no step came for two expected periods and a half second.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.filters import Biquads, design_butterworth, phase_delay_s
from biofeedback.signals.resample import TICK_S, WORKING_RATE_HZ
from biofeedback.signals.rhythm import NEEDED_SAMPLES, Rhythm, find_rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Site

EVALUATE_TICKS = 12
"""The gate is looked at this often, and nowhere between."""
_RHYTHM_BAND = design_butterworth(2, 5.0, "lowpass", WORKING_RATE_HZ)
_STEP_BAND = np.vstack(
    (
        design_butterworth(1, 0.8, "highpass", WORKING_RATE_HZ),
        design_butterworth(2, 3.5, "lowpass", WORKING_RATE_HZ),
    )
)
_RATES_HZ = np.linspace(0.8, 3.6, 57)
_DELAYS_S = np.array([phase_delay_s(_STEP_BAND, float(f), WORKING_RATE_HZ) for f in _RATES_HZ])

_OPEN_SIMILARITY = 0.55
_KEEP_SIMILARITY = 0.3
_SMALLEST_MPS2 = 0.35
_PATIENCE = 3
_PAUSE_S = 0.5
_PENDING_TICKS = 3.0 * WORKING_RATE_HZ
_MOST_PENDING = 12
_FAST_SPM = 150.0
_FAST_MPS2 = 2.5


@dataclass(frozen=True, slots=True)
class Step:
    """An initial contact at ``contact_s`` after the origin; ``peak_mps2`` is its strength.

    ``period_s`` is the step period at that moment; ``begins`` marks the first step of a bout.
    """

    contact_s: float
    peak_mps2: float
    period_s: float
    begins: bool


class Steps:
    """Find initial contacts."""

    def __init__(self, site: Site) -> None:
        self._site: Site = site
        self._wide = Biquads(_RHYTHM_BAND)
        self._narrow = Biquads(_STEP_BAND)
        self._recent: deque[float] = deque(maxlen=NEEDED_SAMPLES)
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_MOST_PENDING)
        self._y1 = self._y2 = 0.0
        self._doubts = 0
        self._hopes = 0
        self._level = 0.0
        self._last_peak = -1e9
        self.rhythm: Rhythm | None = None
        self.step_s: float | None = None
        """The step period while somebody walks, else None."""

    def restart(self) -> None:
        """Begin anew after a gap: what came before says nothing about now."""
        self._wide.reset()
        self._narrow.reset()
        self._recent.clear()
        self._peaks.clear()
        self._y1 = self._y2 = 0.0
        self.rhythm = None
        self._close()

    def _close(self) -> None:
        self.step_s = None
        self._doubts = self._hopes = 0
        self._last_peak = -1e9

    def update(self, first: int, lengths: Sequence[float], band: Sequence[float]) -> list[Step]:
        """Take consecutive ticks of the acceleration's length, and of its 0.3-10 Hz band."""
        wide = self._wide.update(band)
        narrow = self._narrow.update(lengths)
        steps: list[Step] = []
        y1, y2 = self._y1, self._y2
        for i, y in enumerate(narrow):
            tick = first + i
            if tick % 2 == 0:
                self._recent.append(wide[i])
            if y1 > y and y1 >= y2 and y1 > 0.0:
                bend = y2 - 2.0 * y1 + y
                at = tick - 1 + 0.5 * (y2 - y) / bend
                self._peaks.append((at, y1))
                step = self._consider(at, y1)
                if step is not None:
                    steps.append(step)
            y2, y1 = y1, y
            if tick % EVALUATE_TICKS == 0:
                steps.extend(self._evaluate(tick))
        self._y1, self._y2 = y1, y2
        return steps

    def _consider(self, at: float, height: float) -> Step | None:
        """Announce a peak if the gate is open and it comes when a step may come."""
        if self.step_s is None:
            return None
        period = self.step_s / TICK_S
        if at - self._last_peak < 0.6 * period or height < 0.3 * self._level:
            return None
        return self._announce(at, height)

    def _announce(self, at: float, height: float) -> Step:
        assert self.step_s is not None  # noqa: S101 - only called while the gate is open
        begins = self._last_peak < 0.0
        self._last_peak = at
        self._level += 0.2 * (height - self._level)
        delay_s = float(np.interp(1.0 / self.step_s, _RATES_HZ, _DELAYS_S))
        # The mean over a tick lies half a tick back.
        return Step(
            contact_s=(at - 0.5) * TICK_S - delay_s,
            peak_mps2=height,
            period_s=self.step_s,
            begins=begins,
        )

    def _evaluate(self, tick: int) -> list[Step]:
        """Look at the rhythm; open, keep or close the gate."""
        if self.step_s is not None:
            if (tick - self._last_peak) * TICK_S > 2.0 * self.step_s + _PAUSE_S:
                self._close()
                return []
            # Who walks, walks on: looking half as often is enough.
            if tick % (2 * EVALUATE_TICKS) != 0:
                return []
        rhythm = find_rhythm(np.array(self._recent), site=self._site, step_before_s=self.step_s)
        self.rhythm = rhythm
        if self.step_s is None:
            self._hopes = self._hopes + 1 if rhythm is not None and _is_gait(rhythm) else 0
            if rhythm is None or self._hopes < 2:
                return []
            return self._open(tick, rhythm)
        if (
            rhythm is None
            or rhythm.similarity < _KEEP_SIMILARITY
            or rhythm.size_mps2 < _SMALLEST_MPS2
        ):
            self._doubts += 1
            if self._doubts >= _PATIENCE:
                self._close()
            return []
        if rhythm.similarity >= 0.5:
            self._doubts = 0
            self.step_s += 0.5 * (rhythm.step_s - self.step_s)
        return []

    def _open(self, tick: int, rhythm: Rhythm) -> list[Step]:
        """Walk back from the newest peak as long as the peaks keep the rhythm."""
        period = rhythm.step_s / TICK_S
        chain: list[tuple[float, float]] = []
        highest = max((p[1] for p in self._peaks), default=0.0)
        for at, height in reversed(self._peaks):
            if tick - at > _PENDING_TICKS:
                break
            if height < 0.25 * highest:
                continue
            if chain:
                apart = chain[-1][0] - at
                if apart < 0.6 * period:
                    if height > 1.3 * chain[-1][1] and len(chain) == 1:
                        chain[-1] = (at, height)
                    continue
                if apart > 1.5 * period:
                    break
            chain.append((at, height))
        if len(chain) < 3:
            return []
        self.step_s = rhythm.step_s
        self._doubts = 0
        self._level = sum(height for _, height in chain) / len(chain)
        return [self._announce(at, height) for at, height in reversed(chain)]


def _is_gait(rhythm: Rhythm) -> bool:
    """Tell gait from other periodic movement by regularity, size and speed."""
    spm = 60.0 / rhythm.step_s
    return (
        rhythm.similarity >= _OPEN_SIMILARITY
        and rhythm.size_mps2 >= _SMALLEST_MPS2
        and (spm < _FAST_SPM or rhythm.size_mps2 >= _FAST_MPS2)
    )
