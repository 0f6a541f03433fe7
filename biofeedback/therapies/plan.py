"""What a plan says: which therapy, for whom, in which phases, with which music, what is asked.

A plan is a table ``[plan]`` of the settings, so that a trace keeps it and a replay needs no file.
Its limits stand beside it (``[limits]``, ``[persons.NAME]``), inside the hard bounds of safety.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from biofeedback.control import LawName  # noqa: TC001
from biofeedback.messages import Check, Rating  # noqa: TC001 - decoders read the types

TherapyName = Literal[
    "guided-imagery",
    "gait",
    "contingent",
    "analytical",
    "improvisation",
    "group",
    "movement",
    "songwriting",
]
Mode = Literal["express", "relax", "awareness"]
"""The three ways of movement to music."""

Form = Literal["demo", "home", "clinic"]
EndsBy = Literal["time", "steady_cadence", "settled", "key", "song_whole"]
"""What ends a phase after its least time: nothing but its most time; thirty even steps; a heart
rate near rest for half a minute; the key *go on*; a song whose slots are all accepted."""

Short = Annotated[str, Meta(min_length=1, max_length=60)]
Sentence = Annotated[str, Meta(max_length=300)]
PhaseSeconds = Annotated[float, Meta(ge=0, le=3600)]


class PhaseMusic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a phase sounds: its style (the plan's without one), and by how much softer it is."""

    style: str | None = None
    level_db: Annotated[float, Meta(ge=-20, le=0)] = 0.0


class Phase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a session.

    ``options`` are the law's own. The phase lasts from ``least_s`` to ``most_s`` and ends between
    them when ``ends`` is met. ``say`` is read out by a guide, or shown to the person.
    """

    name: Short
    law: LawName
    most_s: Annotated[float, Meta(gt=0, le=3600)]
    kind: Literal["rest", "work", "uncued", "cool_down"] = "work"
    options: dict[str, Any] = {}
    music: PhaseMusic = PhaseMusic()
    least_s: PhaseSeconds = 0.0
    ends: EndsBy = "time"
    say: Sentence = ""


class StartValues(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a session begins because of those before it; whoever keeps records fills them in.

    ``cadence_spm`` is the prescribed baseline of gait: it moves the tempo band. ``baseline`` and
    ``criterion`` are those of the contingent ladder.
    """

    cadence_spm: Annotated[float, Meta(ge=40, le=180)] | None = None
    baseline: float | None = None
    criterion: float | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session from consent to report.

    ``not_if`` lists in plain words when not to begin. ``goal`` names a goal that is kept
    elsewhere. ``supervised``: only with staff present.
    """

    name: Short
    therapy: TherapyName
    title: Short
    phases: Annotated[tuple[Phase, ...], Meta(min_length=1, max_length=24)]
    form: Form = "clinic"
    mode: Mode | None = None
    supervised: bool = False
    checks: tuple[Check, ...] = ("consent", "nothing_against")
    not_if: tuple[Sentence, ...] = ()
    ask_before: tuple[Rating, ...] = ()
    ask_after: tuple[Rating, ...] = ()
    ask_symptoms_every_s: Annotated[float, Meta(ge=60, le=300)] = 300.0
    goal: Short | None = None
    start: StartValues = StartValues()

    def take_over(self, start: StartValues, takes: tuple[dict[str, Any], ...] = ()) -> Plan:
        """Go on where earlier sessions ended; ``settings.check_together`` looks at the result.

        Args:
            start: Baseline, criterion, cadence as records have them.
            takes: What was kept of a song, each with slot, degrees and groove (``TakeKept``).
        """
        phases = self.phases
        if takes:
            phases = tuple(
                msgspec.structs.replace(phase, options={**phase.options, "takes": [*takes]})
                if phase.law == "songwrite"
                else phase
                for phase in phases
            )
        return msgspec.structs.replace(self, start=start, phases=phases)

    @property
    def cool_down_s(self) -> float:
        """How long the cool-down lasts at most."""
        return math.fsum(phase.most_s for phase in self.phases if phase.kind == "cool_down")

    @property
    def most_s(self) -> float:
        """The most time that all phases take."""
        return math.fsum(phase.most_s for phase in self.phases)

    @property
    def least_s(self) -> float:
        """The least time that all phases need, the cool-down in full."""
        return self.cool_down_s + math.fsum(
            phase.most_s if phase.ends == "time" else phase.least_s
            for phase in self.phases
            if phase.kind != "cool_down"
        )
