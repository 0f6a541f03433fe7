"""What a trace says of its session, as this version understands it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from biofeedback.decode.profile import Profile
from biofeedback.errors import TraceVersionUnsupported
from biofeedback.settings import Settings

if TYPE_CHECKING:
    from biofeedback.trace.reader import Trace

_Kind = TypeVar("_Kind")


def recorded_settings(trace: Trace) -> Settings:
    """Return the settings of a recorded session.

    Raises:
        TraceVersionUnsupported: They are not of this version.
    """
    return _convert(trace, trace.header.settings, Settings)


def recorded_profiles(trace: Trace) -> list[Profile]:
    """Return the profiles that a recorded session was given.

    Raises:
        TraceVersionUnsupported: They are not of this version.
    """
    return _convert(trace, list(trace.header.profiles.values()), list[Profile])


def _convert(trace: Trace, table: object, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise TraceVersionUnsupported(
            f"{trace.path}: its settings or profiles are not of this version: {error}. "
            f"Use the version that wrote it: {trace.header.versions}."
        ) from error
