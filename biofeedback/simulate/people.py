"""People who take music in different ways, by name: whom a law is tried against.

Their numbers are invented, their ways are those of people: who ignores a beat, who goes along a
little or wholly, who overshoots, who tires, whose pace drifts, who breathes with a swell or not,
whom calm music calms.
"""

from __future__ import annotations

from biofeedback.simulate.story import Person

PEOPLE: dict[str, Person] = {
    "ignores": Person(step_time_cv=0.03, drift_ratio_per_min=0.05),
    "leans": Person(step_time_cv=0.03, phase_gain=0.1, period_gain=0.1),
    "follows": Person(step_time_cv=0.02, phase_gain=0.4, period_gain=0.4),
    "over-follows": Person(phase_gain=1.3, period_gain=1.2),
    "eager": Person(phase_gain=0.4, period_gain=1.0, eager_ratio=0.02),
    "tires": Person(phase_gain=0.3, period_gain=0.3, fatigue_per_min=0.02),
    "uneven": Person(step_time_cv=0.06, asymmetry_ratio=0.08),
    "breathes-along": Person(breath_gain=1.0, calming_bpm=5.0),
    "breathes-alone": Person(breath_gain=0.0),
    "responds": Person(breath_gain=0.6, calming_bpm=8.0),
}
