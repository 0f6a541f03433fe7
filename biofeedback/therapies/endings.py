"""What ends a phase between its least and its most time."""

from __future__ import annotations

from collections import deque
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from biofeedback.control.songwrite import SongwriteLaw
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from biofeedback.control.law import Law, Moment
    from biofeedback.messages import PhaseEnd
    from biofeedback.therapies.plan import Phase

STEADY_STEPS = 30
STEADY_CV = 0.06
LONGEST_STEP_S = 2.0
SETTLED_BPM, SETTLED_FOR_S = 10.0, 30.0
_BARELY = 1e-6


class Ending:
    """Watches one phase."""

    def __init__(self, phase: Phase, *, rest_bpm: float | None) -> None:
        self._phase = phase
        self._rest_bpm = rest_bpm
        self._wearer: str | None = None
        self._newest_ns: int | None = None
        self._step_times_s: deque[float] = deque(maxlen=STEADY_STEPS)
        self._settled_s = 0.0
        self._asked_on = False

    def ask_on(self) -> None:
        """Somebody presses the key to go on: said too early, or in a pause, it isn't forgotten."""
        self._asked_on = True

    def watch(self, moment: Moment, law: Law, in_phase_s: float) -> PhaseEnd | None:
        """Say why the phase is over, None while it goes on.

        Args:
            moment: What became known.
            law: The law in force.
            in_phase_s: How long the phase has run, this moment included.
        """
        phase = self._phase
        met = self._is_met(moment, law)
        if in_phase_s + _BARELY >= phase.most_s:
            return "time"
        if not met or in_phase_s + _BARELY < phase.least_s:
            return None
        return "key" if phase.ends == "key" else "criterion"

    def _is_met(self, moment: Moment, law: Law) -> bool:
        match self._phase.ends:
            case "time":
                return False
            case "steady_cadence":
                return self._is_steady(moment)
            case "settled":
                return self._is_settled(moment)
            case "key":
                return self._asked_on
            case "song_whole":
                return isinstance(law, SongwriteLaw) and law.slot is None

    def _is_steady(self, moment: Moment) -> bool:
        """Tell whether the first walker's newest steps are even."""
        for step in moment.steps:
            self._wearer = self._wearer or step.wearer
            if step.wearer != self._wearer:
                continue
            if self._newest_ns is not None:
                step_s = (step.at_ns - self._newest_ns) / NS_PER_S
                if step_s > LONGEST_STEP_S:
                    self._step_times_s.clear()
                else:
                    self._step_times_s.append(step_s)
            self._newest_ns = step.at_ns
        times_s = self._step_times_s
        return len(times_s) == STEADY_STEPS and pstdev(times_s) <= STEADY_CV * fmean(times_s)

    def _is_settled(self, moment: Moment) -> bool:
        heart_rate_bpm = moment.first("heart_rate_bpm")
        if heart_rate_bpm is not None and self._rest_bpm is not None:
            near = heart_rate_bpm - self._rest_bpm < SETTLED_BPM
            self._settled_s = self._settled_s + moment.elapsed_s if near else 0.0
        return self._settled_s + _BARELY >= SETTLED_FOR_S
