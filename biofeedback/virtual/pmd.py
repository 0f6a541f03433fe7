"""The control point of a virtual Polar: requests in, replies out, and what is running.

Replies are ``F0 op type status more parameters``; an error may end after the status.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.polar_pmd_control import STATUSES, decode_polar_pmd_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.decode.polar_pmd_control import PmdRequest, Status

CONTROL_UUID: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
ECG, ACC, PPI, SDK_MODE = 0, 2, 3, 9
_RATE, _RESOLUTION, _RANGE, _CHANNELS = 0, 1, 2, 4
_OPS: Final = {"get_settings": 1, "start": 2, "stop": 3, "get_sdk_settings": 4}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one measurement can be asked for; empty settings stand for none."""

    rates_hz: tuple[int, ...] = ()
    resolution_bits: int = 0
    ranges: tuple[int, ...] = ()
    channels: int = 0

    def settings(self) -> bytes:
        """Give the settings as the device lists them."""
        parts: list[bytes] = []
        for kind, values in ((_RATE, self.rates_hz), (_RESOLUTION, (self.resolution_bits,))):
            if any(values):
                parts.append(struct.pack(f"<BB{len(values)}H", kind, len(values), *values))
        if self.ranges:
            parts.append(
                struct.pack(f"<BB{len(self.ranges)}H", _RANGE, len(self.ranges), *self.ranges)
            )
        if self.channels:
            parts.append(bytes((_CHANNELS, 1, self.channels)))
        return b"".join(parts)

    def fault_of(self, asked: Mapping[str, tuple[float, ...]]) -> Status | None:
        """Say what is wrong with the settings of a start, None if nothing is."""
        if bool(self.channels) != bool(asked.get("channels")) or (self.rates_hz and not asked):
            return "invalid_parameter"
        if asked.get("sample_rate", (0,))[0] not in (self.rates_hz or (0,)):
            return "invalid_rate"
        if asked.get("resolution", (0,))[0] != self.resolution_bits:
            return "invalid_resolution"
        if asked.get("range", (0,))[0] not in (self.ranges or (0,)):
            return "invalid_range"
        return None


class PmdControl:
    """What a control point remembers.

    ``running`` maps the code of a measurement to its rate (0 where there is none). ``refuse_next``
    makes the next start end in that status, ``refuse_always`` each of them.
    """

    def __init__(
        self,
        *,
        features: bytes,
        measurements: Mapping[int, Measurement],
        in_sdk_mode: Mapping[int, Measurement] | None,
        min_mtu: int,
    ) -> None:
        self.features = features.ljust(17, b"\0")
        self.running: dict[int, int] = {}
        self.sdk_mode = False
        self.refuse_next: Status | None = None
        self.refuse_always: Status | None = None
        self._measurements = measurements
        self._in_sdk_mode = in_sdk_mode
        self._min_mtu = min_mtu

    def answer(self, request: bytes, *, mtu: int) -> bytes:
        """Obey a request and give the reply."""
        try:
            asked = decode_polar_pmd_request(request, {})
        except Malformed:
            return _reply(request[0] if request else 0, 0, "invalid_length")
        code = request[1] & 0x3F
        if asked.op not in _OPS:
            return _reply(request[0], code, "not_supported")
        if mtu < self._min_mtu:
            return _reply(_OPS[asked.op], code, "invalid_mtu")
        if code == SDK_MODE:
            return self._answer_sdk_mode(asked)
        return self._answer_measurement(asked, code)

    def _answer_measurement(self, asked: PmdRequest, code: int) -> bytes:
        op = _OPS[asked.op]
        measurement = self._known().get(code)
        if measurement is None:
            return _reply(op, code, "not_supported")
        if asked.op == "start":
            return self._start(asked, code, measurement)
        if asked.op == "stop":
            known = self.running.pop(code, None) is not None
            return _reply(op, code, "success" if known else "already_in_state") + b"\0"
        return _reply(op, code, "success") + b"\0" + measurement.settings()

    def stop_all(self) -> bytes:
        """Stop by oneself; give the packet that says so."""
        stopped = bytes((1, *self.running))
        self.running.clear()
        return stopped

    def _known(self) -> Mapping[int, Measurement]:
        if self.sdk_mode and self._in_sdk_mode is not None:
            return self._in_sdk_mode
        return self._measurements

    def _answer_sdk_mode(self, asked: PmdRequest) -> bytes:
        op = _OPS[asked.op]
        if self._in_sdk_mode is None or asked.op not in {"start", "stop"}:
            return _reply(op, SDK_MODE, "not_supported")
        if self.running:
            return _reply(op, SDK_MODE, "invalid_state")
        wanted = asked.op == "start"
        status: Status = "already_in_state" if self.sdk_mode == wanted else "success"
        self.sdk_mode = wanted
        return _reply(op, SDK_MODE, status) + b"\0"

    def _start(self, asked: PmdRequest, code: int, measurement: Measurement) -> bytes:
        settings = asked.settings if isinstance(asked.settings, dict) else {}
        refused, self.refuse_next = self.refuse_next, None
        status = refused or self.refuse_always or measurement.fault_of(settings)
        if status is None and code in self.running:
            status = "already_in_state"
        if status is not None:
            return _reply(_OPS["start"], code, status)
        self.running[code] = int(settings.get("sample_rate", (0,))[0])
        return _reply(_OPS["start"], code, "success") + b"\0\0"


def _reply(op: int, code: int, status: Status) -> bytes:
    return bytes((0xF0, op, code, STATUSES.index(status)))
