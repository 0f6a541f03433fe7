"""Live MIDI out: notes and continuous parameters for other instruments, at their time.

* Each layer has a channel; drums share channel 10, with a key for each way to strike.
* Continuous parameters go to all channels in use: brightness is controller 74, swell 1, energy 11;
  the level is 7. A value that hasn't changed isn't sent again.
* A stop, or the end, ends every note and says so with controller 123.
"""

# mido has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import mido

from biofeedback.errors import SoundError
from biofeedback.messages import PlayNote, SteerSound, StopSound
from biofeedback.sound.timed_sender import TimedSender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biofeedback.messages import Layer, MusicParameters, SoundOrder

DRUM_CHANNEL: Final = 9
VIRTUAL: Final = "virtual"
_ALL_NOTES_OFF = 123
_LEVEL = 7
_CONTROLS: Final = {"brightness": 74, "swell": 1, "energy": 11}
_QUIETEST_DB = -40.0
_MIDDLE_KEY = 60
_OPEN_STROKE_KEY, _SLAP_KEY = 42, 54
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MidiVoice:
    """How a layer is told in MIDI: its channel, its program, and the keys of a drum.

    ``keys`` are for the low, the open and the slapped stroke; None for an instrument with pitches.
    """

    channel: int
    program: int | None = None
    keys: tuple[int, int, int] | None = None

    def key(self, pitch_midi: int | None) -> int:
        """Tell which key a note is: its pitch, or the drum for its stroke (open if it has none)."""
        if self.keys is None:
            return _MIDDLE_KEY if pitch_midi is None else min(max(pitch_midi, 0), 127)
        low, open_, slapped = self.keys
        if pitch_midi is None or _OPEN_STROKE_KEY <= pitch_midi < _SLAP_KEY:
            return open_
        return low if pitch_midi < _OPEN_STROKE_KEY else slapped


class Port(Protocol):
    """Where messages go (a port of mido)."""

    def send(self, message: Any) -> None:
        """Send one message."""
        ...

    def close(self) -> None:
        """Let the port go."""
        ...


def find_port(
    name: str, way: Literal["output", "input"], *, callback: Callable[[Any], None] | None = None
) -> Any:
    """Open the MIDI port whose name contains ``name``; ``virtual`` makes one.

    Args:
        name: A part of the port's name.
        way: Whether to send or to listen.
        callback: Told each message of an input, in a thread of the library's.

    Raises:
        SoundError: The library is missing, or there is no such port; the text says what there is.
    """
    try:
        backend: Any = mido.Backend("mido.backends.rtmidi", load=True)
    except ImportError as error:
        raise SoundError(
            "live MIDI needs python-rtmidi; install it with: pip install 'biofeedback[midi]'"
        ) from error
    open_one, list_all = (
        (backend.open_output, backend.get_output_names)
        if way == "output"
        else (partial(backend.open_input, callback=callback), backend.get_input_names)
    )
    try:
        if name == VIRTUAL:
            return open_one("biofeedback", virtual=True)
        names: list[str] = list(dict.fromkeys(list_all()))
        fitting = [known for known in names if name.casefold() in known.casefold()]
        if fitting:
            return open_one(fitting[0])
    except OSError as error:  # rtmidi's own errors are such
        raise SoundError(
            f"MIDI can't be used here ({error}); on Linux it needs the kernel's ALSA sequencer"
        ) from error
    there = f"There are: {', '.join(names)}" if names else "There is none"
    raise SoundError(f"there is no MIDI {way} '{name}'. {there}; '{VIRTUAL}' makes one.")


class MidiOut:
    """Tell a MIDI port what is played."""

    def __init__(
        self, port: Port, voices: Mapping[Layer, MidiVoice], *, sender: TimedSender | None = None
    ) -> None:
        self._port = port
        self._voices = dict(voices)
        self._sender = sender or TimedSender(name="midi")
        self._sounding: dict[tuple[int, int], int] = {}
        self._told: dict[int, int] = {}
        self._notes = 0
        self._failed = False
        for voice in self._voices.values():
            if voice.program is not None:
                self._tell(
                    mido.Message("program_change", channel=voice.channel, program=voice.program)
                )

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Take orders; notes wait for their time."""
        for order in orders:
            if isinstance(order, PlayNote):
                self._plan_note(order)
            elif isinstance(order, SteerSound):
                act = partial(self._tell_parameters, order.parameters)
                self._sender.add(order.at_ns, act)
            elif isinstance(order, StopSound):
                self._sender.clear()
                self._sender.add(order.at_ns, self._end_all)

    def close(self) -> None:
        """End all notes and let the port go."""
        self._sender.end()
        self._end_all()
        try:
            self._port.close()
        except OSError as error:
            _log.debug("midi: the port didn't close: %s", error)

    def _plan_note(self, note: PlayNote) -> None:
        voice = self._voices.get(note.layer)
        if voice is None or not math.isfinite(note.velocity):
            return
        velocity = min(max(round(note.velocity * 127), 1), 127)
        self._notes += 1
        key, number = (voice.channel, voice.key(note.pitch_midi)), self._notes
        self._sender.add(note.start_ns, partial(self._start, key, number, velocity))
        self._sender.add(note.start_ns + note.duration_ns, partial(self._end, key, number))

    def _start(self, key: tuple[int, int], number: int, velocity: int) -> None:
        channel, pitch = key
        if key in self._sounding:  # the same key again: an instrument wants it let go before
            self._tell(mido.Message("note_off", channel=channel, note=pitch))
        self._sounding[key] = number
        self._tell(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity))

    def _end(self, key: tuple[int, int], number: int) -> None:
        if self._sounding.get(key) != number:
            return
        del self._sounding[key]
        self._tell(mido.Message("note_off", channel=key[0], note=key[1]))

    def _end_all(self) -> None:
        for channel, pitch in list(self._sounding):
            self._tell(mido.Message("note_off", channel=channel, note=pitch))
        self._sounding.clear()
        for channel in sorted({voice.channel for voice in self._voices.values()}):
            self._control(channel, _ALL_NOTES_OFF, 0)

    def _tell_parameters(self, parameters: MusicParameters) -> None:
        values = {control: getattr(parameters, name) for name, control in _CONTROLS.items()}
        values[_LEVEL] = 1.0 - parameters.level_db / _QUIETEST_DB
        for control, value in values.items():
            if not math.isfinite(value):
                continue
            steps = round(min(max(value, 0.0), 1.0) * 127)
            if self._told.get(control) != steps:
                self._told[control] = steps
                for channel in sorted({voice.channel for voice in self._voices.values()}):
                    self._control(channel, control, steps)

    def _control(self, channel: int, control: int, value: int) -> None:
        self._tell(mido.Message("control_change", channel=channel, control=control, value=value))

    def _tell(self, message: Any) -> None:
        try:
            self._port.send(message)
        except (OSError, ValueError) as error:  # a cable that was pulled mustn't stop the music
            if not self._failed:
                _log.warning("midi: the port doesn't take messages any more: %s", error)
            self._failed = True
