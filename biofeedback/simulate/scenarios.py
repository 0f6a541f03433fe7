"""The stories that ``sim:NAME`` and the demo tell.

The default person wears a chest strap (heart rate with RR intervals, acceleration at 200 Hz: a
frame fills in 180 ms) and an optical band at the wrist in SDK mode (208 Hz, about 300 ms), so that
steps come from where they are clearest and gestures from the hand that makes them.
"""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np

from biofeedback.errors import SettingsError
from biofeedback.simulate.body import Body
from biofeedback.simulate.story import Act, Person, Story
from biofeedback.simulate.wearables import (
    VirtualWearer,
    Wearing,
    wear_polar_h10,
    wear_polar_verity_sense,
)

_STAND = Act(start_s=0.0, doing="rest")

SCENARIOS: dict[str, tuple[Act, ...]] = {
    "rest": (_STAND,),
    "walk": (
        _STAND,
        Act(start_s=4.0, doing="walk", cadence_spm=(108.0, 108.0), effort_ratio=(0.3, 0.3)),
    ),
    "run": (
        _STAND,
        Act(start_s=4.0, doing="walk", cadence_spm=(112.0, 124.0), effort_ratio=(0.3, 0.4)),
        Act(start_s=16.0, doing="run", cadence_spm=(160.0, 166.0), effort_ratio=(0.65, 0.75)),
        Act(start_s=30.0, doing="run", cadence_spm=(166.0, 166.0), effort_ratio=(0.75, 0.75)),
    ),
    "dance": (
        _STAND,
        Act(start_s=4.0, doing="dance", cadence_spm=(112.0, 112.0), effort_ratio=(0.5, 0.5)),
    ),
    "freeze": (
        _STAND,
        Act(start_s=4.0, doing="walk", cadence_spm=(106.0, 108.0), effort_ratio=(0.3, 0.3)),
        Act(start_s=34.0, doing="freeze", effort_ratio=(0.3, 0.3)),
        Act(start_s=42.0, doing="walk", cadence_spm=(102.0, 106.0), effort_ratio=(0.3, 0.3)),
    ),
    "moods": (
        _STAND,
        Act(start_s=4.0, doing="dance", cadence_spm=(90.0, 90.0), mood="flowing"),
        Act(start_s=34.0, doing="dance", cadence_spm=(110.0, 110.0), mood="abrupt"),
        Act(start_s=64.0, doing="dance", cadence_spm=(80.0, 80.0), mood="heavy"),
        Act(start_s=94.0, doing="dance", cadence_spm=(90.0, 90.0), mood="small"),
    ),
    "worry": (
        _STAND,
        Act(start_s=60.0, doing="rest", effort_ratio=(0.0, 0.25)),
        Act(start_s=120.0, doing="rest", effort_ratio=(0.25, 0.25)),
        Act(start_s=180.0, doing="rest"),
    ),
    "demo": (
        _STAND,
        Act(start_s=12.0, doing="walk", cadence_spm=(104.0, 106.0), effort_ratio=(0.28, 0.3)),
        Act(start_s=25.0, doing="walk", cadence_spm=(106.0, 118.0), effort_ratio=(0.3, 0.42)),
        Act(start_s=45.0, doing="walk", cadence_spm=(118.0, 118.0), effort_ratio=(0.42, 0.45)),
        Act(start_s=50.0, doing="dance", cadence_spm=(118.0, 116.0), effort_ratio=(0.55, 0.55)),
        Act(start_s=68.0, doing="walk", cadence_spm=(104.0, 93.0), effort_ratio=(0.3, 0.25)),
        Act(start_s=72.0, doing="walk", cadence_spm=(93.0, 91.0), effort_ratio=(0.25, 0.2)),
        Act(start_s=80.0, doing="rest"),
    ),
}

_DURATIONS_S = {"demo": 90.0}
"""Stories that end by themselves; the others go on for ever."""


def make_scenario(
    name: str,
    *,
    seed: int,
    duration_s: float | None,
    wearer: str = "p1",
    person: Person | None = None,
) -> VirtualWearer:
    """Make a virtual person who lives through a story.

    Args:
        name: One of ``SCENARIOS``.
        seed: The same seed gives the same bytes (and the same music, for one who hears it).
        duration_s: Where to end; None takes the story's own end, or none.
        wearer: The pseudonym in the messages.
        person: Who lives it; None draws somebody from the seed.

    Raises:
        SettingsError: No such scenario, or a duration that is not positive.
    """
    acts = SCENARIOS.get(name)
    if acts is None:
        close = get_close_matches(name, SCENARIOS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(SCENARIOS)
        raise SettingsError(f"there is no scenario {name!r}{hint} (there are: {known})")
    if duration_s is not None and not 0.0 < duration_s < float("inf"):
        raise SettingsError(f"a scenario must last longer than 0 s, not {duration_s} s")
    until_s = duration_s if duration_s is not None else _DURATIONS_S.get(name)
    who = person if person is not None else draw_person(seed)
    body = Body(who, Story(acts), seed=seed)
    chest = Wearing(wearer=wearer, sensor="chest", site="chest")
    wrist = Wearing(wearer=wearer, sensor="wrist", site="wrist")
    return VirtualWearer(
        body,
        [
            *wear_polar_h10(body, chest, acc_hz=200, ecg=False, until_s=until_s),
            *wear_polar_verity_sense(body, wrist, sdk_mode=True, ppi=False, until_s=until_s),
        ],
        duration_s=until_s,
    )


def draw_person(seed: int) -> Person:
    """Draw a healthy adult who doesn't care for the beat."""
    rng = np.random.default_rng([seed, 1])
    return Person(
        rest_hr_bpm=float(rng.uniform(60.0, 72.0)),
        top_hr_bpm=float(rng.uniform(165.0, 180.0)),
        breathing_brpm=float(rng.uniform(11.0, 15.0)),
        step_time_cv=float(rng.uniform(0.015, 0.025)),
        asymmetry_ratio=float(rng.uniform(-0.015, 0.015)),
        vigour_ratio=float(rng.uniform(0.9, 1.15)),
    )
