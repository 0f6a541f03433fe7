"""Heart rate kinetics and beats.

The heart rate approaches the target of the effort with a first-order lag, faster up than down,
and drifts upwards under long effort. Each RR interval carries respiratory sinus arrhythmia, a
slow wave near 0.1 Hz and noise; all of them shrink as the heart beats faster.

Breathing may follow the swell of the music. The breath wave is largest at the person's own
resonance (Vaschillo et al. 2006), which is the same loop that makes the slow wave: breathing there
takes the slow wave over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.messages import SteerSound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from biofeedback.messages import MusicParameters, Output
    from biofeedback.simulate.story import Person, Story

_ON_S, _OFF_S = 25.0, 45.0
_DRIFT_BPM_PER_MIN = 0.9
_MAYER_HZ = 0.1
_RESPIRATORY, _SLOW, _NOISE = 0.045, 0.03, 0.006
_BREATHS_PER_EFFORT = 24.0
_KEPT_BEATS = 64
_RESONANCE_GAIN, _RESONANCE_WIDTH_BRPM = 1.6, 1.7
_HEARD_SWELL = 0.05
_SLOW_BPM, _LIVELY_BPM = 42.0, 80.0


class Heart:
    """Beats, made one by one as far as they are asked for."""

    def __init__(self, person: Person, story: Story, rng: np.random.Generator) -> None:
        self._person = person
        self._story = story
        self._rng = rng
        self._hr_bpm = person.rest_hr_bpm + self._lift_bpm(0.0)
        self._drift_bpm = 0.0
        self._heard: MusicParameters | None = None
        self._slow_phase: float = float(rng.uniform(0.0, math.tau))
        self._breath_phase = float(rng.uniform(0.0, math.tau))
        self.beat_times_s: list[float] = [-float(rng.uniform(0.0, 0.8))]
        self.rr_s: list[float] = [60.0 / self._hr_bpm]
        self.breath_phases_rad: list[float] = [self._breath_phase]

    def hear(self, orders: Sequence[Output]) -> None:
        """Hear the newest order to the sound."""
        for order in orders:
            if isinstance(order, SteerSound):
                self._heard = order.parameters

    def beat_until(self, time_s: float) -> None:
        """Make beats until the newest lies behind ``time_s``."""
        while self.beat_times_s[-1] <= time_s:
            self._beat()
        if len(self.beat_times_s) > 2 * _KEPT_BEATS:
            for kept in (self.beat_times_s, self.rr_s, self.breath_phases_rad):
                del kept[:-_KEPT_BEATS]

    def rr_between(self, start_s: float, end_s: float) -> list[float]:
        """List the RR intervals that ended in (start, end], oldest first, in seconds."""
        self.beat_until(end_s)
        return [
            rr
            for time, rr in zip(self.beat_times_s, self.rr_s, strict=True)
            if start_s < time <= end_s
        ]

    def _beat(self) -> None:
        time_s = self.beat_times_s[-1]
        person = self._person
        effort = self._story.effort_ratio(time_s)
        calm = (person.rest_hr_bpm / self._hr_bpm) ** 2
        breathing_brpm = self.breathing_brpm(time_s)
        apart = (breathing_brpm - person.resonance_brpm) / _RESONANCE_WIDTH_BRPM
        resonates = 1.0 / (1.0 + apart * apart)
        wave = (
            _RESPIRATORY * (1.0 + _RESONANCE_GAIN * resonates) * math.sin(self._breath_phase)
            + _SLOW * (1.0 - resonates) * math.sin(self._slow_phase)
            + _NOISE * float(self._rng.standard_normal())
        )
        rr_s = 60.0 / self._hr_bpm * (1.0 + calm * wave)
        target = person.rest_hr_bpm + self._lift_bpm(time_s) + self._drift_bpm
        target -= person.calming_bpm * self._calm_ratio()
        lag_s = _ON_S if target > self._hr_bpm else _OFF_S
        self._hr_bpm += (target - self._hr_bpm) * (1.0 - math.exp(-rr_s / lag_s))
        self._drift_bpm += effort * _DRIFT_BPM_PER_MIN * rr_s / 60.0
        self._drift_bpm = min(self._drift_bpm, 0.1 * person.rest_hr_bpm)
        self._breath_phase += math.tau * breathing_brpm / 60.0 * rr_s
        # The slow wave wanders, or its peak in the spectrum would be a needle.
        self._slow_phase += math.tau * _MAYER_HZ * rr_s + 0.25 * self._rng.normal()
        self.beat_times_s.append(time_s + rr_s)
        self.rr_s.append(rr_s)
        self.breath_phases_rad.append(self._breath_phase)

    def breathing_brpm(self, time_s: float) -> float:
        """Say how fast the person breathes."""
        person, heard = self._person, self._heard
        effort = self._story.effort_ratio(time_s)
        own_brpm = person.breathing_brpm + _BREATHS_PER_EFFORT * effort
        if heard is None or heard.swell < _HEARD_SWELL:
            return own_brpm
        return own_brpm + person.breath_gain * (heard.swell_brpm - own_brpm)

    def _calm_ratio(self) -> float:
        """Say how calm the heard music is, 0..1: slow and with little energy."""
        if self._heard is None:
            return 0.0
        slow = (_LIVELY_BPM - self._heard.tempo_bpm) / (_LIVELY_BPM - _SLOW_BPM)
        return min(max(slow, 0.0), 1.0) * (1.0 - self._heard.energy)

    def _lift_bpm(self, time_s: float) -> float:
        reserve_bpm = self._person.top_hr_bpm - self._person.rest_hr_bpm
        return self._story.effort_ratio(time_s) * reserve_bpm
