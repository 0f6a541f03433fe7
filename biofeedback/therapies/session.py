"""The machine of a plan's phases, from consent to report.

* Checks, ratings before, the plan's phases, ratings after, report. ``control/session.py`` beside it
  decides whether the music runs, holds, eases or stops; time in a phase counts only while it runs.
* A phase ends by time, by its criterion or key, or because somebody skips it. When the time limit
  comes near, the cool-down begins whatever phase it is: it lies inside the limit (H19).
* Each phase has a law of its own. At a change nothing leaps: the tempo goes on under the slew of
  the law in force, everything else is led over within ``BLEND_S``.
* What an earlier phase found (heart rate at rest, evenness of steps, a rating) is given to a law
  that can use it and wasn't told by the plan. The tempo band stays that of the plan, always.
* The resting heart rate plus 20 becomes a ceiling when a rest phase ends; a ceiling only narrows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from biofeedback.control import LAW_PLANS
from biofeedback.control.songwrite import SongwriteLaw
from biofeedback.messages import (
    CheckAnswered,
    KeyPressed,
    MusicParameters,
    OutcomesTold,
    PhaseChanged,
    RatingGiven,
    SymptomAnswered,
    TakeKept,
)
from biofeedback.therapies import THERAPIES
from biofeedback.therapies.endings import Ending
from biofeedback.therapies.plan import Phase
from biofeedback.therapies.questions import Questions
from biofeedback.therapies.therapy import PhaseRecord, Report
from biofeedback.therapies.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.control.law import Law, Moment, Wish
    from biofeedback.messages import Output, PhaseEnd, PhaseKind, Rating, Reason, SessionState
    from biofeedback.therapies.plan import Plan

BLEND_S = 4.0
SILENT_DB = -40.0
NUDGE_RATIO = 0.02
MOST_NUDGE_RATIO = 0.1
LOWEST_REST_BPM, HIGHEST_REST_BPM = 30.0, 120.0
CUED: Final = frozenset({"entrain", "lead"})

_SPANS: Final[dict[str, float]] = {
    "energy": 1.0,
    "density": 1.0,
    "brightness": 1.0,
    "articulation": 1.0,
    "tension": 1.0,
    "swell": 1.0,
    "register": 2.0,
    "place": 2.0,
    "level_db": 40.0,
}
"""How far a parameter may be led over within ``BLEND_S``. Tempo and swell rate have the gate."""


class TherapySession:
    """One session by one plan."""

    def __init__(
        self, plan: Plan, *, make_law: Callable[[Phase, msgspec.Struct | None], Law]
    ) -> None:
        """Get ready; nothing is asked before ``begin``.

        Args:
            plan: What to do; ``check.py`` has looked at it.
            make_law: Makes the law of a phase with the law's own plan (None: its defaults).
        """
        self._plan = plan
        self._make_law = make_law
        self._questions = Questions(plan)
        self._watch = Watch()
        self._stages = _list_stages(plan)
        self._index = 0
        self._in_phase_s = 0.0
        self._blended_s = BLEND_S
        self._nudge_ratio = 0.0
        self._pain = False
        self._kept_takes = 0
        self._records: list[PhaseRecord] = []
        self._before: dict[Rating, float] = {}
        self._after: dict[Rating, float] = {}
        self._ceilings: dict[str, float] = {}
        self._closed = False
        self.is_done = False
        self.law = self._make(self._phase)
        self._ending = Ending(self._phase, rest_bpm=None)

    @property
    def is_refused(self) -> bool:
        """A check was answered with no."""
        return self._questions.refused

    @property
    def style(self) -> str | None:
        """The style of the phase; None is the plan's."""
        return self._phase.music.style

    @property
    def _phase(self) -> Phase:
        return self._stages[self._index][1]

    @property
    def _kind(self) -> PhaseKind:
        return self._stages[self._index][0]

    @property
    def _is_before_phases(self) -> bool:
        return all(kind in {"checks", "ratings"} for kind, _ in self._stages[: self._index + 1])

    # ------------------------------------------------------------ what happens

    def begin(self, at_ns: int) -> list[Output]:
        """Begin with the first stage, and ask for symptoms whatever it is."""
        return [*self._open_stage(at_ns, "begun"), *self._questions.ask_symptoms(at_ns)]

    def skip(self, at_ns: int) -> list[Output]:
        """Go on to the next stage, except past a check."""
        if self._closed or self.is_done or self._kind == "checks":
            return []
        return self._move_on(at_ns, "skipped")

    def hear(self, message: KeyPressed | RatingGiven | CheckAnswered | SymptomAnswered) -> None:
        """Take what somebody at the keys says."""
        match message:
            case KeyPressed(key="up"):
                self._nudge_ratio = min(self._nudge_ratio + NUDGE_RATIO, MOST_NUDGE_RATIO)
            case KeyPressed(key="down"):
                self._nudge_ratio = max(self._nudge_ratio - NUDGE_RATIO, -MOST_NUDGE_RATIO)
            case KeyPressed(key="go_on"):
                self._ending.ask_on()
            case KeyPressed(key="pain"):
                self._pain = True
            case RatingGiven() | CheckAnswered() | SymptomAnswered():
                self._questions.hear(message)
            case _:
                pass

    def note_ease(self, at_ns: int, reason: Reason) -> list[Output]:
        """The music eases: ask for symptoms; at the time limit ask for the last ratings too."""
        if self._closed or self.is_done:
            return []
        outputs: list[Output] = []
        if reason != "symptoms":
            outputs += self._questions.ask_symptoms(at_ns)
        last = len(self._stages) - 1
        has_begun = not self._is_before_phases and self._index < last
        if reason == "time_limit" and has_begun and self._stages[last][0] == "ratings":
            outputs += self._move_on(at_ns, "limit_near", to=last)
        return outputs

    def step(self, moment: Moment, state: SessionState, *, time_left_s: float) -> list[Output]:
        """Let time pass; go on to the next stage when it is time.

        Args:
            moment: What the law in force is told as well.
            state: Whether the session runs.
            time_left_s: Until the time limit makes the session ease.
        """
        if self._closed or self.is_done:
            return []
        at_ns = moment.at_ns
        self._blended_s += moment.elapsed_s
        outputs = self._questions.ask_when_due(at_ns)
        if self._kind in {"checks", "ratings"}:
            if state != "HOLD":
                self._questions.wait(moment.elapsed_s)
            if self._questions.are_answered and not self._questions.refused:
                outputs += self._move_on(at_ns, "answered")
            return outputs
        outputs += self._keep_takes(at_ns)
        if state != "RUN":
            return outputs
        self._in_phase_s += moment.elapsed_s
        self._watch.take(moment, self._kind)
        why = self._ending.watch(moment, self.law, self._in_phase_s)
        cool_down = self._cool_down_index()
        if why is None and cool_down is not None and time_left_s <= self._plan.cool_down_s:
            return outputs + self._move_on(at_ns, "limit_near", to=cool_down)
        return outputs if why is None else outputs + self._move_on(at_ns, why)

    def take_ceilings(self) -> Mapping[str, float]:
        """Return the ceilings that a rest phase has given since the last call."""
        found, self._ceilings = self._ceilings, {}
        return found

    def shape(self, wish: Wish, last: MusicParameters, elapsed_s: float) -> Wish:
        """Lead a wish over from what sounded, and lay the phase's and staff's wishes on it."""
        wanted = wish.parameters
        level_db = wanted.level_db + self._phase.music.level_db
        if wish.cue == "silent" and self._phase.law == "listen":
            # So that what begins after a silence fades in.
            level_db = SILENT_DB
        tempo_bpm = wanted.tempo_bpm * (1.0 + self._nudge_ratio)
        if self._blended_s < BLEND_S:
            share = elapsed_s / BLEND_S
            led = {
                name: _near(getattr(wanted, name), getattr(last, name), span * share)
                for name, span in _SPANS.items()
            }
            led["level_db"] = _near(level_db, last.level_db, _SPANS["level_db"] * share)
            shaped = msgspec.structs.replace(wanted, tempo_bpm=tempo_bpm, **led)
        else:
            shaped = msgspec.structs.replace(wanted, tempo_bpm=tempo_bpm, level_db=level_db)
        if self._kind in {"checks", "ratings"}:
            return msgspec.structs.replace(wish, parameters=shaped, reason="asking")
        return msgspec.structs.replace(wish, parameters=shaped)

    def close(self, at_ns: int) -> list[Output]:
        """Tell what came of it all; the session is over, however it ended."""
        if self._closed:
            return []
        outputs: list[Output] = [] if self.is_done else self._close_stage(at_ns)
        self._closed = True
        report = Report(
            records=tuple(self._records),
            asked_before=self._plan.ask_before,
            asked_after=self._plan.ask_after,
            before=self._before,
            after=self._after,
            body=self._watch.outcomes(),
        )
        told = THERAPIES[self._plan.therapy].report(report)
        total = len(self._stages)
        return [
            *outputs,
            PhaseChanged(at_ns=at_ns, phase=None, kind=None, number=total, of=total, why="over"),
            OutcomesTold(at_ns=at_ns, phase=None, outcomes=_only_finite(told)),
        ]

    # ------------------------------------------------------------ stages

    def _move_on(self, at_ns: int, why: PhaseEnd, *, to: int | None = None) -> list[Output]:
        outputs = self._close_stage(at_ns)
        following = self._index + 1 if to is None else to
        if following >= len(self._stages):
            self.is_done = True
            return outputs
        self._index = following
        return outputs + self._open_stage(at_ns, why)

    def _open_stage(self, at_ns: int, why: PhaseEnd) -> list[Output]:
        kind, phase = self._stages[self._index]
        asks = kind in {"checks", "ratings"}
        changed = PhaseChanged(
            at_ns=at_ns,
            phase=phase.name,
            kind=kind,
            number=self._index + 1,
            of=len(self._stages),
            why=why,
            least_s=None if asks else phase.least_s,
            most_s=None if asks else phase.most_s,
            say=phase.say,
        )
        self._in_phase_s = self._blended_s = 0.0
        self.law = self._make(phase)
        self._kept_takes = len(self.law.takes) if isinstance(self.law, SongwriteLaw) else 0
        self._ending = Ending(phase, rest_bpm=self._watch.rest_bpm())
        return [changed, *self._ask(kind, at_ns)]

    def _ask(self, kind: PhaseKind, at_ns: int) -> list[Output]:
        if kind == "checks":
            return self._questions.ask_checks(at_ns)
        if kind == "ratings":
            asked = self._plan.ask_before if self._is_before_phases else self._plan.ask_after
            return self._questions.ask_ratings(asked, at_ns)
        return []

    def _close_stage(self, at_ns: int) -> list[Output]:
        kind, phase = self._stages[self._index]
        if kind == "checks":
            return []
        if kind == "ratings":
            ratings = self._questions.take_ratings()
            if self._is_before_phases:
                self._before = ratings
            else:
                self._after = ratings
            return []
        kept, outcomes = self._keep_takes(at_ns), self._law_outcomes()
        self._records.append(PhaseRecord(phase, round(self._in_phase_s, 1), outcomes))
        if kind == "rest":
            self._ceilings = self._watch.ceilings_bpm()
        told = {"phase_s": round(self._in_phase_s, 1), **outcomes}
        return [*kept, OutcomesTold(at_ns=at_ns, phase=phase.name, outcomes=told)]

    def _law_outcomes(self) -> dict[str, float | None]:
        try:
            return _only_finite(self.law.outcomes())
        except Exception:  # noqa: BLE001 - a law that fails leaves nothing, and stops nothing
            return {}

    def _cool_down_index(self) -> int | None:
        """Tell where the cool-down begins, if it is still to come."""
        for index, (kind, _) in enumerate(self._stages):
            if kind == "cool_down":
                return index if index > self._index else None
        return None

    def _keep_takes(self, at_ns: int) -> list[Output]:
        """Tell what was accepted of a song, at once: it is kept whatever happens next."""
        law = self.law
        if not isinstance(law, SongwriteLaw):
            return []
        fresh, self._kept_takes = law.takes[self._kept_takes :], len(law.takes)
        return [
            TakeKept(
                at_ns=at_ns,
                slot=take.slot,
                degrees=take.degrees,
                groove=take.groove,
                tempo_bpm=law.tempo_bpm,
            )
            for take in fresh
        ]

    # ------------------------------------------------------------ laws

    def _make(self, phase: Phase) -> Law:
        kind = LAW_PLANS.get(phase.law)
        if kind is None:
            return self._make_law(phase, None)
        options = {**self._learned(kind.__struct_fields__), **phase.options}
        return self._make_law(phase, msgspec.convert(options, kind))

    def _learned(self, fields: tuple[str, ...]) -> dict[str, Any]:
        """Tell what earlier phases and sessions found that this law can use."""
        rest_bpm = self._watch.rest_bpm()
        if rest_bpm is not None and not LOWEST_REST_BPM <= rest_bpm <= HIGHEST_REST_BPM:
            rest_bpm = None
        uncued = [r.outcomes.get("step_time_cv") for r in self._records if r.phase.kind == "uncued"]
        steady = next((cv for cv in reversed(uncued) if cv is not None), None)
        known: dict[str, Any] = {
            "resting_heart_rate_bpm": rest_bpm,
            "rest_heart_rate_bpm": rest_bpm,
            "baseline_step_time_cv": None if not steady else min(steady, 0.5),
            "self_rating": self._before.get("tension"),
            "baseline": self._newest("baseline", self._plan.start.baseline),
            "criterion": self._newest("criterion", self._plan.start.criterion),
            "starts": "at_once" if self._follows_a_cue() else None,
            "pain": self._pain or None,
        }
        return {
            name: value for name, value in known.items() if name in fields and value is not None
        }

    def _newest(self, name: str, planned: float | None) -> float | None:
        """Tell where the ladder of an earlier phase ended, or where the plan begins it."""
        for record in reversed(self._records):
            if record.phase.law == "reward" and record.outcomes.get(name) is not None:
                return record.outcomes[name]
        return planned

    def _follows_a_cue(self) -> bool:
        """Tell whether a beat already goes with the steps when this phase begins."""
        return self._index > 0 and self._stages[self._index - 1][1].law in CUED


def _list_stages(plan: Plan) -> list[tuple[PhaseKind, Phase]]:
    """List all stages: the plan's phases, and what is asked before and after them."""
    stages: list[tuple[PhaseKind, Phase]] = []
    if plan.checks:
        stages.append(("checks", _asking("before the start")))
    if plan.ask_before:
        stages.append(("ratings", _asking("how is it now?")))
    for phase in plan.phases:
        stages.append((phase.kind, phase))  # noqa: PERF401 - so that the types are seen
    if plan.ask_after:
        stages.append(("ratings", _asking("how is it afterwards?")))
    return stages


def _asking(name: str) -> Phase:
    return Phase(name=name, law="listen", most_s=3600.0)


def _near(wanted: float, last: float, reach: float) -> float:
    return min(max(wanted, last - reach), last + reach)


def _only_finite(outcomes: Mapping[str, float | None]) -> dict[str, float | None]:
    """Make unknown what is no number."""
    return {
        name: value if value is None or math.isfinite(value) else None
        for name, value in outcomes.items()
    }
