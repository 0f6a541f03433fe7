"""Which sensor, whose, where, and what it shall deliver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from biofeedback.decode.profile import MANUFACTURER, expand_uuid, find_characteristic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.decode.profile import Characteristic, Profile, Start, Stream, StreamName
    from biofeedback.messages import Axis, Site

STARTED_BY_DEFAULT: Final = frozenset[str]({"acceleration", "heart_rate"})
"""Of the streams that need a start, those that music needs, unless the profile says otherwise."""
LATE_S: Final = 0.5
"""Movement that comes less often makes music that lags behind."""
NOT_DATA: Final = frozenset[str]({"battery", "device_information"})
BATTERY_UUID: Final = expand_uuid("2a19")
SERIAL_UUID: Final = expand_uuid("2a25")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sensor to be connected and kept.

    ``address`` is the system's and stays in memory; ``sensor`` is the name in messages and trace,
    which tells nothing of the address. ``firmware`` is that of the last time. ``rates_hz`` asks
    for another start than a stream's first, or with 0 for none. ``streams`` are those to be
    started; None leaves it to the profile. ``script`` holds the lines of the profile's script.
    ``left_axis`` is the one that points to the wearer's left, if anybody told.
    """

    wearer: str
    sensor: str
    address: str
    profile: Profile
    site: Site
    rates_hz: Mapping[StreamName, float] = field(default_factory=dict["StreamName", float])
    streams: frozenset[str] | None = None
    even_if_empty: bool = False
    even_if_denied: bool = False
    firmware: str | None = None
    script: tuple[bytes, ...] = ()
    left_axis: Axis | None = None

    def chosen(self) -> list[tuple[Stream, tuple[Start, ...]]]:
        """List the streams to be had, each with the starts to try, best first."""
        chosen: list[tuple[Stream, tuple[Start, ...]]] = []
        for stream in self.profile.streams:
            if stream.name in NOT_DATA:
                continue
            rate_hz = self.rates_hz.get(stream.name)
            if rate_hz == 0.0 or (stream.starts and not self._is_asked(stream)):
                continue
            starts = tuple(s for s in stream.starts if rate_hz is None or s.rate_hz == rate_hz)
            chosen.append((stream, starts or stream.starts))
        return chosen

    def _is_asked(self, stream: Stream) -> bool:
        if self.streams is not None:
            return stream.name in self.streams
        if stream.by_default is not None:
            return stream.by_default
        return stream.name in STARTED_BY_DEFAULT

    def context(self) -> dict[str, float]:
        """Say what a decoder should know of the chosen starts."""
        known: dict[str, float] = {}
        for stream, starts in self.chosen():
            if stream.name != "acceleration":
                continue
            start = starts[0] if starts else None
            rate_hz = (start.rate_hz if start else None) or stream.rate_hz
            full_scale = (start.full_scale if start else None) or stream.full_scale
            if rate_hz is not None:
                known["acc_rate_hz"] = rate_hz
            if full_scale is not None and stream.unit == "g":
                known["acc_range_g"] = full_scale
        return known

    def data_characteristics(self) -> list[str]:
        """List the characteristics that carry the chosen streams, in full."""
        uuids = [expand_uuid(stream.characteristic) for stream, _ in self.chosen()]
        return list(dict.fromkeys(uuids))

    def is_advertised(self) -> bool:
        """Tell whether all of it is advertised, so that nothing has to be connected."""
        uuids = self.data_characteristics()
        return bool(uuids) and all(uuid.startswith(MANUFACTURER) for uuid in uuids)

    def settings(self) -> list[str]:
        """List the characteristics that the first starts write to before their commands."""
        first = [start for _, starts in self.chosen() for start in starts[:1]]
        return [expand_uuid(write.characteristic) for start in first for write in start.also]

    def readable(self) -> list[Characteristic]:
        """List what is read once: battery and what the device says of itself.

        A value of a stream isn't read: before its start it is old, or was never measured.
        """
        streams = [stream for stream in self.profile.streams if stream.name not in NOT_DATA]
        carried = {expand_uuid(stream.characteristic) for stream in streams}
        return [
            characteristic
            for characteristic in self.profile.characteristics
            if "read" in characteristic.access
            and characteristic.format is not None
            and characteristic.uuid != self.profile.control
            and expand_uuid(characteristic.uuid) not in carried
            and not _feeds_music(characteristic)
        ]

    def control(self) -> Characteristic | None:
        """Give the control point, if the wearable has one."""
        if self.profile.control is None:
            return None
        return find_characteristic(self.profile, self.profile.control)


def starts_for(starts: tuple[Start, ...], model: str | None) -> tuple[Start, ...]:
    """Leave the starts that this model understands: its own, else those that are nobody's own."""
    own = tuple(start for start in starts if model in start.models)
    return own or tuple(start for start in starts if not start.models)


def _feeds_music(characteristic: Characteristic) -> bool:
    fields = [field for layout in characteristic.layouts for field in layout.fields]
    return any(field.feeds is not None and field.feeds not in NOT_DATA for field in fields)


def advise_fresher(wanted: Wanted) -> str:
    """Say how the movement could be fresher than it is, and what that costs; empty if it can't."""
    for stream, starts in wanted.chosen():
        if stream.name != "acceleration" or not starts:
            continue
        now_s = packet_period_s(stream, starts)
        best = min(stream.starts, key=lambda start: packet_period_s(stream, (start,)))
        best_s = packet_period_s(stream, (best,))
        if now_s > LATE_S and best_s < now_s / 2 and best.rate_hz is not None:
            return (
                f"its movement comes every {now_s:.1f} s; ,acceleration={best.rate_hz:g} behind "
                f"its name brings it every {best_s:.1f} s. {best.note or ''}"
            ).rstrip()
    return ""


def packet_period_s(stream: Stream, starts: tuple[Start, ...]) -> float:
    """Say how far apart the packets of a stream are, about."""
    rate_hz = (starts[0].rate_hz if starts else None) or stream.rate_hz or 1.0
    return (stream.samples_per_packet or 1) / rate_hz
