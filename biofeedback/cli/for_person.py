"""``play --person``: a session starts from where the person's last one ended, and is noted.

The record is written by a thread of its own, because it waits for the disk: what is accepted of a
song is kept at once, the line of the session when it is over.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from biofeedback.cli.recordkeeping import find_song, read_person
from biofeedback.control import LAW_PLANS
from biofeedback.control.breathe import BreathePlan
from biofeedback.control.lead import LeadPlan
from biofeedback.control.reward import RewardPlan
from biofeedback.control.songwrite import SongwritePlan
from biofeedback.errors import RecordsError, SettingsError
from biofeedback.messages import TakeKept
from biofeedback.records.person import lay_limits
from biofeedback.records.sessions import note_session
from biofeedback.records.song_project import add_takes, plan_next, read_project
from biofeedback.records.start import find_goal, start_values
from biofeedback.records.store import Address, FileStore, change
from biofeedback.settings import check_together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from biofeedback.app import View
    from biofeedback.cli.view import Latest
    from biofeedback.messages import Input, Output
    from biofeedback.records.rows import Record
    from biofeedback.settings import Settings
    from biofeedback.therapies.plan import Phase, Plan
    from biofeedback.trace.lines import TraceHeader

WEARER = "p1"
"""Whose limits a person's are: of several wearers the first."""
NEXT_DAY_PLAN = "contingent-probe"


@dataclass(slots=True)
class PersonsSession:
    """For whom a session is, what it works on, and why it starts as it does."""

    store: FileStore
    pseudonym: str
    goal: str | None = None
    song: Address | None = None
    reasons: list[str] = field(default_factory=list[str])


def offer_next(mine: PersonsSession, settings: Settings) -> str | None:
    """Say what is offered after a session: of what is rewarded, a look a day later without it."""
    plan = settings.plan
    if plan is None or plan.therapy != "contingent" or plan.name == NEXT_DAY_PLAN:
        return None
    return (
        "To see tomorrow what has stayed, without music: "
        f"biofeedback play --plan {NEXT_DAY_PLAN} --person {mine.pseudonym}"
    )


def start_for_person(
    settings: Settings,
    *,
    pseudonym: str | None,
    folder: Path | None,
    goal: str | None,
    song_project: str | None,
    chosen_style: bool,
) -> tuple[Settings, PersonsSession | None]:
    """Lay a person's limits, taste and history over the settings of a session.

    Args:
        settings: What was planned.
        pseudonym: Who it is; None leaves everything as it was planned.
        folder: Where records are; None is the usual place.
        goal: Which goal to work on; None is the plan's, or the one that fits.
        song_project: Which song to go on with.
        chosen_style: A style was asked for, so the favourite one gives way.

    Raises:
        RecordsError: There is no such person, goal or song, or a record can't be read.
        SettingsError: The person's limits and the plan exclude each other, or options do.
    """
    _check_options(pseudonym, goal=goal, song_project=song_project, settings=settings)
    if pseudonym is None:
        return settings, None
    store = FileStore(folder)
    record = read_person(store, pseudonym)
    if goal is not None:
        find_goal(record, goal)
    mine = PersonsSession(store, pseudonym, goal=goal)
    settings = lay_limits(settings, wearer=WEARER, person=record.person)
    favourite = record.person.style
    if favourite is not None and not chosen_style and settings.plan is None:
        music = msgspec.structs.replace(settings.music, style=favourite, meter=None)
        settings = msgspec.structs.replace(settings, music=music)
    if settings.plan is not None:
        if song_project is not None:
            mine.song = find_song(store, f"{pseudonym}/{song_project.rpartition('/')[2]}")
        plan = _take_over(settings.plan, record, mine)
        settings = msgspec.structs.replace(settings, plan=plan)
    check_together(settings, source=f"the record of {pseudonym}")
    return settings, mine


def _check_options(
    person: str | None, *, goal: str | None, song_project: str | None, settings: Settings
) -> None:
    """Refuse options that don't go together.

    Raises:
        SettingsError: Which ones, and what they need.
    """
    if person is None and goal is not None:
        raise SettingsError("--goal goes with --person: whose goal is it?")
    if song_project is None:
        return
    if person is None:
        raise SettingsError("--song-project goes with --person: whose song is it?")
    if settings.plan is None or all(phase.law != "songwrite" for phase in settings.plan.phases):
        raise SettingsError("--song-project goes with a plan in which a song is written.")


