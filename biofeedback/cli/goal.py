"""``biofeedback goal``: what somebody works towards over sessions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, get_args

import msgspec
import typer

from biofeedback.cli.recordkeeping import (
    AsJson,
    Folder,
    PersonName,
    Plain,
    check_number,
    check_word,
    read_clock,
    read_person,
    tell,
)
from biofeedback.control.behaviour import Counted
from biofeedback.control.reward import RewardPlan
from biofeedback.errors import SettingsError
from biofeedback.records.goals import VERDICTS, Goal, check_goal, describe_progress, follow_goal
from biofeedback.records.rows import read_record
from biofeedback.records.start import find_goal, start_values
from biofeedback.records.store import Address, FileStore, change
from biofeedback.records.texts import check_name
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.records.goals import Progress
    from biofeedback.records.rows import Record, Row

goal_app = typer.Typer(
    help="Goals over sessions: target, criterion, trend.\n\n"
    "Example: biofeedback goal set p7 walk --measure cadence_spm --target 100",
    no_args_is_help=True,
)

GoalName = Annotated[str, typer.Argument(metavar="GOAL", help="A short name, such as walk.")]


@goal_app.command("set")
def set_command(
    person: PersonName,
    goal: GoalName,
    target: Annotated[float, typer.Option(help="Where to, in the unit of the measure.")],
    measure: Annotated[
        str | None, typer.Option(help=f"What is counted: {', '.join(get_args(Counted))}.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="By when: 2027-03-31.", metavar="DATE")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="How long a session is meant to be.", metavar="MIN")
    ] = None,
    baseline: Annotated[
        float | None, typer.Option(help="Where the person is, if that is known already.")
    ] = None,
    criterion: Annotated[
        float | None, typer.Option(help="What is asked first, if that is known already.")
    ] = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Set a goal, or change one: its history stays.

    Example: biofeedback goal set p7 walk --measure cadence_spm --target 100 --by 2027-03-31
    """
    del plain
    check_name(goal, what="goal")
    counted = (
        None if measure is None else check_word(measure, get_args(Counted), option="--measure")
    )
    check_number(minutes, 1.0, 60.0, option="--minutes")
    if by is not None:
        by = _parse_day(by)
    said = {"by": by, "minutes": minutes, "baseline": baseline, "criterion": criterion}

    def decide(rows: tuple[Row, ...]) -> Sequence[Row]:
        before = read_record(rows).goals.get(goal)
        kind = counted or (before.measure if before else None)
        if kind is None:
            raise SettingsError(f"a new goal needs --measure: {', '.join(get_args(Counted))}.")
        table = msgspec.to_builtins(before) if before else {"type": "Goal", "name": goal}
        table |= {name: value for name, value in said.items() if value is not None}
        table |= {"measure": kind, "target": target}
        try:
            wanted = msgspec.convert(table, Goal)
        except msgspec.ValidationError as error:
            raise SettingsError(f"goal {goal}: {error}.") from error
        return (check_goal(wanted, before),)

    store = FileStore(records)
    change(store, Address(person), decide)
    record = read_person(store, person)
    _tell_goal(record, find_goal(record, goal), as_json=as_json)


@goal_app.command("list")
def list_command(
    person: PersonName, records: Folder = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """List a person's goals with their trends.

    Example: biofeedback goal list p7
    """
    del plain
    record = read_person(FileStore(records), person)
    for goal in record.goals.values():
        progress = follow_goal(goal, record.sessions)
        if as_json:
            tell(_gather(progress))
            continue
        now = "" if progress.criterion is None else f", asked now {progress.criterion:z.3g}"
        typer.echo(
            f"{goal.name}: {goal.measure} to {goal.target:g}{now}, "
            f"{counted(len(progress.history), 'session')}, {VERDICTS[progress.verdict]}"
        )
    if not record.goals and not as_json:
        typer.echo(f"{person} has no goal yet: biofeedback goal set {person} NAME --target 100 ...")


@goal_app.command("show")
def show_command(
    person: PersonName,
    goal: GoalName,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Show how a goal stands, what each session left, and how the next one starts.

    Example: biofeedback goal show p7 walk
    """
    del plain
    record = read_person(FileStore(records), person)
    _tell_goal(record, find_goal(record, goal), as_json=as_json)


def _tell_goal(record: Record, goal: Goal, *, as_json: bool) -> None:
    progress = follow_goal(goal, record.sessions)
    start = start_values(record, RewardPlan(counted=goal.measure), goal=goal.name)
    if as_json:
        tell(_gather(progress) | {"next_session": {"plan": start.plan, "reason": start.reason}})
        return
    for line in describe_progress(progress):
        typer.echo(line)
    for entry in progress.history:
        asked = "-" if entry.criterion is None else f"{entry.criterion:z.3g}"
        met = "-" if entry.in_criterion_ratio is None else f"{100 * entry.in_criterion_ratio:.0f} %"
        probe = "-" if entry.probe_value is None else f"{entry.probe_value:z.3g}"
        typer.echo(
            f"  {entry.started_iso[:10]}: {entry.minutes:.0f} min, asked {asked}, met {met} of the "
            f"time, without music {probe}"
        )
    typer.echo(f"next session: {start.reason}")


def _parse_day(text: str) -> str:
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise SettingsError(f"--by {text}: give a day such as 2027-03-31.") from error
    today = read_clock()[:10]
    if day < today:
        raise SettingsError(f"--by {text}: this day is past; give one from {today} on.")
    return day


def _gather(progress: Progress) -> dict[str, object]:
    return msgspec.to_builtins(progress) | {"verdict_words": VERDICTS[progress.verdict]}
