"""Our instruments in the words of General MIDI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.sound.midi_out import DRUM_CHANNEL, MidiVoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.messages import Layer

STRIKES: Final[dict[str, tuple[int, int, int]]] = {
    "kick": (36, 36, 36),
    "soft_kick": (35, 35, 35),
    "snare": (38, 38, 38),
    "brush": (40, 40, 40),
    "hat": (42, 42, 42),
    "shaker": (70, 70, 70),
    "shekere": (69, 69, 69),
    "tambourine": (54, 54, 54),
    "woodblock": (76, 76, 76),
    "cowbell_soft": (56, 56, 56),
    "click": (37, 37, 37),
    "hand_drum": (64, 63, 62),
    "djembe": (64, 63, 62),
    "conga": (64, 63, 62),
    "frame_drum": (41, 43, 45),
    "bongo": (61, 61, 60),
    "cajon": (36, 38, 37),
}
"""Percussion keys of the low, the open and the slapped stroke."""

PROGRAMS: Final[dict[str, int]] = {
    "bass": 33,
    "sub_bass": 38,
    "upright_bass": 32,
    "electric_piano": 4,
    "felt_piano": 0,
    "nylon_guitar": 24,
    "harp": 46,
    "kalimba": 108,
    "marimba": 12,
    "warm_pad": 89,
    "string_pad": 48,
    "air_pad": 91,
    "flute": 73,
    "clarinet": 71,
    "lead": 80,
    "music_box": 10,
    "bell": 9,
    "drone_low": 95,
    "drone_mid": 52,
    "drone_high": 98,
}
"""Programs, counted from 0."""

PIANO: Final = 0
_CHANNELS: Final = 16


def find_program(instrument: str) -> int:
    """Return the program of an instrument; a piano plays what has no name there."""
    return PROGRAMS.get(instrument, PIANO)


def share_channels(orchestra: Mapping[Layer, str]) -> dict[Layer, MidiVoice]:
    """Say how each layer is told in General MIDI; drums share a channel, others have their own.

    Args:
        orchestra: Which instrument plays which layer.
    """
    channels = iter([channel for channel in range(_CHANNELS) if channel != DRUM_CHANNEL])
    voices: dict[Layer, MidiVoice] = {}
    for layer, instrument in orchestra.items():
        if instrument in STRIKES:
            voices[layer] = MidiVoice(DRUM_CHANNEL, keys=STRIKES[instrument])
        else:
            # More than fifteen pitched layers don't exist; the last channel would be shared.
            channel = next(channels, _CHANNELS - 1)
            voices[layer] = MidiVoice(channel, program=find_program(instrument))
    return voices
