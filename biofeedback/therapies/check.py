"""What a plan may not be, beside the bounds of its single fields.

Each problem is told with its place and with what is allowed instead.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from biofeedback.control import LAW_PLANS
from biofeedback.control.breathe import BreathePlan
from biofeedback.control.contour import ContourPlan
from biofeedback.control.resonance import HOLD_S, RATES_BRPM
from biofeedback.control.session import ease_before_limit_ns
from biofeedback.messages import NS_PER_S
from biofeedback.therapies import THERAPIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biofeedback.control.limits import Limits
    from biofeedback.therapies.plan import Phase, Plan
    from biofeedback.therapies.therapy import Therapy

LEAST_COOL_DOWN_S = 20.0
LEAST_REST_S = 20.0
LEAST_REST_BY_FORM = {"demo": LEAST_REST_S, "home": 60.0, "clinic": 60.0}
WALKING_LAWS = frozenset({"listen", "entrain", "lead"})


class Problem(NamedTuple):
    """What is wrong, where, and what is allowed instead."""

    where: str
    what: str
    allowed: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.where}: {self.what}; {self.allowed}."


def find_problems(plan: Plan, limits: Limits) -> list[Problem]:
    """List everything that keeps a plan from being used."""
    therapy = THERAPIES[plan.therapy]
    return [
        *_check_form(plan, therapy),
        *_check_limits(plan, limits, therapy),
        *_check_course(plan),
        *(
            problem
            for index, phase in enumerate(plan.phases)
            for problem in _check_phase(phase, f"plan.phases[{index}] ('{phase.name}')", plan)
        ),
    ]


def usable_s(limits: Limits) -> float:
    """Tell how much of the time limit phases may use: what lies before the music eases."""
    limit_ns = round(limits.time_limit_s * NS_PER_S)
    return (limit_ns - ease_before_limit_ns(limit_ns)) / NS_PER_S


def _check_form(plan: Plan, therapy: Therapy) -> Iterator[Problem]:
    if plan.form not in therapy.forms:
        yield Problem(
            "plan.form",
            f"{therapy.name} is for the therapist's hands, not for '{plan.form}'",
            f"allowed: {', '.join(therapy.forms)}",
        )
    if plan.form == "home" and plan.supervised:
        yield Problem("plan.supervised", "nobody supervises at home", "allowed at home: false")
    if plan.mode is None and therapy.modes:
        yield Problem("plan.mode", "is missing", f"allowed: {', '.join(therapy.modes)}")
    if plan.mode is not None and plan.mode not in therapy.modes:
        yield Problem(
            "plan.mode", f"{therapy.name} has no mode '{plan.mode}'", "allowed: none, leave it out"
        )
    if "consent" not in plan.checks:
        yield Problem("plan.checks", "nobody is asked for consent", 'it has to hold "consent"')
    if "nothing_against" in plan.checks and not plan.not_if:
        yield Problem(
            "plan.not_if",
            "the check 'nothing_against' has no reasons to read out",
            "list them in plain words",
        )
    if plan.start.cadence_spm is not None and therapy.name != "gait":
        yield Problem("plan.start.cadence_spm", "is for gait only", "leave it out")
    if plan.start != type(plan.start)() and therapy.name not in {"gait", "contingent"}:
        yield Problem("plan.start", f"{therapy.name} has no start values", "leave it out")


def _check_limits(plan: Plan, limits: Limits, therapy: Therapy) -> Iterator[Problem]:
    if limits.tempo_band_ratio > therapy.widest_band_ratio + 1e-9:
        yield Problem(
            "limits.tempo_band_ratio",
            f"is {limits.tempo_band_ratio:g}",
            f"allowed in {therapy.name}: at most {therapy.widest_band_ratio:g}",
        )
    available_s = usable_s(limits)
    if plan.least_s > available_s:
        yield Problem(
            "limits.time_limit_s",
            f"the phases with their cool-down need {plan.least_s:g} s, "
            f"a limit of {limits.time_limit_s:g} s leaves {available_s:g} s before the music eases",
            "make phases shorter, or the limit longer (3600 s at most)",
        )


def _check_course(plan: Plan) -> Iterator[Problem]:
    kinds = [phase.kind for phase in plan.phases]
    names = Counter(phase.name for phase in plan.phases)
    for name, times in names.items():
        if times > 1:
            yield Problem("plan.phases", f"{times} are called '{name}'", "give each its own name")
    if kinds[-1] != "cool_down" or plan.cool_down_s < LEAST_COOL_DOWN_S:
        yield Problem(
            f"plan.phases[{len(kinds) - 1}]",
            "there is no cool-down at the end",
            f'the last phase has the kind "cool_down" and lasts at least {LEAST_COOL_DOWN_S:g} s',
        )
    first_cool = kinds.index("cool_down") if "cool_down" in kinds else len(kinds)
    if any(kind != "cool_down" for kind in kinds[first_cool:]):
        yield Problem(
            f"plan.phases[{first_cool}]", "something follows the cool-down", "it comes last"
        )
    least_s = LEAST_REST_BY_FORM[plan.form]
    if kinds[0] != "rest" or plan.phases[0].most_s < least_s:
        yield Problem(
            "plan.phases[0]",
            "there is no baseline at rest",
            f'the first phase has the kind "rest" and lasts at least {least_s:g} s '
            f"in the form '{plan.form}'",
        )


def _check_phase(phase: Phase, where: str, plan: Plan) -> Iterator[Problem]:
    therapy = THERAPIES[plan.therapy]
    laws = therapy.laws
    if plan.form == "home" and therapy.home_laws is not None:
        laws = therapy.home_laws
    if phase.law not in laws:
        yield Problem(
            f"{where}.law",
            f"'{phase.law}' isn't used in {therapy.name}"
            + (" at home" if laws is not therapy.laws else ""),
            f"allowed: {', '.join(sorted(laws))}",
        )
    if phase.kind in {"rest", "uncued"} and phase.law != "listen":
        yield Problem(
            f"{where}.law", f"a phase of the kind '{phase.kind}' only listens", 'allowed: "listen"'
        )
    if phase.least_s > phase.most_s:
        yield Problem(
            f"{where}.least_s",
            f"is {phase.least_s:g}, longer than most_s",
            f"at most {phase.most_s:g}",
        )
    if phase.ends == "song_whole" and phase.law != "songwrite":
        yield Problem(f"{where}.ends", "'song_whole' needs a song", 'only with law "songwrite"')
    if phase.ends == "steady_cadence" and phase.law not in WALKING_LAWS:
        yield Problem(
            f"{where}.ends",
            "'steady_cadence' needs somebody who walks",
            f"only with {', '.join(sorted(WALKING_LAWS))}",
        )
    yield from _check_options(phase, where)


def _check_options(phase: Phase, where: str) -> Iterator[Problem]:
    kind = LAW_PLANS.get(phase.law)
    if kind is None:
        if phase.options:
            yield Problem(f"{where}.options", f"'{phase.law}' has none", "leave them out")
        return
    try:
        chosen = msgspec.convert(phase.options, kind)
    except msgspec.ValidationError as error:
        text = str(error).replace("`", "'")
        known = ", ".join(kind.__struct_fields__)
        yield Problem(f"{where}.options", text[0].lower() + text[1:], f"known: {known}")
        return
    needed_s = 0.0
    if isinstance(chosen, ContourPlan):
        needed_s = 60.0 * chosen.minutes
    elif isinstance(chosen, BreathePlan) and chosen.rate == "search":
        needed_s = len(RATES_BRPM) * HOLD_S
    if phase.most_s < needed_s:
        yield Problem(
            f"{where}.most_s",
            f"is {phase.most_s:g}, so what was chosen would be cut",
            f"at least {needed_s:g}",
        )
