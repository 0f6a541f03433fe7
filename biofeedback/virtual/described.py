"""A virtual wearable that is nothing but its profile: what it offers, starts, sends and stops.

Whatever a profile lists as a start is obeyed and begins that stream; whatever it lists as a stop
ends it. The packets are those of ``encoders``. Families with a control point that answers
(Polar) have their own devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.decode.plain import UNITS
from biofeedback.decode.profile import MANUFACTURER, expand_uuid, find_characteristic
from biofeedback.simulate.motion import SiteMotion
from biofeedback.virtual import encoders
from biofeedback.virtual.counted import ENCODERS, Cranks, heart_encoder, shared_heart_encoder
from biofeedback.virtual.devices import Strap
from biofeedback.virtual.senses import Sampled, Senses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.decode.profile import Characteristic, Profile, Start, Stream
    from biofeedback.messages import Site
    from biofeedback.simulate.body import Body
    from biofeedback.simulate.frames import FrameMaker
    from biofeedback.virtual.senses import Encode

_KEPT_WRITES = 16
_MOVESENSE_OK: Final = (200).to_bytes(2, "little")
_RING_FIRST_S, _RING_LASTS = 10.0, 30
"""A ring finds a pulse after that long, and sends so many values before it stops by itself."""
_OF_EACH_STREAM: Final = frozenset({"movesense", "colmi"})
"""Formats whose streams share a characteristic and not their packets."""


class Described(Strap):
    """The device of any profile."""

    def __init__(self, profile: Profile, body: Body, site: Site, *, serial: str) -> None:
        super().__init__(body, site, serial=serial)
        self._profile = profile
        self._control = expand_uuid(profile.control) if profile.control else None
        self._written: list[tuple[str, bytes]] = []
        self._started: dict[str, tuple[Start, int]] = {}
        self._starts = 0
        motion = SiteMotion(body, site, body.sensor_rng())
        self.senses = Senses(body, motion, most_mps2=_most_mps2(profile))
        for described in profile.characteristics:
            if described.layouts:
                self.values.setdefault(
                    expand_uuid(described.uuid), bytes(described.layouts[0].size)
                )

    def local_name(self, serial: str) -> str:
        """Say the name in the air."""
        names = self._profile.match.names
        if not names:
            return self._profile.title.split()[0]
        gap = "" if names[0][-2:-1] in {"-", "_"} else " "
        return names[0].removesuffix("*") + gap + serial

    def write(self, uuid: str, value: bytes, *, mtu: int) -> tuple[str, bytes] | None:
        """Obey what the profile lists; answer where such a device answers."""
        del mtu
        self._written = [*self._written, (uuid, value)][-_KEPT_WRITES:]
        if uuid != self._control:
            return None
        for stream in self._profile.streams:
            if stream.stop and bytes.fromhex(stream.stop[-1]) == value:
                self._started.pop(stream.name, None)
        for stream in self._profile.streams:
            for start in stream.starts:
                if self._has_written(start):
                    self._starts += 1
                    self._started[stream.name] = (start, self._starts)
                    return self._confirm(stream, value)
        return None

    def streams(
        self, now_s: float, delay_s: float, is_subscribed: Callable[[str], bool]
    ) -> Mapping[object, tuple[str, Callable[[], FrameMaker]]]:
        """Say what runs, and how to make its packets."""
        running: dict[object, tuple[str, Callable[[], FrameMaker]]] = {}
        taken: set[str] = set()
        needs_start = any(stream.starts for stream in self._profile.streams)
        for stream in self._profile.streams:
            described = find_characteristic(self._profile, stream.characteristic)
            if described is None or stream.name in {"battery", "device_information"}:
                continue
            start, number = self._started.get(stream.name, (None, 0))
            if start is None and (stream.starts or (needs_start and not self._started)):
                continue
            uuid = expand_uuid(stream.characteristic)
            if not is_subscribed(uuid):
                continue
            each = described.format in _OF_EACH_STREAM
            if (each and start is None) or (not each and uuid in taken):
                continue
            taken.add(uuid)
            maker = self._maker(stream, described, start, now_s + delay_s)
            if maker is not None:
                running[uuid, stream.name, number] = (uuid, maker)
        return running

    def shared(self, now_s: float) -> tuple[int, FrameMaker] | None:
        """Give the company and the payloads of a device that advertises its values."""
        for stream in self._profile.streams:
            if stream.characteristic.startswith(MANUFACTURER):
                encode = shared_heart_encoder(self.senses)
                maker = Sampled(encode, rate_hz=1.0, samples=1, start_s=now_s)
                return int(stream.characteristic.removeprefix(MANUFACTURER), 16), maker
        return None

    def link_ended(self) -> None:
        """Forget what was started for a host that is gone."""
        self._started.clear()
        self._written.clear()

    def _has_written(self, start: Start) -> bool:
        commands = [bytes.fromhex(command) for command in start.commands]
        told = [value for uuid, value in self._written if uuid == self._control]
        settings = {(expand_uuid(w.characteristic), bytes.fromhex(w.value)) for w in start.also}
        return told[-len(commands) :] == commands and settings <= set(self._written)

    def _confirm(self, stream: Stream, command: bytes) -> tuple[str, bytes] | None:
        described = find_characteristic(self._profile, stream.characteristic)
        if described is None or described.format != "movesense":
            return None
        return expand_uuid(stream.characteristic), bytes((1, command[1])) + _MOVESENSE_OK

    def _maker(
        self, stream: Stream, described: Characteristic, start: Start | None, start_s: float
    ) -> Callable[[], FrameMaker] | None:
        rate_hz = (start.rate_hz if start else None) or stream.rate_hz or 1.0
        samples = stream.samples_per_packet or 1
        if described.format == "heart_rate_measurement":
            heart = heart_encoder(self.senses)
            return lambda: Sampled(heart, rate_hz=1.0, samples=1, start_s=start_s)
        if described.format == "bangle_line":
            lines = encoders.BangleLines(self.senses, start_s)
            return lambda: Sampled(
                lines.encode, rate_hz=rate_hz, samples=1, start_s=start_s, chunk_bytes=20
            )
        if described.format == "colmi" and stream.name != "acceleration":
            kind = 1 if stream.name == "heart_rate" else 3
            first_s = start_s + (_RING_FIRST_S if self._starts <= 1 else 0.0)
            ring = encoders.colmi_heart_encoder(self.senses, kind)
            return lambda: Sampled(
                ring, rate_hz=1.0, samples=1, start_s=first_s, packets=_RING_LASTS
            )
        encode = self._encoder(stream, described, start, start_s)
        if encode is None:
            return None
        return lambda: Sampled(encode, rate_hz=rate_hz, samples=samples, start_s=start_s)

    def _encoder(
        self, stream: Stream, described: Characteristic, start: Start | None, start_s: float
    ) -> Encode | None:
        simple = ENCODERS.get(described.format or "")
        if simple is not None:
            return simple(self.senses)
        match described.format:
            case "plain":
                return self._plain(described)
            case "movesense" if start is not None:
                return self._movesense(stream, start)
            case "metawear":
                return encoders.metawear_encoder(self.senses, self._profile.context["lsb_per_g"])
            case "cycling_speed":
                return Cranks(self.senses, start_s).encode
            case _:
                return None

    def _plain(self, described: Characteristic) -> Encode | None:
        context = self._profile.context
        for layout in described.layouts:
            fits = all(context.get(key) == value for key, value in layout.when.items())
            if fits and any(field.feeds for field in layout.fields):
                uptime_s = self.clocks.uptime_s
                return encoders.plain_encoder(layout, self.senses, context, uptime_s)
        return None

    def _movesense(self, stream: Stream, start: Start) -> Encode:
        command = bytes.fromhex(start.commands[-1])
        ref, path = command[1], command[2:].decode()
        if stream.name == "heart_rate":
            return encoders.movesense_heart_encoder(self.senses, ref)
        return encoders.movesense_encoder(self.senses, path, ref, self.clocks.uptime_s)


def _most_mps2(profile: Profile) -> float:
    for stream in profile.streams:
        if stream.name == "acceleration" and stream.full_scale is not None:
            return stream.full_scale * UNITS["acceleration"][stream.unit or "m/s2"]
    return 8 * UNITS["acceleration"]["g"]
