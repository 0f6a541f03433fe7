"""Initial contacts from one acceleration sensor, confirmed by rhythm.

* Each positive peak of the band-limited length of the acceleration may be a step.
* The gate opens when the movement repeats itself like gait; only then are steps announced. The
  steps that opened it come late and together, later ones at once.
* It closes when the rhythm is lost or no step came for two expected periods and half a second.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from biofeedback.signals.filters import (
    BandPass,
    design_highpass,
    design_lowpass,
    phase_delay_s,
)
from biofeedback.signals.gait.belief import Belief
from biofeedback.signals.gait.lift import Lift
from biofeedback.signals.gait.rhythm import NEEDED_SAMPLES, Rhythm, find_rhythm
from biofeedback.signals.gait.strolling import STROLL_SAMPLES, Strolling
from biofeedback.signals.resample import TICK_S, WORKING_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.messages import Site
    from biofeedback.signals.resample import Vector


@dataclass(frozen=True, slots=True)
class Gate:
    """What a site needs.

    Contacts to open, and by how much the peak follows the contact (negative: precedes it).
    """

    fewest_contacts: int
    late_s: float
    pending_s: float
    widest_steps: float
    leap_similarity: float


EVALUATE_TICKS = 12
"""The gate is looked at this often, and nowhere between."""
_STEP_HZ = (0.8, 3.5)
_SECTIONS = np.vstack(
    (
        design_highpass(_STEP_HZ[0], WORKING_RATE_HZ),
        design_lowpass(_STEP_HZ[1], WORKING_RATE_HZ),
    )
)
_SLOWEST_CHZ = 80
_DELAYS_S = tuple(
    phase_delay_s(_SECTIONS, centihertz / 100, WORKING_RATE_HZ)
    for centihertz in range(_SLOWEST_CHZ, 361)
)

_FIRM_SIMILARITY = 0.5
_AGREE = 0.1
_PAUSE_S = 0.5
_MOST_PENDING = 16
_MOST_PEAKS = 24
_BUFFER = 1024
_LESS_OFTEN = 4
_KEEP_SAMPLES = max(NEEDED_SAMPLES, STROLL_SAMPLES)
_STROLL_PENDING_S = 4.0
# A peak in the first fifth of a second would be a contact before the first sample.
_SETTLE_TICKS = 11
_WAIST = Gate(fewest_contacts=3, late_s=0.07, pending_s=4.0, widest_steps=2.2, leap_similarity=0.5)
_CHEST = Gate(fewest_contacts=3, late_s=0.035, pending_s=4.0, widest_steps=2.2, leap_similarity=0.5)
_POCKET = Gate(
    fewest_contacts=3, late_s=-0.03, pending_s=4.0, widest_steps=2.2, leap_similarity=0.5
)
_FOOT = Gate(fewest_contacts=3, late_s=0.0, pending_s=3.0, widest_steps=1.8, leap_similarity=0.7)
_HAND = Gate(fewest_contacts=4, late_s=-0.04, pending_s=2.5, widest_steps=1.8, leap_similarity=0.7)
_GATES: dict[Site, Gate] = {
    "waist": _WAIST,
    "chest": _CHEST,
    "pocket": _POCKET,
    "ankle": _FOOT,
    "arm": _HAND,
    "wrist": _HAND,
    "unknown": _HAND,
}
# Larger swings are cut for the rhythm: one raised arm must not hide a walk.
_CUT_MPS2 = 4.0
_CUT_LEVELS = 3.0
_SWING_FORGET = 0.02
_SOONEST = 0.6
_SLOW_CHAIN = 3.2
_FEWEST_SLOW = 3
_LOW_CONTACT = 0.3
_LOW_DUE = 0.15
_DUE = 0.2
_MOST_WEAK = 2


class Step(msgspec.Struct, frozen=True, gc=False):
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
        # What a trunk or a foot does is lifted anyway.
        self._lift = Lift() if self._gate is _HAND else None
        self._belief = Belief(site)
        self._strolling = Strolling()
        self._band = BandPass(*_STEP_HZ, WORKING_RATE_HZ)
        # The newest values at half the working rate, large ones cut, before ``_filled``.
        self._recent = np.empty(_BUFFER)
        self._filled = 0
        self._swing = 0.0
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_MOST_PEAKS)
        self._y1 = self._y2 = 0.0
        self._settled: int | None = None
        # A step period that was seen once and waits for a second look.
        self._other_s: float | None = None
        self._level = 0.0
        # How many weak contacts came one after the other: who has stopped makes weak peaks only.
        self._weak = 0
        # When the newest announced step was, and whether the next one begins a bout.
        self._announced = -1e9
        self._begins = True
        # One foot feels every second step.
        self._steps_apart = 2 if site == "ankle" else 1
        self.step_s: float | None = None
        """The step period while somebody walks, else None."""
        self.silence_s: float | None = None
        """How long no contact may be felt before the walk is over, None if nobody walks."""
        self.rhythm: Rhythm | None = None
        """What the newest look saw repeated, None if nothing."""
        self.turns: list[int] = []
        """The ticks of the last update at whose end walking began or ended."""

    def settle(self, site: Site) -> None:
        """Go on at a site that has become known; a walk goes on if it is felt alike there."""
        self._site = site
        self._gate = _GATES[site]
        if self._gate is not _HAND:
            self._lift = None
        self._belief.settle(site)
        steps_apart = 2 if site == "ankle" else 1
        if steps_apart != self._steps_apart:
            self._steps_apart = steps_apart
            self._close()

    def restart(self) -> None:
        """Begin anew after a gap: what came before says nothing about now."""
        if self._lift is not None:
            self._lift.restart()
        self._band.reset()
        self._filled = 0
        self._swing = 0.0
        self._peaks.clear()
        self._y1 = self._y2 = 0.0
        self._settled = None
        self.rhythm = None
        self._strolling.restart()
        self._close()

    def _keep_pace(self, step_s: float) -> None:
        self.step_s = step_s
        self.silence_s = 2.0 * self._steps_apart * step_s + _PAUSE_S

    def _close(self) -> None:
        self.step_s = self.silence_s = None
        self._other_s = None
        self._begins = True
        self._belief.restart()

    def update(  # noqa: C901 - calls inside this loop would double its cost
        self, first: int, lengths: Sequence[float], vectors: Sequence[Vector]
    ) -> list[Step]:
        """Take consecutive ticks from ``first`` on: the length of the acceleration and itself."""
        self.turns = []
        steps: list[Step] = []
        if self._settled is None:
            self._settled = first + _SETTLE_TICKS
        settled, recent = self._settled, self._recent
        y1, y2, filled, swing = self._y1, self._y2, self._filled, self._swing
        tick, lifted = first, 0
        for y in self._band.update(lengths):
            if y1 > y and y1 >= y2 and y1 > 0.0 and tick >= settled:
                at = tick - 1 + 0.5 * (y2 - y) / (y2 - 2.0 * y1 + y)
                self._peaks.append((at, y1))
                step = self._consider(at, y1)
                if step is not None:
                    steps.append(step)
            y2, y1 = y1, y
            if not tick & 1:
                size = y if y > 0.0 else -y
                if size > _CUT_MPS2:
                    size = min(size, max(_CUT_MPS2, _CUT_LEVELS * swing))
                swing += _SWING_FORGET * (size - swing)
                recent[filled] = size if y > 0.0 else -size
                filled += 1
                if tick % EVALUATE_TICKS == 0:
                    if self._lift is not None:
                        n = tick + 1 - first
                        self._lift.update(first + lifted, lengths[lifted:n], vectors[lifted:n])
                        lifted = n
                    walked = self.step_s is not None
                    self._evaluate(tick, recent[max(0, filled - _KEEP_SAMPLES) : filled], steps)
                    if walked != (self.step_s is not None):
                        self.turns.append(tick)
                    if filled > _BUFFER - EVALUATE_TICKS:
                        recent[:_KEEP_SAMPLES] = recent[filled - _KEEP_SAMPLES : filled]
                        filled = _KEEP_SAMPLES
            tick += 1
        self._y1, self._y2, self._filled, self._swing = y1, y2, filled, swing
        if self._lift is not None and lifted < len(lengths):
            self._lift.update(first + lifted, lengths[lifted:], vectors[lifted:])
        return steps

    def _consider(self, at: float, height: float) -> Step | None:
        """Announce a peak if the gate is open and it comes when a step may come."""
        if self.step_s is None:
            return None
        period = self.step_s * self._steps_apart / TICK_S
        apart = (at - self._announced) / period
        # A weak peak counts where a step is due.
        due = abs(apart - 1.0) < _DUE and self._weak < _MOST_WEAK
        if apart < _SOONEST or height < (_LOW_DUE if due else _LOW_CONTACT) * self._level:
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
        weak = height < _LOW_CONTACT * self._level
        self._weak = self._weak + 1 if weak else 0
        # A trunk gets weaker when steps get smaller, a hand when it does something else.
        if not weak or self._gate is not _HAND:
            self._level += 0.2 * (min(height, 2.0 * self._level) - self._level)
        rate = round(100.0 / self.step_s) - _SLOWEST_CHZ
        delay_s = _DELAYS_S[min(len(_DELAYS_S) - 1, max(0, rate))]
        # The mean over a tick lies half a tick back.
        return Step(
            contact_s=(at - 0.5) * TICK_S - delay_s - self._gate.late_s,
            peak_mps2=height,
            period_s=self.step_s,
            begins=begins,
        )

    def _evaluate(self, tick: int, newest: NDArray[np.float64], steps: list[Step]) -> None:
        """Look at the rhythm; open, keep or close the gate."""
        rare = tick % (_LESS_OFTEN * EVALUATE_TICKS) == 0
        if rare:
            self._look_longer(tick, newest)
        newest = newest[-NEEDED_SAMPLES:]
        if self.step_s is None:
            rhythm = find_rhythm(newest, site=self._site, step_before_s=None)
            if self._look(rhythm, walking=False) and rhythm is not None:
                steps.extend(self._open(tick, rhythm.step_s, self._gate.pending_s))
            if rare and self.step_s is None and self._strolling.step_s is not None:
                steps.extend(self._open(tick, self._strolling.step_s, _STROLL_PENDING_S))
            return
        patience_s = self.silence_s
        if patience_s is not None and (tick - self._announced) * TICK_S > patience_s:
            self._close()
        # Who walks, walks on: looking less often is enough.
        elif rare:
            rhythm = find_rhythm(newest, site=self._site, step_before_s=self.step_s)
            if not self._look(rhythm, walking=True):
                if self._strolling.step_s is None:
                    self._close()
                else:
                    self._keep_pace(self._strolling.step_s)
            elif rhythm is not None and rhythm.similarity >= _FIRM_SIMILARITY:
                self._follow(rhythm)

    def _look(self, rhythm: Rhythm | None, *, walking: bool) -> bool:
        self.rhythm = rhythm
        lift = None if self._lift is None else self._lift.share()
        return self._belief.look(rhythm, lift, walking=walking)

    def _look_longer(self, tick: int, newest: NDArray[np.float64]) -> None:
        """Where lifting can't be known, ten seconds are asked too."""
        if self._lift is None:
            return
        if self._lift.share() is None:
            self._strolling.look(newest, self._peaks, tick)
        else:
            self._strolling.restart()

    def _follow(self, rhythm: Rhythm) -> None:
        """Follow the step period; a leap must be clear and seen twice: it may be an octave."""
        assert self.step_s is not None  # noqa: S101 - only called while the gate is open
        step_s = rhythm.step_s
        if abs(step_s / self.step_s - 1.0) <= 2.0 * _AGREE:
            self._keep_pace(self.step_s + 0.5 * (step_s - self.step_s))
            self._other_s = None
        elif rhythm.similarity < self._gate.leap_similarity:
            return
        elif self._other_s is not None and abs(step_s / self._other_s - 1.0) <= _AGREE:
            self._keep_pace(step_s)
            self._other_s = None
        else:
            self._other_s = step_s

    def _open(self, tick: int, step_s: float, pending_s: float) -> list[Step]:
        """Walk back from the newest peak as long as there is a peak where a step must be."""
        period = step_s * self._steps_apart / TICK_S
        # Who walks slowly needs longer for three contacts than a usual walker for four.
        pending = max(pending_s * WORKING_RATE_HZ, _SLOW_CHAIN * period)
        slow = _SLOW_CHAIN * period > self._gate.pending_s * WORKING_RATE_HZ
        fewest = _FEWEST_SLOW if slow else self._gate.fewest_contacts
        oldest = max(tick - pending, self._announced + _SOONEST * period)
        newest = [*self._peaks][-_MOST_PENDING:]
        peaks = [peak for peak in newest if peak[0] >= oldest]
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
            earliest, latest, expected = (
                at - self._gate.widest_steps * period,
                at - _SOONEST * period,
                at - period,
            )
        heights = sorted(height for _, height in chain)
        if not heights:
            return []
        usual = heights[len(heights) // 2]
        while chain and chain[-1][1] < _LOW_CONTACT * usual:
            chain.pop()
        if len(chain) < fewest:
            return []
        self._keep_pace(step_s)
        self._other_s = None
        self._level = math.fsum([height for _, height in chain]) / len(chain)
        return [self._announce(at, height) for at, height in reversed(chain)]


def _fitness(peak: tuple[float, float], expected: float | None, period: float) -> float:
    """Rate a peak by its height and by how near it is to where a step is expected."""
    at, height = peak
    return height if expected is None else height * (1.0 - abs(at - expected) / period)
