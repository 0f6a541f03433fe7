"""Draws that depend on nothing but a seed and the place that is drawn for.

Reference: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators (SplitMix64).
Deviation: the stream's counter is replaced by the keys of the place, mixed in one after another.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


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
        bits = ((bits ^ (bits >> 30)) * _MIX_1) & _MASK
        bits = ((bits ^ (bits >> 27)) * _MIX_2) & _MASK
        bits ^= bits >> 31
    return bits


def roll_pairs(seed: int, keys: Sequence[int]) -> list[list[float]]:
    """Draw two numbers in [0, 1) for each of many keys.

    They are the lower and the upper half of what ``roll(seed, key)`` draws.
    """
    # Sums and products of numbers of 64 bits wrap, as they have to.
    bits = (np.array(keys, "<u8") + 1) * np.uint64(_GOLDEN) + np.uint64(seed & _MASK)
    bits = (bits ^ (bits >> 30)) * np.uint64(_MIX_1)
    bits = (bits ^ (bits >> 27)) * np.uint64(_MIX_2)
    bits ^= bits >> 31
    return (bits.view("<u4") / 2.0**32).reshape(-1, 2).tolist()


def roll_unit(seed: int, *keys: int) -> float:
    """Draw a number in [0, 1) for the place ``keys``."""
    return (roll(seed, *keys) >> 11) * 2.0**-53


def choose(options: Sequence[T], seed: int, *keys: int) -> T:
    """Choose one of the options for the place ``keys``; a single one needs no draw."""
    if len(options) == 1:
        return options[0]
    return options[(roll(seed, *keys) >> 16) % len(options)]
