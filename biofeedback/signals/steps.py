"""Initial contacts from one acceleration sensor, confirmed by rhythm.

* Each positive peak of the band-limited length of the acceleration may be a step.
* The gate opens when the movement repeats itself like gait; only then are steps announced. The
  steps that opened it come late and together, later ones at once.
* It closes when the rhythm is lost or no step came for two expected periods and 0.75 s.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.belief import Belief
from biofeedback.signals.filters import Biquads, design_highpass, design_lowpass, phase_delay_s
from biofeedback.signals.lift import Lift
from biofeedback.signals.resample import TICK_S, WORKING_RATE_HZ
from biofeedback.signals.rhythm import NEEDED_SAMPLES, Rhythm, find_rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Site
    from biofeedback.signals.resample import Vector


@dataclass(frozen=True, slots=True)
class Gate:
    """What a site needs.

    Contacts to open, and by how much the peak follows the contact (negative: precedes it).
    """

    fewest_contacts: int
    late_s: float


EVALUATE_TICKS = 12
"""The gate is looked at this often, and nowhere between."""
_STEP_BAND = np.vstack(
    (
        design_highpass(0.8, WORKING_RATE_HZ),
        design_lowpass(3.5, WORKING_RATE_HZ),
    )
)
_RATES_HZ = np.linspace(0.8, 3.6, 57)
_DELAYS_S = np.array([phase_delay_s(_STEP_BAND, float(f), WORKING_RATE_HZ) for f in _RATES_HZ])

_FIRM_SIMILARITY = 0.5
_AGREE = 0.1
_PAUSE_S = 0.75
_PENDING_TICKS = 2.5 * WORKING_RATE_HZ
_MOST_PENDING = 16
# A peak in the first fifth of a second would be a contact before the first sample.
_SETTLE_TICKS = 11
_TRUNK = Gate(fewest_contacts=3, late_s=0.02)
_FOOT = Gate(fewest_contacts=3, late_s=0.0)
_HAND = Gate(fewest_contacts=4, late_s=-0.04)
_GATES: dict[Site, Gate] = {
    "waist": _TRUNK,
    "chest": _TRUNK,
    "ankle": _FOOT,
    "arm": _HAND,
    "wrist": _HAND,
    "unknown": _HAND,
}
# Larger swings are cut for the rhythm: one raised arm must not hide a walk.
_CUT_MPS2 = 4.0
_CUT_LEVELS = 3.0
_LEVEL_FORGET = 0.01
_LOW_CONTACT = 0.3


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
        self._gate = _GATES[site]
        self._lift = Lift()
        self._belief = Belief(site)
        self._swing = 0.0
        self._narrow = Biquads(_STEP_BAND)
        self._recent: deque[float] = deque(maxlen=NEEDED_SAMPLES)
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_MOST_PENDING)
        self._y1 = self._y2 = 0.0
        self._settled: int | None = None
        # A step period that was seen once and waits for a second look.
        self._other_s: float | None = None
        self._level = 0.0
        # When the newest announced step was, and whether the next one begins a bout.
        self._announced = -1e9
        self._begins = True
        # One foot feels every second step.
        self._steps_apart = 2 if site == "ankle" else 1
        self.step_s: float | None = None
        """The step period while somebody walks, else None."""

    @property
    def silence_s(self) -> float | None:
        """How long no contact may be felt before the walk is over, None if nobody walks."""
        if self.step_s is None:
            return None
        return 2.0 * self._steps_apart * self.step_s + _PAUSE_S

    def restart(self) -> None:
        """Begin anew after a gap: what came before says nothing about now."""
        self._lift.restart()
        self._swing = 0.0
        self._narrow.reset()
        self._recent.clear()
        self._peaks.clear()
        self._y1 = self._y2 = 0.0
        self._settled = None
        self._close()

    def _close(self) -> None:
        self.step_s = None
        self._other_s = None
        self._begins = True
        self._belief.restart()

    def update(
        self,
        first: int,
        lengths: Sequence[float],
        vectors: Sequence[Vector],
    ) -> list[Step]:
        """Take consecutive ticks, at most up to the next that EVALUATE_TICKS divides.

        Args:
            first: The first tick.
            lengths: Length of the acceleration.
            vectors: The acceleration itself.
        """
        self._lift.update(first, lengths, vectors)
        narrow = self._narrow.update(lengths)
        steps: list[Step] = []
        y1, y2 = self._y1, self._y2
        if self._settled is None:
            self._settled = first + _SETTLE_TICKS
        settled = self._settled
        for i, y in enumerate(narrow):
            tick = first + i
            cut = max(_CUT_MPS2, _CUT_LEVELS * self._swing)
            x = cut if y > cut else max(y, -cut)
            self._swing += _LEVEL_FORGET * (abs(x) - self._swing)
            if tick % 2 == 0:
                self._recent.append(x)
            if y1 > y and y1 >= y2 and y1 > 0.0 and tick >= settled:
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
        period = self.step_s * self._steps_apart / TICK_S
        if at - self._announced < 0.6 * period or height < 0.3 * self._level:
            return None
        if self._steps_apart > 1 and not self._lands(at, period):
            return None
        return self._announce(at, height)

    def _lands(self, at: float, stride: float) -> bool:
        """Tell the landing of a foot from its push-off: the swing before it is the shorter part.

        A swing takes about 0.4 of a stride (Perry & Burnfield 2010, Gait analysis).
        """
        return any(0.25 * stride <= at - before <= 0.48 * stride for before, _ in self._peaks)

    def _announce(self, at: float, height: float) -> Step:
        assert self.step_s is not None  # noqa: S101 - only called while the gate is open
        begins, self._begins = self._begins, False
        self._announced = at
        self._level += 0.2 * (min(height, 2.0 * self._level) - self._level)
        delay_s = float(np.interp(1.0 / self.step_s, _RATES_HZ, _DELAYS_S))
        # The mean over a tick lies half a tick back.
        return Step(
            contact_s=(at - 0.5) * TICK_S - delay_s - self._gate.late_s,
            peak_mps2=height,
            period_s=self.step_s,
            begins=begins,
        )

    def _evaluate(self, tick: int) -> list[Step]:
        """Look at the rhythm; open, keep or close the gate."""
        if self.step_s is not None:
            patience_s = self.silence_s
            if patience_s is not None and (tick - self._announced) * TICK_S > patience_s:
                self._close()
            # Who walks, walks on: looking half as often is enough.
            elif tick % (2 * EVALUATE_TICKS) == 0:
                self._look_again()
            return []
        rhythm = find_rhythm(np.array(self._recent), site=self._site, step_before_s=None)
        if self._belief.look(rhythm, self._lift.share(), walking=False) and rhythm is not None:
            return self._open(tick, rhythm)
        return []

    def _look_again(self) -> None:
        """Keep the gate open while the rhythm goes on."""
        rhythm = find_rhythm(np.array(self._recent), site=self._site, step_before_s=self.step_s)
        if not self._belief.look(rhythm, self._lift.share(), walking=True):
            self._close()
        elif rhythm is not None and rhythm.similarity >= _FIRM_SIMILARITY:
            self._follow(rhythm.step_s)

    def _follow(self, step_s: float) -> None:
        """Follow the step period; a leap must be seen twice, for it may be the wrong octave."""
        assert self.step_s is not None  # noqa: S101 - only called while the gate is open
        if abs(step_s / self.step_s - 1.0) <= 2.0 * _AGREE:
            self.step_s += 0.5 * (step_s - self.step_s)
            self._other_s = None
        elif self._other_s is not None and abs(step_s / self._other_s - 1.0) <= _AGREE:
            self.step_s = step_s
            self._other_s = None
        else:
            self._other_s = step_s

    def _open(self, tick: int, rhythm: Rhythm) -> list[Step]:
        """Walk back from the newest peak as long as there is a peak where a step must be."""
        period = rhythm.step_s * self._steps_apart / TICK_S
        oldest = max(tick - _PENDING_TICKS, self._announced + 0.6 * period)
        peaks = [peak for peak in self._peaks if peak[0] >= oldest]
        if self._steps_apart > 1:
            peaks = [peak for peak in peaks if self._lands(peak[0], period)]
        chain: list[tuple[float, float]] = []
        latest, earliest = float(tick), tick - 1.2 * period
        expected: float | None = None
        while True:
            near = [peak for peak in peaks if earliest <= peak[0] <= latest]
            if not near:
                break
            chosen = max(near, key=lambda peak: _fitness(peak, expected, period))
            chain.append(chosen)
            at = chosen[0]
            earliest, latest, expected = at - 1.45 * period, at - 0.6 * period, at - period
        heights = sorted(height for _, height in chain)
        if not heights:
            return []
        usual = heights[len(heights) // 2]
        while chain and chain[-1][1] < _LOW_CONTACT * usual:
            chain.pop()
        if len(chain) < self._gate.fewest_contacts:
            return []
        self.step_s = rhythm.step_s
        self._other_s = None
        self._level = sum(height for _, height in chain) / len(chain)
        return [self._announce(at, height) for at, height in reversed(chain)]


def _fitness(peak: tuple[float, float], expected: float | None, period: float) -> float:
    """Rate a peak by its height and by how near it is to where a step is expected."""
    at, height = peak
    return height if expected is None else height * (1.0 - abs(at - expected) / period)
