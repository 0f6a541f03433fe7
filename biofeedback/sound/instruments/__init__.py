"""Instruments: one file each; a style says which of them plays which layer.

To add one: write ``x.py`` with an ``Instrument``, and name it in ``INSTRUMENTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.sound.instruments.bass import BASS
from biofeedback.sound.instruments.bell import BELL
from biofeedback.sound.instruments.electric_piano import ELECTRIC_PIANO
from biofeedback.sound.instruments.flute import FLUTE
from biofeedback.sound.instruments.hat import HAT
from biofeedback.sound.instruments.kick import KICK
from biofeedback.sound.instruments.snare import SNARE
from biofeedback.sound.instruments.warm_pad import WARM_PAD

if TYPE_CHECKING:
    from biofeedback.sound.instruments.voice import Instrument

INSTRUMENTS: dict[str, Instrument] = {
    "kick": KICK,
    "snare": SNARE,
    "hat": HAT,
    "bass": BASS,
    "electric_piano": ELECTRIC_PIANO,
    "warm_pad": WARM_PAD,
    "flute": FLUTE,
    "bell": BELL,
}
