"""Save what is whole of a trace that was killed, cut or damaged."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from biofeedback.errors import TraceCorrupt
from biofeedback.trace.disk import DiskFile, SafeTail, TraceUnavailable, say_why, sync_folder
from biofeedback.trace.lines import (
    TraceFooter,
    TraceHeader,
    encode_line,
)
from biofeedback.trace.reader import Damage, TraceScan, find_footer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK_BYTES: Final = 1 << 20
_STILL_WRITTEN_S: Final = 10.0
"""A session that runs writes each second; a file that was written so lately may be one."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a pass over a trace found. ``counts`` are the whole rows by type.

    ``problem`` says what is wrong and what to do, None for a whole trace.
    """

    path: Path
    header: TraceHeader
    counts: dict[str, int]
    rows: int
    last_at_ns: int | None
    footer: TraceFooter | None
    damage: Damage | None
    problem: str | None
    whole_bytes: int
    file_bytes: int

    @property
    def is_whole(self) -> bool:
        """It was closed, and every line is as it was written."""
        return self.footer is not None and self.damage is None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was saved, and what was not."""

    source: Verification
    target: Path
    rows: int
    counts: dict[str, int]
    lost_lines: int
    lost_bytes: int


def name_recovered(source: Path) -> Path:
    """Name the trace that a recovery writes by default, beside the old one."""
    stem = source.name.removesuffix(".jsonl").removesuffix(".trace")
    return source.with_name(stem + ".recovered.trace.jsonl")


def find_unclosed(folder: Path, *, wall_s: float) -> Path | None:
    """Find the newest trace of a folder that was not closed nor recovered, None if all were.

    Args:
        folder: It may be missing.
        wall_s: The wall clock; what was written just before it may still be recorded.
    """
    found: list[tuple[float, Path]] = []
    for path in folder.glob("*.trace.jsonl"):
        with suppress(OSError):
            written_s = path.stat().st_mtime
            if wall_s - written_s < _STILL_WRITTEN_S or name_recovered(path).exists():
                continue
            if not _has_footer(path):
                found.append((written_s, path))
    return max(found)[1] if found else None


def _has_footer(path: Path) -> bool:
    with path.open("rb") as file:
        return find_footer(file) is not None


def verify_trace(path: Path, *, on_progress: Callable[[int], None] | None = None) -> Verification:
    """Read all of a trace and tell how much of it is whole.

    Raises:
        TraceCorrupt: The header is damaged or absent: nothing can be saved.
        TraceUnavailable: There is no such file, or it can't be opened.
        TraceVersionUnsupported: A newer program wrote it.
    """
    scan = TraceScan(path, on_progress=on_progress)
    counts: Counter[str] = Counter()
    last_at_ns: int | None = None
    for row in scan.rows():
        counts[type(row).__name__] += 1
        last_at_ns = row.at_ns
    return Verification(
        path=path,
        header=scan.header,
        counts=dict(counts),
        rows=counts.total(),
        last_at_ns=last_at_ns,
        footer=scan.footer,
        damage=scan.damage,
        problem=scan.problem,
        whole_bytes=scan.size_bytes,
        file_bytes=path.stat().st_size,
    )


def recover_trace(
    source: Path, target: Path, *, on_progress: Callable[[int], None] | None = None
) -> Recovery:
    """Write the longest prefix of ``source`` that is whole to ``target``, closed by a footer.

    The bytes of the rows are copied, not made anew. ``target`` appears when all of it is on the
    disk; ``source`` is only read.

    Raises:
        TraceCorrupt: Nothing can be saved.
        TraceUnavailable: ``source`` can't be read or ``target`` not be made.
        TraceVersionUnsupported: A newer program wrote it.
    """
    if target.exists():
        raise TraceUnavailable(f"{target}: exists already; choose another name with -o")
    found = verify_trace(source, on_progress=on_progress)
    partial = target.with_name(target.name + ".partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)  # left behind by a recovery that was cut short
        tail = SafeTail(DiskFile(partial))
        try:
            _copy_prefix(found, tail)
        finally:
            tail.close()
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise TraceUnavailable(f"{target}: can't be written ({say_why(error)})") from error
    damage = found.damage
    return Recovery(
        source=found,
        target=target,
        rows=found.rows,
        counts=found.counts,
        lost_lines=0 if damage is None or found.footer is not None else 1 + damage.lines_after,
        lost_bytes=0 if found.footer is not None else found.file_bytes - found.whole_bytes,
    )


def _copy_prefix(found: Verification, tail: SafeTail) -> None:
    digest = hashlib.sha256()
    left_bytes = found.whole_bytes
    with found.path.open("rb") as file:
        while left_bytes and (block := file.read(min(_BLOCK_BYTES, left_bytes))):
            digest.update(block)
            tail.append(block)
            tail.write()
            left_bytes -= len(block)
    if left_bytes:
        raise TraceCorrupt(f"{found.path}: it became shorter while it was read; try again")
    footer = TraceFooter(
        counts=found.counts,
        lines=1 + found.rows,
        sha256=digest.hexdigest(),
        last_at_ns=found.last_at_ns,
        recovered=True,
    )
    tail.append(encode_line(footer))
    tail.write()
    tail.confirm()