def _take_over(plan: Plan, record: Record, mine: PersonsSession) -> Plan:
    """Put what earlier sessions found into the phases that can use it.

    The baseline of the tempo is prescribed: by the person's record or by the plan. What was walked
    in an earlier session never moves the band, or it would creep from session to session (H02).
    """
    start = plan.start
    prescribed_bpm = record.person.tempo_baseline_bpm
    if prescribed_bpm is not None:
        start = msgspec.structs.replace(start, cadence_spm=prescribed_bpm)
    phases: list[Phase] = []
    for phase in plan.phases:
        law_plan = LAW_PLANS.get(phase.law)
        if law_plan is None:
            phases.append(phase)
            continue
        planned = msgspec.convert(phase.options, law_plan)
        match planned:
            case RewardPlan() | LeadPlan() | BreathePlan():
                wanted = mine.goal or (plan.goal if plan.goal in record.goals else None)
                found = start_values(record, planned, goal=wanted)
                mine.goal = found.goal or mine.goal
                mine.reasons.append(f"{phase.name}: {found.reason}")
                phases.append(_with_options(phase, planned, found.plan))
            case SongwritePlan() if mine.song is not None:
                project = read_project(mine.store.read(mine.song).rows)
                following, reason = plan_next(project)
                mine.reasons.append(f"{phase.name}: {reason}")
                phases.append(_with_options(phase, planned, following))
            case _:
                phases.append(phase)
    return msgspec.structs.replace(plan, start=start, phases=tuple(phases))


def _with_options(phase: Phase, planned: msgspec.Struct, found: msgspec.Struct) -> Phase:
    """Write into a phase what differs from its plan."""
    before: dict[str, Any] = msgspec.to_builtins(planned)
    changed = {
        name: value
        for name, value in msgspec.to_builtins(found).items()
        if before.get(name) != value
    }
    return msgspec.structs.replace(phase, options={**phase.options, **changed})


class Recorder:
    """Stands before the view of a session and keeps takes of a song as they are accepted."""

    def __init__(self, view: View, mine: PersonsSession, *, session: str) -> None:
        self._view = view
        self._mine = mine
        self._session = session
        self._takes: queue.SimpleQueue[TakeKept | None] = queue.SimpleQueue()
        self._problems: list[str] = []
        self._writer = threading.Thread(target=self._write, name="song-project", daemon=True)
        self._writer.start()

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Pass everything on; hand takes to the thread that writes."""
        self._view.see(message, outputs)
        for output in outputs:
            if isinstance(output, TakeKept):
                self._takes.put(output)

    def finish(
        self, settings: Settings, latest: Latest, header: TraceHeader, *, trace: str
    ) -> list[str]:
        """Wait until what was accepted is on the disk, and note the session.

        Returns:
            What couldn't be kept; the trace has it all.
        """
        self._takes.put(None)
        self._writer.join()
        plan = settings.plan
        try:
            note = note_session(
                latest.sitting.outcomes or {},
                session=header.session_id,
                started_iso=header.start_wall_iso,
                therapy=plan.therapy if plan is not None else settings.law,
                plan=None if plan is None else plan.name,
                minutes=latest.elapsed_s() / 60.0,
                goal=self._mine.goal,
                trace=trace,
            )
            change(self._mine.store, Address(self._mine.pseudonym), lambda _: (note,))
        except RecordsError as error:
            self._problems.append(str(error))
        return self._problems

    def _write(self) -> None:
        while (take := self._takes.get()) is not None:
            if self._mine.song is None:
                continue
            try:
                self._keep(self._mine.song, take)
            except RecordsError as error:
                self._problems.append(str(error))

    def _keep(self, song: Address, take: TakeKept) -> None:
        change(
            self._mine.store,
            song,
            lambda rows: add_takes(
                read_project(rows),
                [take],
                outcomes={"tempo_bpm": take.tempo_bpm},
                session=self._session,
            ),
        )
