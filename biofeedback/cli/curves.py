"""A curves file: how music should be over time, drawn by hand or by another program."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from biofeedback.control.follow import neutral_music
from biofeedback.control.limits import TEMPO_MAX_BPM, TEMPO_MIN_BPM
from biofeedback.control.safety import FASTEST_SWELL_BRPM, SLOWEST_SWELL_BRPM
from biofeedback.errors import SettingsError
from biofeedback.messages import MusicParameters
from biofeedback.settings import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

RATIO: Final = (0.0, 1.0)
RANGES: Final[dict[str, tuple[float, float]]] = {
    "tempo_bpm": (TEMPO_MIN_BPM, TEMPO_MAX_BPM),
    "energy": RATIO,
    "density": RATIO,
    "brightness": RATIO,
    "articulation": RATIO,
    "tension": RATIO,
    "swell": RATIO,
    "register": (-1.0, 1.0),
    "level_db": (-60.0, 0.0),
    "place": (-1.0, 1.0),
    "swell_brpm": (SLOWEST_SWELL_BRPM, FASTEST_SWELL_BRPM),
}


class Curves:
    """Parameters over time, linear between rows, constant before the first and after the last."""

    def __init__(
        self, times_s: list[float], columns: dict[str, list[float]], resting_tempo_bpm: float
    ) -> None:
        self._times_s = times_s
        self._columns = columns
        self._rest = neutral_music(resting_tempo_bpm)

    @property
    def duration_s(self) -> float:
        """The time of the last row."""
        return self._times_s[-1]

    def at(self, time_s: float) -> MusicParameters:
        """Return the parameters of one instant; columns that the file lacks stay neutral."""
        right = bisect_right(self._times_s, time_s)
        left = max(0, right - 1)
        right = min(right, len(self._times_s) - 1)
        span_s = self._times_s[right] - self._times_s[left]
        share = (time_s - self._times_s[left]) / span_s if span_s > 0 else 0.0
        values = {name: getattr(self._rest, name) for name in RANGES} | {
            name: column[left] + share * (column[right] - column[left])
            for name, column in self._columns.items()
        }
        return MusicParameters(**values)


def read_curves(path: Path, *, resting_tempo_bpm: float) -> Curves:
    """Read ``time_s`` and any of the parameters from a CSV file.

    Raises:
        SettingsError: What is wrong, in which line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            names = _check_header(path, table.fieldnames)
            rows = [_read_row(path, names, table.line_num, row) for row in table]
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such curves file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path}: this is not a CSV text in UTF-8.") from error
    except OSError as error:
        raise SettingsError(f"{path}: can't read it: {error.strerror}.") from error
    if not rows:
        raise SettingsError(f"{path}: there is no row below the header.")
    times_s = [row["time_s"] for row in rows]
    for line, (before_s, after_s) in enumerate(pairwise(times_s), start=3):
        if after_s <= before_s:
            raise SettingsError(f"{path}: line {line}: time_s has to rise, {after_s} does not.")
    if times_s[-1] <= 0.0:
        raise SettingsError(
            f"{path}: the last time_s is how long the music lasts, and it is 0; add a row for the "
            "end."
        )
    columns = {name: [row[name] for row in rows] for name in names if name != "time_s"}
    return Curves(times_s, columns, resting_tempo_bpm)


def _check_header(path: Path, fieldnames: object) -> list[str]:
    names = [str(name) for name in fieldnames] if isinstance(fieldnames, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if "time_s" not in names:
        raise SettingsError(f"{path}: the header needs time_s and any of {', '.join(RANGES)}.")
    for name in names:
        if name != "time_s" and name not in RANGES:
            raise SettingsError(
                f"{path}: there is no parameter '{name}'.{did_you_mean(name, tuple(RANGES))}"
            )
    return names


def _read_row(
    path: Path, names: list[str], line: int, row: dict[str, str | None]
) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in names:
        low, high = (0.0, 86400.0) if name == "time_s" else RANGES[name]
        cell = (row[name] or "").strip()
        if not cell:
            raise SettingsError(
                f"{path}: line {line}: there is no value for {name}; "
                f"give a number from {low:g} to {high:g}."
            )
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise SettingsError(
                f"{path}: line {line}: {name} is {cell!r}; "
                f"it has to be a number from {low:g} to {high:g}."
            )
        values[name] = value
    return values
