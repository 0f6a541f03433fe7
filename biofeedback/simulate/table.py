"""Recordings on the disk: a table of numbers with a JSON sidecar that says what they are.

* The sidecar names the table, its columns with unit, scale and offset (physical = raw x scale +
  offset), ``fs_hz`` or null when a column ``t`` holds the seconds, and side tables of the device.
* A column is described by an object or by a text that begins with the unit.
* Whatever is missing or wrong becomes a ``RecordingError`` that names the file and what to do.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from biofeedback.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_BYTES = 1 << 30
_MOST_SIDECAR_BYTES = 1 << 22


class ColumnSpec(msgspec.Struct, frozen=True):
    """What a column holds."""

    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0


class SideTable(msgspec.Struct, frozen=True):
    """A further table of the recording: another output of the device, or a reference."""

    name: str
    file: str
    columns: dict[str, str | ColumnSpec] = {}


class Sidecar(msgspec.Struct, frozen=True):
    """What the JSON file beside a table says; fields that nobody needs here are not read."""

    kind: str
    file: str
    columns: dict[str, str | ColumnSpec]
    id: str = ""
    title: str = ""
    device: str = ""
    site: str = ""
    fs_hz: float | None = None
    reference: tuple[SideTable, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Numbers in physical units: ``columns[name]`` has shape (n,), NaN where a cell is empty.

    ``times_s`` (n,) is complete. ``pick`` gives what may leave this file.
    """

    path: Path
    columns: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    scales: dict[str, float]
    times_s: NDArray[np.float64]

    def pick(
        self, names: Sequence[str]
    ) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
        """Give times and columns of the rows where none of ``names`` is empty.

        Raises:
            RecordingError: There is no such row.
        """
        columns = tuple(self.columns[name] for name in names)
        full = np.logical_and.reduce([np.isfinite(column) for column in columns])
        if not full.any():
            raise RecordingError(
                f"{self.path}: no row has {' and '.join(names)}; fill them or take them out "
                "of the sidecar"
            )
        return self.times_s[full], tuple(column[full] for column in columns)


def read_sidecar(path: Path) -> tuple[Path, Sidecar]:
    """Read the sidecar; ``path`` may name it or the table beside it.

    Raises:
        RecordingError: Missing, not JSON, a field is missing or of the wrong kind.
    """
    sidecar_path = _sidecar_beside(path)
    try:
        content = sidecar_path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(
            f"there is no recording {sidecar_path}: give the .json file of a recording"
        ) from None
    except IsADirectoryError:
        raise RecordingError(
            f"{sidecar_path} is a folder: give the .json file of one recording in it"
        ) from None
    except OSError as error:
        raise RecordingError(
            f"{sidecar_path} can't be read ({error.strerror}): check the file"
        ) from error
    if len(content) > _MOST_SIDECAR_BYTES:
        raise RecordingError(f"{sidecar_path} is too large for a sidecar: give the .json file")
    try:
        sidecar = msgspec.json.decode(content, type=Sidecar)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(
            f"{sidecar_path} is no sidecar of a recording: {error}; "
            "it needs kind, file, columns and fs_hz or a column t"
        ) from error
    rate_hz = sidecar.fs_hz
    if rate_hz is not None and not 0.0 < rate_hz <= 10_000.0:
        raise RecordingError(
            f"{sidecar_path}: fs_hz is {rate_hz}, it must lie above 0 and up to 10000 Hz"
        )
    return sidecar_path, sidecar


