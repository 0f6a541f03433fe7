"""Instruments: one file each; a style says which of them plays which layer.

To add one: write ``x.py`` with an ``Instrument``, and name it in ``INSTRUMENTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.sound.instruments.air_pad import AIR_PAD
from biofeedback.sound.instruments.bass import BASS
from biofeedback.sound.instruments.bell import BELL
from biofeedback.sound.instruments.bongo import BONGO
from biofeedback.sound.instruments.brush import BRUSH
from biofeedback.sound.instruments.cajon import CAJON
from biofeedback.sound.instruments.clarinet import CLARINET
from biofeedback.sound.instruments.click import CLICK
from biofeedback.sound.instruments.conga import CONGA
from biofeedback.sound.instruments.cowbell_soft import COWBELL_SOFT
from biofeedback.sound.instruments.djembe import DJEMBE
from biofeedback.sound.instruments.drone_high import DRONE_HIGH
from biofeedback.sound.instruments.drone_low import DRONE_LOW
from biofeedback.sound.instruments.drone_mid import DRONE_MID
from biofeedback.sound.instruments.electric_piano import ELECTRIC_PIANO
from biofeedback.sound.instruments.felt_piano import FELT_PIANO
from biofeedback.sound.instruments.flute import FLUTE
from biofeedback.sound.instruments.frame_drum import FRAME_DRUM
from biofeedback.sound.instruments.hand_drum import HAND_DRUM
from biofeedback.sound.instruments.harp import HARP
from biofeedback.sound.instruments.hat import HAT
from biofeedback.sound.instruments.kalimba import KALIMBA
from biofeedback.sound.instruments.kick import KICK
from biofeedback.sound.instruments.lead import LEAD
from biofeedback.sound.instruments.marimba import MARIMBA
from biofeedback.sound.instruments.music_box import MUSIC_BOX
from biofeedback.sound.instruments.nylon_guitar import NYLON_GUITAR
from biofeedback.sound.instruments.shaker import SHAKER
from biofeedback.sound.instruments.shekere import SHEKERE
from biofeedback.sound.instruments.snare import SNARE
from biofeedback.sound.instruments.soft_kick import SOFT_KICK
from biofeedback.sound.instruments.string_pad import STRING_PAD
from biofeedback.sound.instruments.sub_bass import SUB_BASS
from biofeedback.sound.instruments.tambourine import TAMBOURINE
from biofeedback.sound.instruments.upright_bass import UPRIGHT_BASS
from biofeedback.sound.instruments.warm_pad import WARM_PAD
from biofeedback.sound.instruments.water import WATER
from biofeedback.sound.instruments.wind import WIND
from biofeedback.sound.instruments.woodblock import WOODBLOCK

if TYPE_CHECKING:
    from biofeedback.sound.timbre.instrument import Instrument

INSTRUMENTS: dict[str, Instrument] = {
    "kick": KICK,
    "soft_kick": SOFT_KICK,
    "snare": SNARE,
    "brush": BRUSH,
    "hat": HAT,
    "shaker": SHAKER,
    "hand_drum": HAND_DRUM,
    "frame_drum": FRAME_DRUM,
    "click": CLICK,
    "bass": BASS,
    "sub_bass": SUB_BASS,
    "upright_bass": UPRIGHT_BASS,
    "electric_piano": ELECTRIC_PIANO,
    "felt_piano": FELT_PIANO,
    "nylon_guitar": NYLON_GUITAR,
    "harp": HARP,
    "kalimba": KALIMBA,
    "marimba": MARIMBA,
    "warm_pad": WARM_PAD,
    "string_pad": STRING_PAD,
    "air_pad": AIR_PAD,
    "flute": FLUTE,
    "clarinet": CLARINET,
    "lead": LEAD,
    "music_box": MUSIC_BOX,
    "bell": BELL,
    "drone_low": DRONE_LOW,
    "drone_mid": DRONE_MID,
    "drone_high": DRONE_HIGH,
    "wind": WIND,
    "water": WATER,
    "djembe": DJEMBE,
    "conga": CONGA,
    "bongo": BONGO,
    "cajon": CAJON,
    "woodblock": WOODBLOCK,
    "cowbell_soft": COWBELL_SOFT,
    "tambourine": TAMBOURINE,
    "shekere": SHEKERE,
}
