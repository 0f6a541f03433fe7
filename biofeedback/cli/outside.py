"""``play --midi-out, --osc-out, --midi-in``: other instruments play along, a keyboard plays in.

A MIDI keyboard is the therapist's: its white keys are the steps of the scale, the key at middle C
is the tonic, and a black key plays the step below it. So whatever is pressed fits the music.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from biofeedback.cli.general_midi import PROGRAMS, STRIKES, share_channels
from biofeedback.errors import SettingsError
from biofeedback.messages import NotePlayed
from biofeedback.sound import Mirror
from biofeedback.sound.midi_out import MidiOut, MidiVoice, find_port
from biofeedback.sound.osc_out import OscOut, parse_address

if TYPE_CHECKING:
    import queue
    from collections.abc import Generator, Mapping

    from biofeedback.messages import Input, Layer
    from biofeedback.sound import Sound

MIDDLE_C: Final = 60
_STRONGEST: Final = 127
_DEGREES: Final = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)
"""The scale step of each key of an octave; a black key has that of the white one below it."""


def check_outside(
    *,
    fast: bool,
    no_device: bool,
    midi_in: str | None = None,
    midi_out: str | None = None,
    osc_out: str | None = None,
) -> None:
    """Refuse an address that is none, and instruments outside a session that doesn't wait.

    Args:
        fast: ``--fast`` was typed.
        no_device: The sound goes into a file, as fast as it can, because there is no sound device.
        midi_in: A MIDI keyboard.
        midi_out: A MIDI port.
        osc_out: ``HOST:PORT``.

    Raises:
        SettingsError: Which option, and what it needs.
    """
    if osc_out is not None:
        parse_address(osc_out)
    given = {"--midi-in": midi_in, "--midi-out": midi_out, "--osc-out": osc_out}
    name = next((name for name, value in given.items() if value is not None), None)
    if name is None:
        return
    if fast:
        raise SettingsError(f"{name} needs a session that waits for the clock: leave out --fast.")
    if no_device:
        raise SettingsError(
            f"{name} needs a session that waits for the clock, and without a sound device it "
            "doesn't: there is none here. Add --sound null, then it does."
        )


def tell_outside(
    sound: Sound, orchestra: Mapping[Layer, str], *, midi_out: str | None, osc_out: str | None
) -> Sound | Mirror:
    """Let others hear what is played, if anybody wants to.

    Args:
        sound: What plays here.
        orchestra: Which instrument plays which layer.
        midi_out: A part of a MIDI output's name, or ``virtual``.
        osc_out: ``HOST:PORT``.

    Raises:
        SettingsError: The address can't be read.
        SoundError: A library or a port is missing; the text says what to do.
    """
    if midi_out is None and osc_out is None:
        return sound
    with ExitStack() as half_open:
        listeners: list[MidiOut | OscOut] = []
        if osc_out is not None:
            listeners.append(OscOut(*parse_address(osc_out)))
            half_open.callback(listeners[-1].close)
        if midi_out is not None:
            listeners.append(MidiOut(find_port(midi_out, "output"), list_voices(orchestra)))
        half_open.pop_all()
    return Mirror(sound, listeners)


def list_voices(orchestra: Mapping[Layer, str]) -> dict[Layer, MidiVoice]:
    """Say how each layer is told; what General MIDI has no word for (wind, water) isn't."""
    known = PROGRAMS.keys() | STRIKES.keys()
    return share_channels({layer: name for layer, name in orchestra.items() if name in known})


@contextmanager
def hearing_keyboard(name: str | None, inbox: queue.SimpleQueue[Input]) -> Generator[None]:
    """Take what is played on a MIDI keyboard while a session runs.

    Raises:
        SoundError: The library or the port is missing; the text says what to do.
    """
    if name is None:
        yield
        return

    def hear(message: Any) -> None:
        played = read_key(message)
        if played is not None:
            inbox.put(played)

    port = find_port(name, "input", callback=hear)
    try:
        yield
    finally:
        port.close()


def read_key(message: Any) -> NotePlayed | None:
    """Turn a message of mido into a played note, stamped when it is taken; None if it is none."""
    if message.type != "note_on" or message.velocity == 0:
        return None
    note, velocity = int(message.note), int(message.velocity)
    octave, key = divmod(note - MIDDLE_C, 12)
    degree = 7 * octave + _DEGREES[key]
    return NotePlayed(at_ns=0, degree=degree, strength_ratio=velocity / _STRONGEST)
