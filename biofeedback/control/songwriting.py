"""What a song is made of, drawn with the body: tempo, melody, groove. Pure functions.

Degrees count scale steps from the tonic, so that whatever is drawn lies in the key.
"""

from __future__ import annotations

import itertools
from statistics import fmean, median
from typing import TYPE_CHECKING, Final, Literal

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

Groove = Literal["sparse", "steady", "driving"]

FEWEST_TAPS = 4
KEPT_TAPS = 9
DOUBLED_S = 0.15
LONGEST_GAP_S = 2.0
FARTHEST_TAP = 0.35
SLOWEST_RATE, FASTEST_RATE = 10.0, 400.0
SONG_BPM: Final = (60.0, 140.0)
LOWEST_DEGREE, DEGREES = -2, 9
GROOVES: Final[tuple[Groove, ...]] = ("sparse", "steady", "driving")
GROOVE_FROM = (0.0, 0.33, 0.66)
GROOVE_KEEP = 0.05
"""A groove once chosen is kept until the energy is this far beyond its edge."""


def tempo_from_taps(taps_ns: Sequence[int]) -> float | None:
    """Tell the tempo of the newest taps; None with fewer than four.

    A pause of more than 2 s begins anew. A second tap within 0.15 s is the same one, and an
    interval far from the median (a tap was missed) doesn't count.
    """
    row: list[int] = []
    for tap_ns in taps_ns[-2 * KEPT_TAPS :]:
        if not row or tap_ns - row[-1] >= DOUBLED_S * NS_PER_S:
            row.append(tap_ns)
    row = row[-KEPT_TAPS:]
    for index in range(len(row) - 1, 0, -1):
        if row[index] - row[index - 1] > LONGEST_GAP_S * NS_PER_S:
            row = row[index:]
            break
    if len(row) < FEWEST_TAPS:
        return None
    gaps_s = [(b - a) / NS_PER_S for a, b in itertools.pairwise(row)]
    middle_s = median(gaps_s)
    near = [gap for gap in gaps_s if abs(gap - middle_s) <= FARTHEST_TAP * middle_s]
    return 60.0 / fmean(near) if near else None


def bring_into_song(rate_per_min: float) -> float:
    """Bring steps or heart beats a minute into the tempo of a song, by halves and doubles."""
    low_bpm, high_bpm = SONG_BPM
    tempo_bpm = min(max(rate_per_min, SLOWEST_RATE), FASTEST_RATE)
    while tempo_bpm > high_bpm:
        tempo_bpm /= 2.0
    while tempo_bpm < low_bpm:
        tempo_bpm *= 2.0
    return min(max(tempo_bpm, low_bpm), high_bpm)


def draw_degree(heights: Sequence[float]) -> int | None:
    """Turn the heights of the hand (0..1) in one slot into a scale step; None for none."""
    if not heights:
        return None
    return LOWEST_DEGREE + round(min(max(fmean(heights), 0.0), 1.0) * (DEGREES))


def pick_groove(energy_ratio: float, last: Groove | None) -> Groove:
    """Let the energy of the movement pick the groove, reluctantly."""
    if last is not None:
        index = GROOVES.index(last)
        low = GROOVE_FROM[index] - GROOVE_KEEP
        high = (*GROOVE_FROM, 1.1)[index + 1] + GROOVE_KEEP
        if low <= energy_ratio < high:
            return last
    index = sum(energy_ratio >= low for low in GROOVE_FROM[1:])
    return GROOVES[index]
