"""Instruments: one file each, one for every layer of the arrangement.

To add one: write ``x.py`` with an ``Instrument``, and name it in ``INSTRUMENTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.sound.instruments.accent import ACCENT
from biofeedback.sound.instruments.bass import BASS
from biofeedback.sound.instruments.chords import CHORDS
from biofeedback.sound.instruments.hat import HAT
from biofeedback.sound.instruments.kick import KICK
from biofeedback.sound.instruments.melody import MELODY
from biofeedback.sound.instruments.pad import PAD
from biofeedback.sound.instruments.snare import SNARE

if TYPE_CHECKING:
    from biofeedback.messages import Layer
    from biofeedback.sound.instruments.voice import Instrument

INSTRUMENTS: dict[Layer, Instrument] = {
    "kick": KICK,
    "snare": SNARE,
    "hat": HAT,
    "bass": BASS,
    "chords": CHORDS,
    "pad": PAD,
    "melody": MELODY,
    "accent": ACCENT,
}
