"""Live OSC out: what is played, as messages over UDP, at its time.

| address | arguments |
|---|---|
| /biofeedback/note | layer, pitch (-1 without), velocity 0..1, duration in s, pan -1..1 |
| /biofeedback/<parameter> | one number: tempo_bpm, energy, brightness ... as in MusicParameters |
| /biofeedback/swell_wave | where the swell stands, 0..1 |
| /biofeedback/part/<number> | energy 0..1, place -1..1 |
| /biofeedback/stop | milliseconds in which to fall silent |
"""

# python-osc's types are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportMissingImports=false

from __future__ import annotations

import importlib
import logging
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from biofeedback.errors import SettingsError, SoundError
from biofeedback.messages import NS_PER_S, PlayNote, SteerSound, StopSound
from biofeedback.sound.timed_sender import TimedSender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import SoundOrder

ROOT: Final = "/biofeedback"
_NO_PITCH = -1
_log = logging.getLogger(__name__)


def parse_address(text: str) -> tuple[str, int]:
    """Split ``HOST:PORT``; a host alone in square brackets is IPv6.

    Raises:
        SettingsError: It isn't that.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise SettingsError(f"'{text}' is no address for OSC: give HOST:PORT, as 127.0.0.1:9000.")
    return host.removeprefix("[").removesuffix("]"), int(port)


class OscOut:
    """Tell an OSC receiver what is played."""

    def __init__(self, host: str, port: int, *, sender: TimedSender | None = None) -> None:
        """Open a socket.

        Raises:
            SoundError: The library is missing, or the host is unknown.
        """
        try:
            library: Any = importlib.import_module("pythonosc.udp_client")
        except ImportError as error:
            raise SoundError(
                "OSC needs python-osc; install it with: pip install 'biofeedback[osc]'"
            ) from error
        try:
            # the number once, or the name would be asked for with each message
            number = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0]
            self._client: Any = library.SimpleUDPClient(number, port)
        except OSError as error:
            raise SoundError(f"OSC can't go to {host}:{port} ({error}); check the name") from error
        self._sender = sender or TimedSender(name="osc")
        self._told: dict[str, tuple[float, ...]] = {}
        self._failed = False

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Take orders; they wait for their time."""
        for order in orders:
            if isinstance(order, PlayNote):
                self._sender.add(order.start_ns, partial(self._tell_note, order))
            elif isinstance(order, SteerSound):
                self._sender.add(order.at_ns, partial(self._tell_steering, order))
            elif isinstance(order, StopSound):
                self._sender.clear()
                self._sender.add(order.at_ns, partial(self._tell, "stop", order.fade_ms))

    def close(self) -> None:
        """Say stop and let the socket go."""
        self._sender.end()
        self._tell("stop", 0)
        self._client.close()

    def _tell_note(self, note: PlayNote) -> None:
        pitch = _NO_PITCH if note.pitch_midi is None else note.pitch_midi
        seconds = note.duration_ns / NS_PER_S
        self._tell("note", note.layer, pitch, float(note.velocity), seconds, float(note.pan))

    def _tell_steering(self, order: SteerSound) -> None:
        for name, value in msgspec.structs.asdict(order.parameters).items():
            self._tell_change(name, value)
        self._tell_change("swell_wave", order.swell_wave)
        for number, part in enumerate(order.parts, start=1):
            self._tell_change(f"part/{number}", part.energy, part.place)

    def _tell_change(self, name: str, *values: float) -> None:
        if self._told.get(name) != values:
            self._told[name] = values
            self._tell(name, *(float(value) for value in values))

    def _tell(self, name: str, *values: str | float) -> None:
        try:
            self._client.send_message(f"{ROOT}/{name}", list(values))
        except OSError as error:
            if not self._failed:
                _log.warning("osc: messages don't leave any more: %s", error)
            self._failed = True
