"""Tap along with a song: it plays, and keys say where its beats are."""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import typer

from biofeedback.cli.keys import ESCAPE, single_keys
from biofeedback.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from biofeedback.sound.playback import Playback

_END_KEYS = {"\n", "\r", "q"}
_LAST_TAP_S = 0.5
"""Who taps the last beat a little late still counts."""


def tap_along(file: Path, *, loudness_lufs: float, from_s: float) -> list[float]:
    """Play a song and take taps until Enter or its end.

    Args:
        file: The song.
        loudness_lufs: How loud it is; louder ones than the programme are turned down.
        from_s: Where in the song to begin.

    Returns:
        When was tapped, in s from the start of the file.

    Raises:
        SoundError: There is nothing to play on.
    """
    from biofeedback.sound.playback import playing  # noqa: PLC0415 - loads scipy

    taps_s: list[float] = []
    with (
        playing(file, loudness_lufs=loudness_lufs, from_s=from_s) as playback,
        single_keys() as read_keys,
    ):
        typer.echo("Tap the space bar with the beat. Enter ends it.", err=True)
        over_since_ns: int | None = None
        while over_since_ns is None or time.monotonic_ns() - over_since_ns < _LAST_TAP_S * 1e9:
            keys = read_keys()
            now_ns = time.monotonic_ns()
            if keys is None or _END_KEYS.intersection(keys):
                break
            take_taps(playback, keys, now_ns, taps_s)
            if playback.is_over and over_since_ns is None:
                over_since_ns = now_ns
    typer.echo("", err=True)
    return taps_s


def take_taps(playback: Playback, keys: str, now_ns: int, taps_s: list[float]) -> None:
    """Add a tap for each space that was pressed, and say what the taps make so far."""
    if keys.startswith(ESCAPE):
        return
    at_s = playback.heard_s(now_ns)
    if at_s is None or " " not in keys:
        return
    taps_s.append(round(at_s, 4))
    told = counted(len(taps_s), "tap")
    if len(taps_s) > 1:
        told += f", {60.0 / median(b - a for a, b in pairwise(taps_s)):.0f} bpm"
    typer.echo(f"\r{told}    ", nl=False, err=True)
