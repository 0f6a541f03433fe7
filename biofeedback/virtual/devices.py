"""What virtual wearables answer and send: bytes and body, no radio.

Times are seconds of the body's story. A device draws its clocks and its noise from the body, so a
seed gives the same packets each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.simulate import packets
from biofeedback.simulate.frames import (
    Clocks,
    DeltaAcceleration,
    Ecg,
    HeartRate,
    PulseIntervals,
    RawAcceleration,
)
from biofeedback.simulate.motion import SiteMotion
from biofeedback.virtual.pmd import ACC, CONTROL_UUID, ECG, PPI, Measurement, PmdControl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.messages import Site
    from biofeedback.simulate.body import Body
    from biofeedback.simulate.frames import FrameMaker

_SIG = "0000{}-0000-1000-8000-00805f9b34fb"
LOCATION_UUID: Final = _SIG.format("2a38")
MANUFACTURER_UUID: Final = _SIG.format("2a29")
MODEL_UUID: Final = _SIG.format("2a24")
SERIAL_UUID: Final = _SIG.format("2a25")
FIRMWARE_UUID: Final = _SIG.format("2a26")
HARDWARE_UUID: Final = _SIG.format("2a27")
SOFTWARE_UUID: Final = _SIG.format("2a28")


class Strap:
    """A plain heart rate strap. It sends its heart rate to whoever listens."""

    with_rr = True
    mean_s = 5.0

    def __init__(self, body: Body, site: Site, *, serial: str) -> None:
        self.body = body
        self.site: Site = site
        self.clocks = Clocks.draw(body.sensor_rng())
        self.values: dict[str, bytes] = {
            packets.BATTERY_UUID: packets.encode_battery(76),
            LOCATION_UUID: b"\x01",
            MANUFACTURER_UUID: b"Virtual\0\0",
            MODEL_UUID: b"Strap",
            SERIAL_UUID: serial.encode(),
            FIRMWARE_UUID: b"1.0",
            HARDWARE_UUID: b"1.0",
            SOFTWARE_UUID: b"1.0",
        }

    def local_name(self, serial: str) -> str:
        """Say the name in the air."""
        return f"Strap {serial}"

    def measures_pulse(self) -> bool:
        """Tell whether the heart rate service has something to send."""
        return True

    def heart_rate(self, now_s: float) -> FrameMaker:
        """Give the packets of the heart rate service from now on."""
        return HeartRate(
            self.body,
            self.body.sensor_rng(),
            start_s=now_s,
            with_rr=self.with_rr,
            mean_s=self.mean_s,
        )

    def write(self, uuid: str, value: bytes, *, mtu: int) -> tuple[str, bytes] | None:
        """Take what is written; give a reply and where it goes, if there is one."""
        del uuid, value, mtu

    def running(self, now_s: float) -> Mapping[int, Callable[[], FrameMaker]]:
        """Say which started measurements run, and how to make their packets."""
        del now_s
        return {}

    def streams(
        self, now_s: float, delay_s: float, is_subscribed: Callable[[str], bool]
    ) -> Mapping[object, tuple[str, Callable[[], FrameMaker]]]:
        """Say what runs, where it is sent, and how to make its packets.

        Args:
            now_s: The body's time.
            delay_s: Between the start of a measurement and its first packet.
            is_subscribed: Whether a host listens to a characteristic.
        """
        running: dict[object, tuple[str, Callable[[], FrameMaker]]] = {
            code: (packets.PMD_DATA_UUID, maker)
            for code, maker in self.running(now_s + delay_s).items()
        }
        if self.measures_pulse() and is_subscribed(packets.HEART_RATE_UUID):
            running[packets.HEART_RATE_UUID] = (
                packets.HEART_RATE_UUID,
                lambda: self.heart_rate(now_s),
            )
        return running

    def shared(self, now_s: float) -> tuple[int, FrameMaker] | None:
        """Give company and payloads of a device that advertises its values; None for others."""
        del now_s

    def link_ended(self) -> None:
        """Forget what was started for a host that is gone."""


class _Polar(Strap):
    """A Polar with measurements that are started on a control point."""

    def __init__(
        self, body: Body, site: Site, *, serial: str, control: PmdControl, model: bytes
    ) -> None:
        super().__init__(body, site, serial=serial)
        self.control = control
        self.values |= {
            CONTROL_UUID: control.features,
            MANUFACTURER_UUID: b"Polar Electro Oy",
            MODEL_UUID: model,
            FIRMWARE_UUID: b"5.0.0",
        }

    def write(self, uuid: str, value: bytes, *, mtu: int) -> tuple[str, bytes] | None:
        """Answer a request on the control point."""
        if uuid != CONTROL_UUID:
            return None
        return CONTROL_UUID, self.control.answer(value, mtu=mtu)

    def link_ended(self) -> None:
        """Stop everything: the host that wanted it is gone."""
        self.control.running.clear()


class PolarH10(_Polar):
    """A chest strap with ECG and acceleration."""

    mean_s = 4.0

    def __init__(self, body: Body, site: Site, *, serial: str) -> None:
        control = PmdControl(
            features=b"\x0f\x05",
            measurements={
                ECG: Measurement(rates_hz=(130,), resolution_bits=14),
                ACC: Measurement(rates_hz=(25, 50, 100, 200), resolution_bits=16, ranges=(2, 4, 8)),
            },
            in_sdk_mode=None,
            min_mtu=232,
        )
        super().__init__(body, site, serial=serial, control=control, model=b"H10")
        self._motion = SiteMotion(body, site, body.sensor_rng())

    def local_name(self, serial: str) -> str:
        """Say the name in the air."""
        return f"Polar H10 {serial}"

    def running(self, now_s: float) -> Mapping[int, Callable[[], FrameMaker]]:
        """Say which started measurements run, and how to make their packets."""
        makers: dict[int, Callable[[], FrameMaker]] = {}
        for code, rate_hz in self.control.running.items():
            if code == ACC:
                makers[code] = lambda rate_hz=rate_hz: RawAcceleration(
                    self._motion, self.clocks, rate_hz, now_s
                )
            elif code == ECG:
                makers[code] = lambda: Ecg(self.body, self.clocks, self.body.sensor_rng(), now_s)
        return makers


class PolarVeritySense(_Polar):
    """An optical armband with compressed acceleration and pulse intervals."""

    with_rr = False
    mean_s = 10.0

    def __init__(self, body: Body, site: Site, *, serial: str) -> None:
        control = PmdControl(
            features=b"\x0f\x6e\x02",
            measurements={
                ACC: Measurement(rates_hz=(52,), resolution_bits=16, ranges=(8,), channels=3),
                PPI: Measurement(),
            },
            in_sdk_mode={
                ACC: Measurement(
                    rates_hz=(26, 52, 104, 208, 416),
                    resolution_bits=16,
                    ranges=(2, 4, 8, 16),
                    channels=3,
                )
            },
            min_mtu=70,
        )
        super().__init__(body, site, serial=serial, control=control, model=b"Verity Sense")
        self._motion = SiteMotion(body, site, body.sensor_rng())

    def measures_pulse(self) -> bool:
        """Tell whether the pulse is measured: not in SDK mode."""
        return not self.control.sdk_mode

    def local_name(self, serial: str) -> str:
        """Say the name in the air."""
        return f"Polar Sense {serial}"

    def running(self, now_s: float) -> Mapping[int, Callable[[], FrameMaker]]:
        """Say which started measurements run, and how to make their packets."""
        makers: dict[int, Callable[[], FrameMaker]] = {}
        for code, rate_hz in self.control.running.items():
            if code == ACC:
                makers[code] = lambda rate_hz=rate_hz: DeltaAcceleration(
                    self._motion, self.clocks, rate_hz, now_s
                )
            elif code == PPI:
                makers[code] = lambda: PulseIntervals(self.body, self.body.sensor_rng(), now_s)
        return makers

    def link_ended(self) -> None:
        """Stop everything and leave SDK mode."""
        super().link_ended()
        self.control.sdk_mode = False
