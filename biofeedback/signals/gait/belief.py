"""How sure is it that somebody walks? Evidence for and against, added up from look to look.

One look at two seconds of movement can err, so none of them decides: each adds its log odds, and
the gate opens when the sum is high enough. A clear walk opens it after one or two looks, a
doubtful one after more; what looks like gait for a moment only never does.

The weights are those of a logistic regression on public recordings (hands: walks of six people
against desk work, dressing, tying laces, rest and hand movements); each feature has a plain
meaning, and none of them depends on how the sensor is worn.

References:
    Wald (1945), Sequential tests of statistical hypotheses; Page (1954), Continuous inspection
    schemes. Deviation: looks overlap, so their evidence is capped, as is the sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.messages import Site
    from biofeedback.signals.gait.rhythm import Rhythm

_USUAL_SPM = 105.0
_SMALLEST_MPS2 = 0.1
_CLEAR_MPS2 = 3.0
_CLEAR_LIFT = 0.75
# A sensor that tells only a length has to look a little more like gait to go on.
_UNKNOWN_LIFT = 0.6
_UNKNOWN_TO_KEEP = 0.55
_LESS_TO_KEEP = 0.1
_BIAS = -10.5
_BY_SIMILARITY = 8.7
_BY_SIZE = 1.5
_BY_OCTAVES = -1.2
_BY_LIFT = 9.2
_BY_SWAY = -6.0
_WIDEST_SWAY_MPS2 = 3.0
_MORE_SWAY_TO_KEEP = 1.25
_AMPLITUDE = math.sqrt(2.0) / (2.0 * math.pi) ** 2
"""Of a sine, over its RMS acceleration and its squared period."""
_LEAST_LIFT = 0.05
_NOTHING = -6.0
_MOST_FOR = 3.5
_MOST_SUM = 6.0
_OPEN = 3.0
# Who walks is looked at less often, so a look overlaps less with the one before.
_RARE_LOOK = 2.0
_RUN_SPM = 130.0
_FAST_SPM = 150.0
_FAST_MPS2 = 2.5


@dataclass(frozen=True, slots=True)
class Prior:
    """What a site adds to every look before and during a walk, and what it excludes.

    A walker doesn't shake it harder than ``heaviest_walk_mps2`` nor lift it up and down by more
    than ``highest_lift_m``; the share of lifting in its movement is ``least_lift`` or more.
    """

    before: float
    during: float
    heaviest_walk_mps2: float
    highest_lift_m: float
    least_lift: float


_TRUNK = Prior(
    before=2.0, during=3.5, heaviest_walk_mps2=6.0, highest_lift_m=math.inf, least_lift=0.0
)
_FOOT = Prior(
    before=2.0, during=3.5, heaviest_walk_mps2=40.0, highest_lift_m=math.inf, least_lift=0.0
)
_HAND = Prior(before=-0.5, during=1.0, heaviest_walk_mps2=4.8, highest_lift_m=0.06, least_lift=0.4)
_PRIORS: dict[Site, Prior] = {
    "waist": _TRUNK,
    "chest": _TRUNK,
    "pocket": _TRUNK,
    "ankle": _FOOT,
    "arm": _HAND,
    "wrist": _HAND,
    "unknown": _HAND,
}
"""Hands do many periodic things that aren't gait; a trunk hardly does."""


class Belief:
    """The sum of the evidence, 0 (nobody walks) to 6 (beyond doubt)."""

    def __init__(self, site: Site) -> None:
        self._prior = _PRIORS[site]
        self._sum = 0.0

    def settle(self, site: Site) -> None:
        """Weigh from now on as at another site."""
        self._prior = _PRIORS[site]

    def restart(self) -> None:
        """Forget what was seen."""
        self._sum = 0.0

    def look(self, rhythm: Rhythm | None, lift: float | None, *, walking: bool) -> bool:
        """Add one look; tell whether somebody walks now.

        Args:
            rhythm: What the newest seconds repeat, None if nothing.
            lift: The share of lifting, None where it isn't asked or can't be known.
            walking: Whether somebody walks already.
        """
        odds = _NOTHING if rhythm is None else self._weigh(rhythm, lift, walking=walking)
        odds = min(_MOST_FOR, max(_NOTHING, odds))
        if walking:
            odds *= _RARE_LOOK
        self._sum = min(_MOST_SUM, max(0.0, self._sum + odds))
        return self._sum > 0.0 if walking else self._sum >= _OPEN

    def _weigh(self, rhythm: Rhythm, lift: float | None, *, walking: bool) -> float:
        """Return the log odds of gait against other movement."""
        prior = self._prior
        spm = 60.0 / rhythm.step_s
        if self._excludes(rhythm, spm, lift, walking=walking):
            return _NOTHING
        size_mps2 = min(_CLEAR_MPS2, max(_SMALLEST_MPS2, rhythm.size_mps2))
        too_wide_mps2 = 0.0
        if lift is not None and spm <= _RUN_SPM:
            sway_mps2 = rhythm.size_mps2 * math.sqrt(1.0 / max(_LEAST_LIFT, lift) ** 2 - 1.0)
            widest_mps2 = _WIDEST_SWAY_MPS2 * (_MORE_SWAY_TO_KEEP if walking else 1.0)
            too_wide_mps2 = max(0.0, sway_mps2 - widest_mps2)
        if lift is None:
            share = _UNKNOWN_TO_KEEP if walking else _UNKNOWN_LIFT
        else:
            share = min(_CLEAR_LIFT, lift)
        return (
            _BIAS
            + (prior.during if walking else prior.before)
            + _BY_SIMILARITY * rhythm.similarity
            + _BY_SIZE * math.log(size_mps2)
            + _BY_OCTAVES * abs(math.log2(spm / _USUAL_SPM))
            + _BY_LIFT * share
            + _BY_SWAY * too_wide_mps2
        )

    def _excludes(self, rhythm: Rhythm, spm: float, lift: float | None, *, walking: bool) -> bool:
        """Tell what is beyond doubt no gait."""
        prior = self._prior
        if lift is not None and lift < prior.least_lift - (_LESS_TO_KEEP if walking else 0.0):
            return True
        if spm <= _RUN_SPM and rhythm.size_mps2 > prior.heaviest_walk_mps2 * (
            1.2 if walking else 1.0
        ):
            return True
        # Who walks already may be looked at an octave too low.
        if walking:
            return False
        lifted_m = _AMPLITUDE * rhythm.size_mps2 * rhythm.step_s * rhythm.step_s
        if spm <= _RUN_SPM and lifted_m > prior.highest_lift_m:
            return True
        # So many steps a minute are running, and running shakes.
        return spm >= _FAST_SPM and rhythm.size_mps2 < _FAST_MPS2
