"""Tables of a trace that may be shared: one CSV file for each kind of message.

* ``measures.csv`` has the form that ``biofeedback measure`` writes; with several wearers there is
  one per wearer. ``notes.csv`` starts with the columns of a notes file.
* Times are seconds from the start of the session; the start itself stands in ``meta.json``.
* Who and with what stays behind: wearers, sensors and songs are numbered, the source is cut to its
  kind, packets that carry names or serial numbers lose their bytes, settings are not exported.
"""

from __future__ import annotations

import csv
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, cast

from biofeedback.messages import (
    NS_PER_S,
    TICKS_PER_BEAT,
    CheckAnswered,
    ClockJumped,
    CommandGiven,
    DecisionMade,
    EventDetected,
    KeyPressed,
    LevelNudged,
    LinkReported,
    MarkerSet,
    Measure,
    MeasureTaken,
    MusicParameters,
    NotePlayed,
    NoticeGiven,
    OutcomesTold,
    PacketReceived,
    PacketRejected,
    PhaseChanged,
    PlayNote,
    QuestionAsked,
    RatingGiven,
    SensorAttached,
    SensorDetached,
    SoundReported,
    StateChanged,
    SteerSound,
    StopSound,
    StretchSong,
    SymptomAnswered,
    TakeKept,
)
from biofeedback.trace.disk import TraceUnavailable, say_why
from biofeedback.trace.header import mask_addresses
from biofeedback.trace.lines import RowRefused, RowsDropped
from biofeedback.trace.reader import TraceScan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import msgspec

    from biofeedback.trace.lines import Row

TABLES: Final[dict[type, str]] = {
    SensorAttached: "sensors_attached.csv",
    SensorDetached: "sensors_detached.csv",
    PacketReceived: "packets.csv",
    LinkReported: "links.csv",
    CommandGiven: "commands.csv",
    KeyPressed: "keys.csv",
    NotePlayed: "notes_played.csv",
    RatingGiven: "ratings.csv",
    CheckAnswered: "checks.csv",
    SymptomAnswered: "symptoms.csv",
    MarkerSet: "markers.csv",
    LevelNudged: "level_caps.csv",
    ClockJumped: "clock_jumps.csv",
    SoundReported: "sound_reports.csv",
    PacketRejected: "rejected.csv",
    EventDetected: "events.csv",
    StateChanged: "states.csv",
    DecisionMade: "decisions.csv",
    NoticeGiven: "notices.csv",
    PhaseChanged: "phases.csv",
    QuestionAsked: "questions.csv",
    OutcomesTold: "outcomes.csv",
    TakeKept: "takes.csv",
    PlayNote: "notes.csv",
    SteerSound: "steering.csv",
    StretchSong: "song_stretches.csv",
    StopSound: "stops.csv",
    RowsDropped: "rows_dropped.csv",
    RowRefused: "rows_refused.csv",
}
"""Measures have files of their own; ``TimePassed`` says nothing that a table could hold."""

