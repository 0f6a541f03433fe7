"""The first line of a trace, made from what is known when a session starts."""

from __future__ import annotations

import hashlib
import math
import platform
import re
import secrets
import time
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

import biofeedback
from biofeedback.errors import TraceError
from biofeedback.trace.lines import SCHEMA_VERSION, TraceHeader

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIBRARIES: Final = ("numpy", "scipy", "msgspec", "pyo", "sounddevice", "bleak")
_ADDRESS: Final = re.compile(
    r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:_-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
)


def mask_addresses(text: str) -> str:
    """Replace hardware addresses: a trace never says which device of the world it was."""
    return _ADDRESS.sub("(address)", text)


def make_header(
    *,
    settings: object,
    profiles: Mapping[str, object],
    source: str,
    session_id: str | None = None,
    start_monotonic_ns: int | None = None,
) -> TraceHeader:
    """Describe a session that starts now.

    Args:
        settings: Anything that msgspec can turn into a table.
        profiles: The profiles in use, by name.
        source: Where the messages come from, as on the command line.
        session_id: A pseudonym of the session; None invents one.
        start_monotonic_ns: The instant on the messages' clock that counts as 0 s. None takes the
            host's monotonic clock; a session in invented time states its own start.

    Raises:
        TraceError: Settings or profiles hold something that a trace can't keep.
    """
    kept_profiles = {name: _to_table(f"profile {name}", kept) for name, kept in profiles.items()}
    wall_ns, monotonic_ns = _read_both_clocks()
    wall = datetime.fromtimestamp(wall_ns / 1e9).astimezone()
    return TraceHeader(
        schema_version=SCHEMA_VERSION,
        session_id=secrets.token_hex(8) if session_id is None else session_id,
        versions=_read_versions(),
        settings=_to_table("settings", settings),
        profiles=kept_profiles,
        profile_hash=hashlib.sha256(
            msgspec.json.encode(kept_profiles, order="deterministic")
        ).hexdigest(),
        source=mask_addresses(source),
        start_wall_iso=wall.isoformat(timespec="milliseconds"),
        start_wall_ns=wall_ns,
        start_monotonic_ns=monotonic_ns if start_monotonic_ns is None else start_monotonic_ns,
    )


def _read_both_clocks() -> tuple[int, int]:
    # The closest of a few tries: the thread may be put aside between two reads.
    pairs: list[tuple[int, int, int]] = []
    for _ in range(5):
        before_ns = time.monotonic_ns()
        wall_ns = time.time_ns()
        after_ns = time.monotonic_ns()
        pairs.append((after_ns - before_ns, wall_ns, (before_ns + after_ns) // 2))
    _, wall_ns, monotonic_ns = min(pairs)
    return wall_ns, monotonic_ns


def _read_versions() -> dict[str, str]:
    versions = {
        "biofeedback": biofeedback.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "absent"
    return versions


def _to_table(what: str, given: object) -> dict[str, Any]:
    try:
        table = msgspec.json.decode(msgspec.json.encode(given))
        finite = _is_finite(msgspec.to_builtins(given))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise TraceError(f"the {what} can't be kept in a trace: {error}") from error
    if not isinstance(table, dict):
        raise TraceError(f"the {what} can't be kept in a trace: a table is needed")
    if not finite:
        raise TraceError(f"the {what} can't be kept in a trace: a number in it is not finite")
    return cast("dict[str, Any]", table)


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(item) for item in cast("dict[object, object]", value).values())
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_finite(item) for item in cast("list[object]", value))
    return True
