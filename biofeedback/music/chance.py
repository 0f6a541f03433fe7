"""Draws that depend on nothing but a seed and the place that is drawn for.

Reference: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators (SplitMix64).
Deviation: the stream's counter is replaced by the keys of the place, mixed in one after another.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@unique
class Draw(IntEnum):
    """What is drawn: keeps the draws for different purposes at one place independent."""

    TONIC = 1
    TOUR = 2
    TEMPLATE = 3
    CHORD = 4
    SPLIT = 5
    VOICING = 6
    MOTIF_RHYTHM = 7
    MOTIF_CONTOUR = 8
    PHRASE_PLAN = 9
    ARC = 10
    VARIATION = 11
    CADENCE = 12
    PATTERN = 13
    SHIFT = 14
    HUMAN = 15
    ACCENT = 16
    ECHO = 17


def roll(seed: int, *keys: int) -> int:
    """Draw 64 bits for the place ``keys``."""
    bits = seed & _MASK
    for key in keys:
        bits = (bits + (key + 1) * _GOLDEN) & _MASK
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
        bits ^= bits >> 31
    return bits


def roll_unit(seed: int, *keys: int) -> float:
    """Draw a number in [0, 1) for the place ``keys``."""
    return (roll(seed, *keys) >> 11) * 2.0**-53


def choose(options: Sequence[T], seed: int, *keys: int) -> T:
    """Choose one of the options for the place ``keys``."""
    return options[(roll(seed, *keys) >> 16) % len(options)]
