"""Who is in the room: sensors attached, packets decoded, bodies felt.

What becomes known is told at once and kept for the next control step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.decode.sensor import SensorDecoder
from biofeedback.errors import ProfileError
from biofeedback.messages import (
    EventDetected,
    MeasureTaken,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
    SensorAttached,
    SensorDetached,
)
from biofeedback.signals.body import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.decode.profile import Profile
    from biofeedback.messages import Output
    from biofeedback.notices import Notices
    from biofeedback.samples import BodyState


class Wearers:
    """All wearers of one room and what they wear."""

    def __init__(
        self, profiles: Mapping[str, Profile], notices: Notices, *, feels_axes: bool
    ) -> None:
        self._profiles = dict(profiles)
        self._notices = notices
        self._feels_axes = feels_axes
        self._decoders: dict[tuple[str, str], SensorDecoder] = {}
        self._bodies: dict[str, Body] = {}
        self._found: list[MeasureTaken | EventDetected] = []

    def states(self, at_ns: int) -> list[BodyState]:
        """Tell what is known of everybody now, in the order in which they joined."""
        return [body.state(at_ns) for body in self._bodies.values()]

    def place_of(self, wearer: str) -> int:
        """Tell which place somebody has in that order."""
        return list(self._bodies).index(wearer)

    def take_found(self) -> list[MeasureTaken | EventDetected]:
        """Return what became known since the last call."""
        found, self._found = self._found, []
        return found

    def attach(self, message: SensorAttached, outputs: list[Output]) -> None:
        """Let a sensor join.

        Raises:
            ProfileError: It names a profile that the session wasn't given.
        """
        profile = self._profiles.get(message.profile)
        if profile is None:
            known = ", ".join(sorted(self._profiles))
            raise ProfileError(
                f"sensor {message.sensor} names the profile '{message.profile}', "
                f"which this session was not given. It has: {known}.",
            )
        self._decoders[message.wearer, message.sensor] = SensorDecoder(profile, message.context)
        body = self._bodies.setdefault(
            message.wearer, Body(message.wearer, feels_axes=self._feels_axes)
        )
        declared_hz = message.context.get("acc_rate_hz")
        body.attach(
            message.sensor,
            message.site,
            declared_hz=declared_hz,
            left_axis=message.left_axis,
        )
        notice = NoticeGiven(
            at_ns=message.at_ns, code="sensor_joined", wearer=message.wearer, sensor=message.sensor
        )
        self._notices.tell(notice, outputs)

    def detach(self, message: SensorDetached, outputs: list[Output]) -> None:
        """Let a sensor leave for good."""
        if self._decoders.pop((message.wearer, message.sensor), None) is None:
            return
        self._bodies[message.wearer].detach(message.sensor)
        self._notices.forget(message.wearer, message.sensor)
        notice = NoticeGiven(
            at_ns=message.at_ns, code="sensor_left", wearer=message.wearer, sensor=message.sensor
        )
        self._notices.tell(notice, outputs)

    def read(
        self,
        packet: PacketReceived,
        outputs: list[Output],
        *,
        answer: Callable[[EventDetected, list[Output]], None],
    ) -> None:
        """Read a packet; each gesture that it completes is answered at once."""
        decoder = self._decoders.get((packet.wearer, packet.sensor))
        if decoder is None:
            rejected = PacketRejected(
                at_ns=packet.at_ns,
                wearer=packet.wearer,
                sensor=packet.sensor,
                reason="unknown_sensor",
                detail="no such sensor is attached",
            )
            outputs.append(rejected)
            return
        self._notices.hear(packet.wearer, packet.sensor, packet.at_ns)
        body = self._bodies[packet.wearer]
        for item in decoder.update(packet):
            if isinstance(item, PacketRejected):
                outputs.append(item)
            elif isinstance(item, NoticeGiven):
                self._notices.tell(item, outputs)
            else:
                for finding in body.update(packet.sensor, item, packet.at_ns):
                    if isinstance(finding, NoticeGiven):
                        self._notices.tell(finding, outputs)
                        continue
                    outputs.append(finding)
                    self._found.append(finding)
                    if isinstance(finding, EventDetected) and finding.event == "gesture":
                        answer(finding, outputs)
