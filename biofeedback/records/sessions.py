"""One line of the index of sessions: when, what, how long, what came of it, where its trace is."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from biofeedback.errors import RecordsError
from biofeedback.records.texts import Name

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_OUTCOMES = 500
Short = Annotated[str, Meta(min_length=1, max_length=500)]
Place = Annotated[str, Meta(min_length=1, max_length=4096)]


class SessionNote(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """A session that was. ``outcomes`` are as a law or a therapy told them; None is unknown.

    ``session`` is the pseudonym of the session (that of its trace); one that is noted twice counts
    once, as it was noted last. ``trace`` is where the trace's file lies, from the root on; older
    notes have its name only.
    """

    session: Short
    started_iso: Short
    therapy: Short
    plan: Short | None
    minutes: Annotated[float, Meta(ge=0, le=24 * 60)]
    outcomes: dict[str, float | None]
    goal: Name | None = None
    trace: Place | None = None


def note_session(
    outcomes: Mapping[str, float | None],
    *,
    session: str,
    started_iso: str,
    therapy: str,
    minutes: float,
    plan: str | None = None,
    goal: str | None = None,
    trace: str | None = None,
) -> SessionNote:
    """Make the line of a session from its outcome table.

    A number that isn't finite is unknown: one bad number must not cost the session its line.

    Args:
        outcomes: By name, with the unit as suffix.
        session: The session's id, as in the header of its trace.
        started_iso: When it started, ISO 8601 with offset.
        therapy: Its name.
        minutes: How long it lasted.
        plan: The plan's name or file.
        goal: Which of the person's goals it worked on.
        trace: Where the trace's file lies.

    Raises:
        RecordsError: Something can't be kept.
    """
    try:
        started = datetime.fromisoformat(started_iso)
    except ValueError as error:
        raise RecordsError(f"session {session}: {started_iso!r} is no ISO 8601 time.") from error
    if started.tzinfo is None:
        raise RecordsError(f"session {session}: the time {started_iso} needs an offset (+01:00).")
    if len(outcomes) > MOST_OUTCOMES:
        raise RecordsError(f"session {session}: more than {MOST_OUTCOMES} outcomes.")
    known = {
        name: None if value is None or not math.isfinite(value) else float(value)
        for name, value in outcomes.items()
    }
    made = SessionNote(
        session=session,
        started_iso=started_iso,
        therapy=therapy,
        plan=plan,
        minutes=minutes,
        outcomes=known,
        goal=goal,
        trace=trace,
    )
    try:
        return msgspec.convert(msgspec.to_builtins(made), SessionNote)
    except msgspec.ValidationError as error:
        raise RecordsError(f"session {session}: {error}.") from error
