"""A stage for plans: virtual people who take part, an engine, and what came of it."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.messages import NS_PER_S, CommandGiven, DecisionMade, OutcomesTold, PhaseChanged
from biofeedback.plan_files import read_shipped_plan
from biofeedback.settings import Settings, parse_settings
from biofeedback.simulate.patients import make_patients
from biofeedback.sound import open_null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Input, Output

DEMOS = (
    "guided-imagery-demo",
    "gait-demo",
    "contingent-demo",
    "analytical-demo",
    "improvisation-demo",
    "group-demo",
    "movement-express-demo",
    "movement-relax-demo",
    "movement-awareness-demo",
    "songwriting-demo",
)


def shipped(name: str) -> Settings:
    return parse_settings(read_shipped_plan(name), source=name)


def with_plan(settings: Settings, **changes: object) -> Settings:
    plan = msgspec.structs.replace(settings.plan, **changes)
    return msgspec.structs.replace(settings, plan=plan)


@dataclass
class Played:
    """Inputs and outputs of a session, in order."""

    settings: Settings
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    answers: list[list[Output]] = field(default_factory=list)

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        self.inputs.append(message)
        self.outputs += outputs
        self.answers.append([*outputs])

    def only(self, kind):
        return [output for output in self.outputs if isinstance(output, kind)]

    @property
    def report(self) -> dict[str, float | None]:
        (told,) = [o for o in self.only(OutcomesTold) if o.phase is None]
        return told.outcomes

    @property
    def phases(self) -> list[str | None]:
        return [changed.phase for changed in self.only(PhaseChanged)]

    def decisions_in(self, phase: str) -> list[DecisionMade]:
        """List the decisions of a phase."""
        found: list[DecisionMade] = []
        now = None
        for output in self.outputs:
            if isinstance(output, PhaseChanged):
                now = output.phase
            elif isinstance(output, DecisionMade) and now == phase:
                found.append(output)
        return found


def play(settings: Settings, *, seconds: float = 600.0, answers: bool = True, seed: int = 1):
    """Play a plan with people who fit it, until it ends."""
    played = Played(settings)
    source = make_patients(
        settings.plan,
        baseline_bpm=settings.started_limits.tempo_baseline_bpm,
        seed=seed,
        answers=answers,
    )
    parts = Parts(
        make_engine(settings), source, open_null(), None, played, round(seconds * NS_PER_S)
    )
    run_session(parts, Stopwatch(fast=True), queue.SimpleQueue())
    return played


def replay(played: Played) -> list[list[Output]]:
    engine = make_engine(played.settings)
    return [engine.handle(message) for message in played.inputs]


def start(settings: Settings):
    """Make an engine and start it, with nobody there."""
    engine = make_engine(settings)
    return engine, engine.handle(CommandGiven(at_ns=0, command="start"))
