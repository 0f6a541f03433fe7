"""What is played here is told elsewhere, too: a sound with listeners (MIDI, OSC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import SoundOrder, SoundReported
    from biofeedback.sound.player import Sound
    from biofeedback.sound.settings import SoundSummary


class Listener(Protocol):
    """Somebody who is told every order (``MidiOut``, ``OscOut``)."""

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Take orders; return at once, whatever happens to those who listen."""
        ...

    def close(self) -> None:
        """End what sounds there."""
        ...


class Mirror:
    """A ``Sound`` whose orders go to listeners as well; the sound comes first."""

    def __init__(self, sound: Sound, listeners: Sequence[Listener]) -> None:
        self._sound = sound
        self._listeners = list(listeners)

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Hand over orders, in order."""
        self._sound.send(orders)
        for listener in self._listeners:
            listener.send(orders)

    def advance(self, until_ns: int) -> None:
        """Tell that the music before ``until_ns`` is final."""
        self._sound.advance(until_ns)

    def take_reports(self) -> list[SoundReported]:
        """Return the reports that came since the last call."""
        return self._sound.take_reports()

    def close(self) -> SoundSummary:
        """End all of them and return what was heard."""
        try:
            while self._listeners:
                self._listeners.pop().close()
        finally:
            summary = self._sound.close()
        return summary