_MEASURE_COLUMNS: Final = ("time_s", "measure", "value", "quality")
_FIRST_NOTE_COLUMNS: Final = ("start_s", "duration_s", "layer", "pitch_midi", "velocity", "beat")
_MEASURES: Final = re.compile(r"measures(?:_wearer\d+)?\.csv")
_FREE_TEXT: Final = frozenset({"wearer", "sensor", "song", "profile", "detail", "reason", "say"})
_NOTES: Final = frozenset({"text"})
"""What staff wrote about somebody stays behind."""
_SPAN_FIELDS: Final = frozenset({"duration_ns"})
_TELLING: Final = re.compile(
    # device name; model, serial, firmware .. and other device information; system id
    r"^(?:0000)?2a(?:00|2[3-9a])(?:-0000-1000-8000-00805f9b34fb)?$",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SOURCE: Final = re.compile(r"(?:demo|sim)\b.*|recording\b|trace\b|ble\b|lsl\b")
"""What of a source may be told: a file or a device may be named after a person."""


@dataclass(frozen=True, slots=True)
class CsvExport:
    """The files that were written with the number of their rows.

    ``problem`` says why the trace may have held more, None if it was whole.
    """

    folder: Path
    files: dict[str, int]
    problem: str | None


def export_csv(
    path: Path,
    folder: Path,
    *,
    overwrite: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> CsvExport:
    """Write tables of all rows of a trace that can be trusted.

    Args:
        path: A trace; a damaged one is exported up to the damage, of which the result tells.
        folder: Made if needed, otherwise empty.
        overwrite: The folder may hold files: tables of an export go, everything else stays.
        on_progress: Called now and then with the number of bytes that were read.

    Raises:
        TraceCorrupt: The header is damaged: there is nothing to export.
        TraceUnavailable: The trace can't be read, the folder holds something or can't be written.
        TraceVersionUnsupported: A newer program wrote it.
    """
    scan = TraceScan(path, on_progress=on_progress)
    names = _Names()
    origin_ns = scan.header.start_monotonic_ns
    last_at_ns = origin_ns
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder, overwrite=overwrite)
        with _Tables(folder) as tables:
            for row in scan.rows():
                last_at_ns = row.at_ns
                _write_row(tables, row, origin_ns, names)
            files = tables.finish()
        meta = _describe(scan, last_at_ns, files)
        (folder / "meta.json").touch(mode=0o600)
        (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise TraceUnavailable(f"{folder}: can't be written ({say_why(error)})") from error
    return CsvExport(folder=folder, files=files, problem=scan.problem)


def _clear(folder: Path, *, overwrite: bool) -> None:
    """Remove every table of an earlier export: what it held beyond this one would be taken for it.

    Raises:
        TraceUnavailable: The folder holds something, and nobody said that it may go.
    """
    held = list(folder.iterdir())
    if held and not overwrite:
        raise TraceUnavailable(f"{folder} is not empty; give another folder or --overwrite")
    for file in held:
        is_table = file.name in {*TABLES.values(), "meta.json"} or _MEASURES.fullmatch(file.name)
        if is_table and file.is_file():
            file.unlink()


@dataclass(slots=True)
class _Names:
    """Numbers in place of names, in the order of their first appearance."""

    wearers: dict[str, str] = field(default_factory=dict[str, str])
    sensors: dict[str, str] = field(default_factory=dict[str, str])
    songs: dict[str, str] = field(default_factory=dict[str, str])

    def hide_in_key(self, key: str) -> str:
        """Hide wearers in a name like ``voice_share_anna_ratio``: underscores part its words."""
        return _replace_names(key, self.wearers, letter=r"[^\W_]")

    def hide(self, name: str, value: str) -> str:
        numbers = {"wearer": self.wearers, "sensor": self.sensors, "song": self.songs}.get(name)
        if numbers is not None:
            return numbers.setdefault(value, f"{name}{len(numbers) + 1}")
        value = _replace_names(value, {**self.sensors, **self.wearers}, letter=r"\w")
        return _EMAIL.sub("(e-mail)", mask_addresses(value))


def _replace_names(text: str, numbers: dict[str, str], *, letter: str) -> str:
    """Replace whole words in one pass, the longest name first: a number may be a name, too."""
    if not numbers:
        return text
    names = "|".join(map(re.escape, sorted(numbers, key=len, reverse=True)))
    whole_word = rf"(?<!{letter})(?:{names})(?!{letter})"
    return re.sub(whole_word, lambda found: numbers[found[0]], text)


class _Tables:
    """Open CSV files, made at their first row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._writers: dict[str, Any] = {}
        self._rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, name: str, row: dict[str, object]) -> None:
        writer = self._writers.get(name)
        if writer is None:
            path = self._folder / name
            path.touch(mode=0o600)
            file = self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            writer = self._writers[name] = csv.writer(file, lineterminator="\n")
            writer.writerow(row)
            self._rows[name] = 0
        writer.writerow(row.values())
        self._rows[name] += 1

    def finish(self) -> dict[str, int]:
        """Give a lone wearer's measures the plain name; return the rows of each file."""
        self._stack.close()
        measures = [name for name in self._rows if name.startswith("measures_")]
        if len(measures) == 1:
            (self._folder / measures[0]).replace(self._folder / "measures.csv")
            self._rows["measures.csv"] = self._rows.pop(measures[0])
        return dict(sorted(self._rows.items()))


def _write_row(tables: _Tables, row: Row, origin_ns: int, names: _Names) -> None:
    if isinstance(row, MeasureTaken | EventDetected):
        wearer = names.hide("wearer", row.wearer)
        known_s = _to_seconds(row.at_ns - origin_ns)
        if isinstance(row, MeasureTaken):
            measure: Measure | str = row.measure
            value: object = row.value
        else:
            measure, value = row.event, _to_seconds(row.event_ns - origin_ns)
        cells = (known_s, measure, value, row.quality)
        tables.add(f"measures_{wearer}.csv", dict(zip(_MEASURE_COLUMNS, cells, strict=True)))
    table = TABLES.get(type(row))
    if table is not None:
        cells = _flatten(row, origin_ns, names)
        if isinstance(row, PlayNote):
            cells = _order_note(row, cells)
        tables.add(table, cells)


def _flatten(row: msgspec.Struct, origin_ns: int, names: _Names) -> dict[str, object]:
    cells: dict[str, object] = {}
    is_telling = isinstance(row, PacketReceived) and _TELLING.match(row.characteristic)
    for name in row.__struct_fields__:
        value: object = getattr(row, name)
        if name.endswith("_ns"):
            column = "time_s" if name == "at_ns" else name.removesuffix("_ns") + "_s"
            start_ns = 0 if name in _SPAN_FIELDS else origin_ns
            cells[column] = _to_seconds(cast("int", value) - start_ns)
        elif isinstance(value, MusicParameters):
            for part in value.__struct_fields__:
                cells[f"{name}_{part}"] = getattr(value, part)
        elif isinstance(value, bytes):
            cells[name + "_hex"] = "" if is_telling else value.hex()
        elif name in _NOTES:
            continue
        elif isinstance(value, str) and name in _FREE_TEXT:
            cells[name] = names.hide(name, value)
        elif isinstance(value, tuple):
            cells[name] = " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, dict):
            told = cast("dict[str, object]", value)
            cells[name] = json.dumps({names.hide_in_key(key): told[key] for key in told})
        else:
            cells[name] = value
    return cells


def _order_note(note: PlayNote, cells: dict[str, object]) -> dict[str, object]:
    beat = None if note.tick is None else note.tick / TICKS_PER_BEAT
    cells = {**cells, "beat": beat}
    del cells["tick"]
    first = {name: cells[name] for name in _FIRST_NOTE_COLUMNS}
    return {**first, **{name: cell for name, cell in cells.items() if name not in first}}


def _to_seconds(span_ns: int) -> str:
    """Write nanoseconds as seconds with six digits, exactly: no float can hold both."""
    microseconds = (abs(span_ns) + 500) // 1000
    sign = "-" if span_ns < 0 and microseconds else ""
    return f"{sign}{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def _describe(scan: TraceScan, last_at_ns: int, files: dict[str, int]) -> dict[str, object]:
    header = scan.header
    source = _SOURCE.match(header.source)
    return {
        "session_id": _Names().hide("session_id", header.session_id),
        "start": header.start_wall_iso,
        "duration_s": (last_at_ns - header.start_monotonic_ns) / NS_PER_S,
        "source": None if source is None else source[0],
        "versions": header.versions,
        "profiles": sorted(header.profiles),
        "profile_hash": header.profile_hash,
        "closed": scan.footer is not None,
        "damage": None if scan.damage is None else scan.damage.reason,
        "rows": files,
    }