def read_table(
    sidecar_path: Path,
    file: str,
    specs: dict[str, str | ColumnSpec],
    wanted: Sequence[str],
    *,
    fs_hz: float | None,
) -> Table:
    """Read the wanted columns of a table, and their times.

    Args:
        sidecar_path: For the folder, and for messages.
        file: Name of the table, beside the sidecar.
        specs: What the sidecar says of the columns.
        wanted: Columns to read; each must be there.
        fs_hz: Sampling rate, None to read the times from the column ``t``.

    Raises:
        RecordingError: Missing, damaged, a column is missing, or a cell is neither empty nor a
            finite number.
    """
    if not file or Path(file).name != file:
        raise RecordingError(f"{sidecar_path}: the table {file!r} must lie beside the sidecar")
    path = sidecar_path.with_name(file)
    header, lines = _read_lines(path)
    names = [*wanted, "t"] if fs_hz is None else [*wanted]
    for name in names:
        if name not in header:
            raise RecordingError(
                f"{path}: the column {name!r} is missing (there are: {', '.join(header)}); "
                "add it, or correct the sidecar"
            )
    if not lines:
        raise RecordingError(f"{path} holds no rows: nothing can be played")
    raw = _parse(path, lines, names, header)
    columns: dict[str, NDArray[np.float64]] = {}
    units: dict[str, str] = {}
    scales: dict[str, float] = {}
    for index, name in enumerate(wanted):
        spec = specs.get(name, ColumnSpec())
        unit, scale, offset = _unit_of(path, name, spec)
        columns[name] = raw[:, index] * scale + offset
        units[name] = unit
        scales[name] = scale
    times_s = raw[:, -1].copy() if fs_hz is None else np.arange(len(raw)) / fs_hz
    return Table(path=path, columns=columns, units=units, scales=scales, times_s=times_s)


def _sidecar_beside(path: Path) -> Path:
    for ending in (".csv.gz", ".csv"):
        if path.name.endswith(ending):
            return path.with_name(path.name[: -len(ending)] + ".json")
    return path


def _read_lines(path: Path) -> tuple[list[str], list[str]]:
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        text = content.decode()
    except FileNotFoundError:
        raise RecordingError(f"the table {path} is missing: put it beside its sidecar") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(f"{path} is damaged ({error}): get the file again") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path} is no text: a table is comma-separated UTF-8") from error
    except OSError as error:
        raise RecordingError(f"{path} can't be read ({error.strerror}): check the file") from error
    if len(content) > _MOST_BYTES:
        raise RecordingError(f"{path} is larger than 1 GiB: cut the recording into pieces")
    lines = text.splitlines()
    if not lines:
        raise RecordingError(f"{path} is empty: get the file again")
    if not lines[0].strip():
        raise RecordingError(f"{path}: the first line is empty; it has to name the columns")
    return [name.strip() for name in lines[0].split(",")], lines[1:]


def _parse(
    path: Path, lines: list[str], names: list[str], header: list[str]
) -> NDArray[np.float64]:
    """Parse the cells of ``names``: shape (rows, names), NaN where a cell is empty."""
    places = [header.index(name) for name in names]
    if not places:
        return np.empty((len(lines), 0))
    try:
        raw = np.loadtxt(lines, delimiter=",", usecols=places, ndmin=2, comments=None)
    except ValueError:
        raw = None
    if raw is not None and len(raw) == len(lines) and bool(np.isfinite(raw).all()):
        return raw
    return _parse_slowly(path, lines, places, names, len(header))


def _parse_slowly(
    path: Path, lines: list[str], places: list[int], names: list[str], width: int
) -> NDArray[np.float64]:
    """Parse cell by cell, to leave empty ones empty and to say which one is wrong."""
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=2):
        cells = line.split(",")
        if len(cells) != width:
            raise RecordingError(
                f"{path}, line {number}: {len(cells)} cells instead of {width}; "
                "repair the line or remove it"
            )
        row: list[float] = []
        for place, name in zip(places, names, strict=True):
            cell = cells[place].strip()
            value = _parse_cell(cell)
            if value is None or (name == "t" and not cell):
                raise RecordingError(
                    f"{path}, line {number}: {name} is {cell!r}, not a finite number; "
                    "leave the cell empty or the row out (a gap is fine), never fill it"
                )
            row.append(value)
        rows.append(row)
    return np.array(rows)


def _parse_cell(cell: str) -> float | None:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _unit_of(path: Path, name: str, spec: str | ColumnSpec) -> tuple[str, float, float]:
    if isinstance(spec, str):
        return spec.replace(",", " ").split(" ")[0], 1.0, 0.0
    if not math.isfinite(spec.scale) or spec.scale == 0.0 or not math.isfinite(spec.offset):
        raise RecordingError(
            f"{path}: scale {spec.scale} and offset {spec.offset} of {name!r} must be finite, "
            "and the scale not 0; correct the sidecar"
        )
    return spec.unit or "", spec.scale, spec.offset
