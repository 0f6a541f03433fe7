"""BREATHE: a swell to breathe with, and a test that finds the breath that suits best.

``pace``: the swell stands at the plan's rate. ``own``: at three quarters of the person's own rate,
learned once. ``search``: 6.5, 6, 5.5, 5 and 4.5 a minute for two minutes each, then the rate at
which the heart swung most. Coherence, once its first 64 s are over, is heard as brightness and
consonance; without it nothing is fed back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.calm import calm_music
from biofeedback.control.course import Course
from biofeedback.control.law import Wish
from biofeedback.control.limits import RELAX_SLEW_RATIO_PER_S
from biofeedback.control.resonance import (
    GLIDE_S,
    HOLD_S,
    RATES_BRPM,
    PacedWave,
    find_resonance_brpm,
)
from biofeedback.control.swell import FASTEST_BRPM, SLOWEST_BRPM, Swell, slower_than_own
from biofeedback.messages import MeasureTaken

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.messages import Reason

DEPTH = 0.8
AROUSAL = 0.25
COHERENT = 0.5
MOST_BRIGHT = 0.35
LEARN_S = 15.0


class BreathePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rate: given, slower than the own, or searched for."""

    rate: Literal["pace", "own", "search"] = "pace"
    pace_brpm: Annotated[float, Meta(ge=SLOWEST_BRPM, le=FASTEST_BRPM)] = 6.0


class BreatheLaw:
    """Paces one person, and listens to their heart."""

    tempo_slew_ratio_per_s: ClassVar[float] = RELAX_SLEW_RATIO_PER_S

    def __init__(
        self, plan: BreathePlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        del limits
        self._plan = plan or BreathePlan()
        self._tempo_bpm = resting_tempo_bpm
        self._breath, self._coherence = Course(edge_s=LEARN_S), Course()
        self._swell: Swell | None = None
        self._hold_s = 0.0
        self._index = 0
        self._wave = PacedWave(RATES_BRPM[0])
        self._source: tuple[str, str] | None = None
        self._amplitudes_ms: list[float | None] = []
        self._coherent_s = self._known_s = 0.0

    @property
    def resonance_brpm(self) -> float | None:
        """What the search found; None before its end, or when nobody breathed along."""
        if len(self._amplitudes_ms) < len(RATES_BRPM):
            return None
        return find_resonance_brpm(self._amplitudes_ms)

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        self._breath.take(moment.first("breathing_brpm"), moment.elapsed_s)
        coherence = moment.first("coherence")
        self._coherence.take(coherence, moment.elapsed_s)
        if coherence is not None:
            self._known_s += moment.elapsed_s
            self._coherent_s += moment.elapsed_s * (coherence >= COHERENT)
        goal_brpm, reason = self._goal(moment)
        if self._swell is None:
            # A swell that isn't heard may choose its rate; one that is may only glide.
            self._swell = None if goal_brpm is None else Swell(goal_brpm)
            start_brpm = FASTEST_BRPM if goal_brpm is None else goal_brpm
            silent = calm_music(self._tempo_bpm, AROUSAL, swell=0.0, swell_brpm=start_brpm)
            return Wish(silent, "settling")
        if goal_brpm is None:
            goal_brpm = self._swell.brpm
        swell_brpm = self._swell.glide(goal_brpm, moment.elapsed_s)
        parameters = calm_music(self._tempo_bpm, AROUSAL, swell=DEPTH, swell_brpm=swell_brpm)
        if coherence is not None:
            parameters = msgspec.structs.replace(
                parameters,
                brightness=parameters.brightness + MOST_BRIGHT * coherence,
                tension=parameters.tension * (1.0 - coherence),
            )
        return Wish(parameters, reason)

    def outcomes(self) -> dict[str, float | None]:
        """Tell the resonance, the wave at each rate, and how coherent the heart was."""
        waves = {
            f"wave_at_{rate:g}_brpm_ms": amplitude
            for rate, amplitude in zip(RATES_BRPM, self._amplitudes_ms, strict=False)
        }
        return {
            "resonance_brpm": self.resonance_brpm,
            **waves,
            "coherence_start": self._coherence.start,
            "coherence_now": self._coherence.now,
            "coherent_time_ratio": self._coherent_s / self._known_s if self._known_s else None,
            "breathing_now_brpm": self._breath.now,
        }

    def _goal(self, moment: Moment) -> tuple[float | None, Reason]:
        match self._plan.rate:
            case "pace":
                return self._plan.pace_brpm, "pacing"
            case "own":
                own_brpm = self._breath.start
                return (None if own_brpm is None else slower_than_own(own_brpm)), "pacing"
            case "search":
                return self._search(moment)

    def _search(self, moment: Moment) -> tuple[float, Reason]:
        if self._index == len(RATES_BRPM):
            return self.resonance_brpm or self._plan.pace_brpm, "pacing"
        self._hold_s += moment.elapsed_s
        if self._hold_s > GLIDE_S:
            self._listen(moment)
        if self._hold_s >= HOLD_S:
            self._amplitudes_ms.append(self._wave.amplitude_ms())
            self._index += 1
            self._hold_s = 0.0
            if self._index < len(RATES_BRPM):
                self._wave = PacedWave(RATES_BRPM[self._index])
        return RATES_BRPM[min(self._index, len(RATES_BRPM) - 1)], "searching"

    def _listen(self, moment: Moment) -> None:
        """Take the intervals of one sensor, the first that tells any."""
        for finding in moment.findings:
            if isinstance(finding, MeasureTaken) and finding.measure == "rr_ms":
                source = (finding.wearer, finding.sensor)
                if self._source is None:
                    self._source = source
                if source == self._source:
                    self._wave.take(finding.value, finding.quality, at_ns=finding.at_ns)
