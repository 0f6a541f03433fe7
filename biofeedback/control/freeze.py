"""A freeze: somebody who walked makes no step for two seconds, and gets a single steady pulse.

The music's tempo may only glide, so it can't become 10 % slower within a second, and a gliding
pulse is no steady one. So the beat of the music is left out and single pulses sound in its place:
the first where the next beat would have been, then evenly at 90 % of the tempo. Under them the
music glides to the same tempo; when steps are back it first comes into phase with them, unheard,
and then takes over from the pulses. After half a minute without steps nothing is awaited any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.control.law import AHEAD_NS, Wish
from biofeedback.control.next_beat import next_beat_ns
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.tracker import StepTracker
    from biofeedback.messages import MusicParameters

AFTER_S = 2.0
AFTER_PERIODS = 2.5
"""Somebody who takes more than 0.8 s for a step is given more time."""

SLOWER_RATIO = 0.1
GIVEN_UP_AFTER_S = 30.0
FEWEST_STEPS = 8
STEPS_TO_REJOIN = 4
IN_PHASE_BEATS = 0.1
LONGEST_REJOIN_S = 12.0


class Freeze:
    """Watches one walker; answers while they are frozen."""

    def __init__(self, *, slew_ratio_per_s: float) -> None:
        self._slew = slew_ratio_per_s
        self._since_s: float | None = None
        self._last_step_s: float | None = None
        self._resumed_s: float | None = None
        self._next_pulse_ns: int | None = None
        self._pulse_bpm = 0.0
        self.freezes = 0

    def answer(
        self,
        moment: Moment,
        tracker: StepTracker,
        parameters: MusicParameters,
        *,
        armed: bool,
    ) -> Wish | None:
        """Answer a freeze; None while there is none. Only an armed watch lets one begin."""
        now_s = tracker.now_s
        answered = tracker.newest_s == self._last_step_s
        begins = self._since_s is None and armed and not answered and _stands(now_s, tracker)
        if begins:
            self._last_step_s = tracker.newest_s
            self._since_s = now_s
            self._begin(moment)
        elif self._since_s is None or self._is_over(now_s, self._since_s, tracker):
            self._since_s = None
            return None
        tempo_bpm = self._pulse_bpm
        if self._resumed_s is not None and tracker.own_bpm is not None:
            own_bpm = tracker.own_bpm
            tempo_bpm = tracker.chase_bpm(goal_bpm=own_bpm, slew_ratio_per_s=self._slew)
        return Wish(
            msgspec.structs.replace(parameters, tempo_bpm=tempo_bpm),
            "freeze",
            cue="pulse",
            pulses_ns=self._pulses_ns(moment),
            notices=("gait_frozen",) if begins else (),
        )

    def _begin(self, moment: Moment) -> None:
        self._resumed_s = None
        self.freezes += 1
        self._pulse_bpm = moment.tempo_bpm * (1.0 - SLOWER_RATIO)
        self._next_pulse_ns = None

    def _is_over(self, now_s: float, since_s: float, tracker: StepTracker) -> bool:
        """Tell whether the beat has come into phase with new steps, or none are awaited."""
        if tracker.newest_s is None or tracker.newest_s <= since_s:
            return now_s - since_s > GIVEN_UP_AFTER_S
        if tracker.steps < STEPS_TO_REJOIN:
            return False
        if self._resumed_s is None:
            self._resumed_s = now_s
        ahead = tracker.ahead_beats
        in_phase = ahead is not None and abs(ahead) <= IN_PHASE_BEATS
        return in_phase or now_s - self._resumed_s > LONGEST_REJOIN_S

    def _pulses_ns(self, moment: Moment) -> tuple[int, ...]:
        """List the pulses that have to be ordered at this moment."""
        until_ns = moment.at_ns + AHEAD_NS + round(moment.elapsed_s * NS_PER_S)
        if self._next_pulse_ns is None:
            self._next_pulse_ns = next_beat_ns(moment)
        due: list[int] = []
        while self._next_pulse_ns is not None and self._next_pulse_ns < until_ns:
            due.append(self._next_pulse_ns)
            self._next_pulse_ns += round(60.0 / self._pulse_bpm * NS_PER_S)
        return tuple(due)


def _stands(now_s: float, tracker: StepTracker) -> bool:
    """Tell whether somebody who walked has made no step for too long."""
    if tracker.newest_s is None or tracker.period_s is None or tracker.steps < FEWEST_STEPS:
        return False
    return now_s - tracker.newest_s >= max(AFTER_S, AFTER_PERIODS * tracker.period_s)
