"""A person's taps correct what was found: the octave, the phase, or the tempo itself.

Taps are tapped while the song plays. Their period chooses the tempo, and beats are tracked again
close to it, drawn to where the person tapped. People tap some 20 to 80 ms ahead of a beat, and
irregularly (Repp, 2005, Sensorimotor synchronization, Psychon. Bull. Rev. 12(6)), so the onsets
still say where exactly a beat is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biofeedback.errors import SongError
from biofeedback.songs.analyse import describe
from biofeedback.songs.beats import track_beats
from biofeedback.songs.onsets import FRAMES_HZ
from biofeedback.songs.tempo import FASTEST_BPM, SLOWEST_BPM, follow_tempo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.songs.analyse import Heard
    from biofeedback.songs.library import Sidecar

FEWEST_TAPS: Final = 8
_NEAR_OCTAVES: Final = 0.08
_UNEVEN: Final = 0.15
_AHEAD_S: Final = 0.03
_WIDTH_S: Final = 0.05
_BONUS: Final = 6.0
_AGREED: Final = 0.12
_MULTIPLES: Final = (1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0, 3.0)


def correct_beats(heard: Heard, taps_s: Sequence[float]) -> Sidecar:
    """Find beats again so that they agree with taps.

    Args:
        heard: The song.
        taps_s: When the person tapped, in s from the first sample; at least eight.

    Raises:
        SongError: The taps can't be used; the text says why.
    """
    taps = np.sort(np.asarray(taps_s, dtype=np.float64))
    bpm = measure_tap_tempo(taps)
    tempo_bpm = _near_found(follow_tempo(heard.onsets), bpm)
    if tempo_bpm is None:
        tempo_bpm = follow_tempo(heard.onsets, preferred_bpm=bpm, octaves=_NEAR_OCTAVES)
    beats_s = track_beats(heard.onsets, tempo_bpm, bonus=_draw_to(heard, taps, 60.0 / bpm))
    agreed = _agreement(beats_s, taps)
    return describe(heard, tempo_bpm, beats_s, tapped=True, confidence=round(agreed, 3))


def measure_tap_tempo(taps_s: NDArray[np.float64]) -> float:
    """Tell the tempo of taps in bpm.

    Raises:
        SongError: They are too few, too uneven, too slow or too fast.
    """
    gaps = np.diff(taps_s)
    if len(taps_s) < FEWEST_TAPS:
        raise SongError(f"{len(taps_s)} taps are too few; tap at least {FEWEST_TAPS} beats.")
    usual = float(np.median(gaps))
    # One beat left out is no harm.
    whole = gaps[np.abs(gaps / usual - 1.0) < 0.5]
    if len(whole) < FEWEST_TAPS - 2 or float(whole.std()) > _UNEVEN * usual:
        raise SongError("the taps are too uneven; tap one key with the beat, steadily.")
    bpm = 60.0 / float(whole.mean())
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise SongError(
            f"the taps say {bpm:.0f} bpm; songs have {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f}. "
            "Tap every other beat, or every one."
        )
    return bpm


def _near_found(found_bpm: NDArray[np.float64], bpm: float) -> NDArray[np.float64] | None:
    """Bring the found tempo to the multiple that was tapped; None if no multiple was."""
    usual = float(np.median(found_bpm))
    multiple = min(_MULTIPLES, key=lambda m: abs(np.log(usual * m / bpm)))
    if abs(np.log2(usual * multiple / bpm)) > _NEAR_OCTAVES:
        return None
    return found_bpm * multiple


def _draw_to(heard: Heard, taps_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """Extra strength of each frame: high round taps, low half-way between them."""
    onsets = heard.onsets
    frames = np.arange(len(onsets.strength))
    times = onsets.first_s + frames / FRAMES_HZ
    bonus = np.zeros(len(frames))
    for tap in taps_s + _AHEAD_S:
        bonus += np.exp(-0.5 * ((times - tap) / _WIDTH_S) ** 2)
        for side in (-0.5, 0.5):
            bonus -= 0.5 * np.exp(-0.5 * ((times - tap - side * period_s) / _WIDTH_S) ** 2)
    return _BONUS * np.clip(bonus, -1.0, 1.0)


def _agreement(beats_s: NDArray[np.float64], taps_s: NDArray[np.float64]) -> float:
    """How many taps have a beat nearby, 0..1."""
    if len(beats_s) == 0:
        return 0.0
    apart = np.abs(beats_s[:, None] - (taps_s + _AHEAD_S)[None, :]).min(axis=0)
    return float((apart < _AGREED).mean())
