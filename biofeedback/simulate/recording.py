"""Recordings of real people, opened as a source.

What a recording holds is re-encoded as the packets that a wearable would have sent, so that the
whole chain runs: acceleration and ECG as an H10 sends them, optical signals as a Verity Sense does,
heart rate and RR intervals as the heart rate service. Time 0 is the recording's time 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.errors import RecordingError
from biofeedback.messages import SensorAttached
from biofeedback.simulate import packets
from biofeedback.simulate.reencode import (
    RADIO_DELAY_NS,
    Sender,
    send_frames,
    send_heart_rate,
    send_pulse_intervals,
)
from biofeedback.simulate.source import ListedSource
from biofeedback.simulate.stamps import check_stamps, find_stretches
from biofeedback.simulate.table import Sidecar, Table, read_sidecar, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from biofeedback.messages import Input, PacketReceived, Site

_MG = {"g": 1000.0, "mg": 1.0, "m/s2": 1000.0 / 9.80665}
_UV = {"mV": 1000.0, "uV": 1.0, "V": 1e6}
_RELATIVE = ("normalised", "raw", "adu", "counts", "a.u.")
_USUAL_ECG_UV = 2000.0
_MAGNITUDES = ("mag", "acc_mag", "acc_norm")
_OPTICAL = (("ppg0", "ppg1", "ppg2", "ambient"), ("red", "green", "blue"), ("ppg",))
_SAMPLES_BACK_S = 1.0
_EVENTS_BACK_S = 5.0
"""Apps stamp a batch of intervals by adding them up from its arrival: batches may overlap."""
_MOST_MG = 100_000
_RANGES_G = (8.0, 16.0, 32.0, 1000.0)
_COUNTS = (1 << 23) - 1
_SITES: tuple[tuple[str, Site], ...] = (
    ("wrist", "wrist"),
    ("hand", "wrist"),
    ("swingingarm", "wrist"),
    ("arm", "arm"),
    ("lower back", "waist"),
    ("waist", "waist"),
    ("pocket", "pocket"),
    ("hip", "waist"),
    ("neckpouch", "chest"),
    ("chest", "chest"),
    ("ankle", "ankle"),
    ("foot", "ankle"),
    ("feet", "ankle"),
    ("shoe", "ankle"),
)
_SIDE_COLUMNS = {
    "acc": ("acc_x", "acc_y", "acc_z"),
    "ppi": ("ppi_ms", "err_ms", "blocker"),
    "hr": ("hr",),
    "rr": ("rr_ms",),
}
"""Further tables that are outputs of the device; all others are references."""
_SIDES = {"left_": "ankle-left", "right_": "ankle-right"}


class Recording(ListedSource):
    """A recording as packets.

    ``duration_s`` ends with the last packet; ``left_out`` names what a packet can't carry.
    """

    def __init__(self, messages: Sequence[Input], *, title: str, left_out: tuple[str, ...]) -> None:
        super().__init__(messages)
        self.title = title
        self.left_out = left_out
        self.duration_s = (messages[-1].at_ns - RADIO_DELAY_NS) / 1e9


def open_recording(path: Path, *, wearer: str = "p1") -> Recording:
    """Open a recording: its JSON sidecar, or the table beside it.

    Raises:
        RecordingError: Missing, damaged, contradictory, or nothing in it can be played.
    """
    sidecar_path, sidecar = read_sidecar(path)
    reader = _Reader(sidecar_path, sidecar, wearer)
    reader.read_main()
    for name in ("acc", "ppi"):
        reader.read_side(name)
    reader.read_heart()
    if not reader.sent:
        raise RecordingError(
            f"{sidecar_path}: nothing in it can be played ({', '.join(reader.left_out)}); "
            "it needs acceleration, heart rate, RR intervals, ECG in mV or an optical signal"
        )
    messages: list[Input] = [*reader.attached.values(), *reader.sent]
    messages.sort(key=lambda message: message.at_ns)
    title = sidecar.title or sidecar.device or sidecar.id or sidecar_path.stem
    return Recording(messages, title=title, left_out=tuple(reader.left_out))


def find_site(text: str) -> Site:
    """Find the place on the body in a sidecar's words; what follows a semicolon is another's."""
    words = text.split(";", maxsplit=1)[0].lower()
    for word, site in _SITES:
        if word in words:
            return site
    return "unknown"


@dataclass(slots=True)
class _Reader:
    """One recording while it is read."""

    path: Path
    sidecar: Sidecar
    wearer: str
    attached: dict[str, SensorAttached] = field(default_factory=dict[str, SensorAttached])
    sent: list[PacketReceived] = field(default_factory=list["PacketReceived"])
    left_out: list[str] = field(default_factory=list[str])
    rates: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    intervals: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def read_main(self) -> None:
        """Read the table itself."""
        names = [name for name in self.sidecar.columns if name != "t"]
        triples = _triples(names)
        magnitude = next((name for name in _MAGNITUDES if name in names and not triples), None)
        optical = next((group for group in _OPTICAL if set(group) <= set(names)), ())
        of_ecg = self.sidecar.kind == "ecg"
        ecg = [
            name for name in ("ecg",) if name in names and (of_ecg or not self._is_relative(name))
        ]
        heart = [name for name in ("hr", "rr_ms") if name in names]
        beats = self.sidecar.kind == "rr" and not heart
        wanted = [
            *(axis for _, axes in triples for axis in axes),
            *([magnitude] if magnitude else []),
            *optical,
            *ecg,
            *heart,
        ]
        self.left_out += [name for name in names if name not in wanted]
        if not wanted and not beats:
            return
        if self.sidecar.fs_hz is None and "t" not in self.sidecar.columns:
            raise RecordingError(
                f"{self.path}: neither fs_hz nor a column t says when the samples were taken; "
                "add one of them to the sidecar"
            )
        table = read_table(
            self.path, self.sidecar.file, self.sidecar.columns, wanted, fs_hz=self.sidecar.fs_hz
        )
        check_stamps(table.path, table.times_s, most_back_s=_SAMPLES_BACK_S)
        for prefix, axes in triples:
            self._send_acceleration(table, prefix, axes)
        if magnitude:
            self._send_acceleration(table, "", (None, None, magnitude))
        if ecg:
            self._send_ecg(table)
        if optical:
            self._send_optical(table, optical)
        if "hr" in heart:
            self._keep_rates(table)
        if "rr_ms" in heart:
            self._keep_intervals(table)
        if beats:
            self._keep_beats(table)

    def read_side(self, name: str) -> None:
        """Read a further output of the device, if it has one of that name with times."""
        for side in self.sidecar.reference:
            if side.name != name:
                continue
            if "t" not in side.columns:
                self.left_out.append(f"{name} (without times)")
                continue
            columns = list(_SIDE_COLUMNS[name])
            missing = [column for column in columns if column not in side.columns]
            if missing:
                self.left_out.append(f"{name} (without {', '.join(missing)})")
                continue
            table = read_table(self.path, side.file, side.columns, columns, fs_hz=None)
            back_s = _SAMPLES_BACK_S if name == "acc" else _EVENTS_BACK_S
            check_stamps(table.path, table.times_s, most_back_s=back_s)
            if name == "acc":
                self._send_acceleration(table, "", ("acc_x", "acc_y", "acc_z"))
            elif name == "ppi":
                self._send_pulses(table)
            elif name == "hr":
                self._keep_rates(table)
            else:
                self._keep_intervals(table)

    def read_heart(self) -> None:
        """Send heart rate and RR intervals, of the table or of side tables, together."""
        if self.rates is None:
            self.read_side("hr")
        if self.intervals is None:
            self.read_side("rr")
        if self.rates is None and self.intervals is None:
            return
        sensor = self._join_heart()
        self.sent += send_heart_rate(
            Sender(self.wearer, sensor), rates=self.rates, intervals=self.intervals
        )

    def _send_acceleration(
        self, table: Table, prefix: str, axes: tuple[str | None, str | None, str]
    ) -> None:
        named = [(index, axis) for index, axis in enumerate(axes) if axis is not None]
        times_s, columns = table.pick([axis for _, axis in named])
        acc_mg = np.zeros((len(times_s), 3))
        for (index, axis), column in zip(named, columns, strict=True):
            acc_mg[:, index] = column * _factor(table, axis, _MG)
            self._check_range(table, f"{axis} in mg", acc_mg[:, index], _MOST_MG)
        site = find_site(self.sidecar.site)
        sensor = _SIDES.get(prefix, f"{prefix}{site}")
        stretches = find_stretches(times_s)
        most_g = float(np.abs(acc_mg).max()) / 1000.0
        sender = self._join(
            sensor,
            self._profile(),
            site,
            acc_rate_hz=1.0 / stretches[0].period_s,
            # Nobody wrote down the range; the least that a device would need for it.
            acc_range_g=next(range_g for range_g in _RANGES_G if most_g < range_g),
        )
        self.sent += send_frames(
            sender, stretches, acc_mg, kind=packets.PMD_ACC, encode=packets.encode_pmd_acc_raw
        )

    def _send_ecg(self, table: Table) -> None:
        times_s, (ecg,) = table.pick(["ecg"])
        ecg_uv = _spread(ecg) if self._is_relative("ecg") else ecg * _factor(table, "ecg", _UV)
        self._check_range(table, "ecg in uV", ecg_uv, _COUNTS)
        site = find_site(self.sidecar.site)
        stretches = find_stretches(times_s)
        rate_hz = 1.0 / stretches[0].period_s
        sender = self._join(site, self._profile(), site, ecg_rate_hz=rate_hz)
        self.sent += send_frames(
            sender, stretches, ecg_uv, kind=packets.PMD_ECG, encode=packets.encode_ecg
        )

    def _send_optical(self, table: Table, group: tuple[str, ...]) -> None:
        # The device's own counts: an optical signal has no unit that could be kept.
        times_s, columns = table.pick(group)
        counts = np.zeros((len(times_s), 4))
        for index, (name, column) in enumerate(zip(group, columns, strict=True)):
            counts[:, index] = column / table.scales[name]
            self._check_range(table, f"{name} in counts", counts[:, index], _COUNTS)
        site = find_site(self.sidecar.site)
        stretches = find_stretches(times_s)
        rate_hz = 1.0 / stretches[0].period_s
        sender = self._join(site, "polar_verity_sense", site, ppg_rate_hz=rate_hz)
        self.sent += send_frames(
            sender, stretches, counts, kind=packets.PMD_PPG, encode=packets.encode_ppg
        )

    def _send_pulses(self, table: Table) -> None:
        times_s, (pulses_ms, errors_ms, blockers) = table.pick(_SIDE_COLUMNS["ppi"])
        self._check_range(table, "ppi_ms", pulses_ms, 65_535, least=0)
        self._check_range(table, "err_ms", errors_ms, 65_535, least=0)
        site = find_site(self.sidecar.site)
        sender = self._join(site, "polar_verity_sense", site)
        self.sent += send_pulse_intervals(sender, times_s, pulses_ms, errors_ms, blockers)

    def _keep_rates(self, table: Table) -> None:
        times_s, (rates_bpm,) = table.pick(["hr"])
        self._check_range(table, "hr", rates_bpm, 300, least=0)
        self.rates = (times_s, rates_bpm)

    def _keep_intervals(self, table: Table) -> None:
        times_s, (rr_ms,) = table.pick(["rr_ms"])
        self._check_range(table, "rr_ms", rr_ms, 60_000, least=1)
        self.intervals = (times_s, rr_ms)

    def _keep_beats(self, table: Table) -> None:
        rr_ms = np.diff(table.times_s) * 1000.0
        self._check_range(table, "t", rr_ms, 60_000, least=1)
        self.intervals = (table.times_s[1:], rr_ms)

    def _join(self, sensor: str, profile: str, site: Site, **context: float) -> Sender:
        """Attach a sensor, or add what one more of its streams is read with."""
        known = self.attached.get(sensor)
        self.attached[sensor] = SensorAttached(
            at_ns=0,
            wearer=self.wearer,
            sensor=sensor,
            profile=profile,
            site=site,
            context=context if known is None else known.context | context,
        )
        return Sender(self.wearer, sensor)

    def _join_heart(self) -> str:
        """Find the sensor that a heart rate came from: the same Polar, a strap, or the watch."""
        if self.attached and self.sidecar.kind in {"ecg", "ppg"}:
            return next(iter(self.attached))
        words = f"{self.sidecar.device} {self.sidecar.site}".lower()
        on_chest = "chest" in words or "strap" in words or "holter" in words
        site: Site = "chest" if on_chest else find_site(self.sidecar.site)
        self._join("heart", "sig_hrs", site)
        return "heart"

    def _profile(self) -> str:
        return "polar_verity_sense" if self.sidecar.kind == "ppg" else "polar_h10"

    def _is_relative(self, name: str) -> bool:
        """Tell an ECG without an absolute unit: no packet could carry it in microvolts.

        Where it is what the recording is about, it is sent as large as an ECG usually is.
        """
        spec = self.sidecar.columns[name]
        unit = spec if isinstance(spec, str) else spec.unit or ""
        return unit.startswith(_RELATIVE) or not unit

    def _check_range(
        self,
        table: Table,
        name: str,
        values: NDArray[np.generic],
        most: int,
        least: int | None = None,
    ) -> None:
        lowest = -most if least is None else least
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        if low < lowest or high > most:
            raise RecordingError(
                f"{table.path}: {name} goes from {low:g} to {high:g}, "
                f"it must lie in {lowest}..{most}; check unit and scale in the sidecar"
            )


def _triples(names: Sequence[str]) -> list[tuple[str, tuple[str, str, str]]]:
    """Find accelerometers: (prefix, columns) for every ``<prefix>acc_x, _y, _z``."""
    found: list[tuple[str, tuple[str, str, str]]] = []
    for name in names:
        if name.endswith("acc_x"):
            prefix = name[: -len("acc_x")]
            axes = (f"{prefix}acc_x", f"{prefix}acc_y", f"{prefix}acc_z")
            if set(axes) <= set(names):
                found.append((prefix, axes))
    return found


def _spread(ecg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring an ECG of unknown unit to the size of a usual one, in microvolt."""
    low, middle, high = np.percentile(ecg, (0.1, 50.0, 99.9)).tolist()
    return (ecg - middle) * (_USUAL_ECG_UV / ((high - low) or 1.0))


def _factor(table: Table, name: str, known: dict[str, float]) -> float:
    unit = table.units[name]
    if unit not in known:
        raise RecordingError(
            f"{table.path}: the unit {unit!r} of {name!r} is unknown; "
            f"the sidecar must say one of {', '.join(known)}"
        )
    return known[unit]
