"""ECG blocks -> beats: whatever the rate, the polarity, the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.signals.beat import Beat
from biofeedback.signals.beat_search import BeatSearch, Traits
from biofeedback.signals.even_stream import EvenStream
from biofeedback.signals.qrs_band import QrsBand

if TYPE_CHECKING:
    from biofeedback.samples import EcgBlock

R_WAVES = Traits(
    band=QrsBand,
    wait_s=0.06,
    refractory_s=0.2,
    echo_s=0.36,
    peak_within_s=0.07,
    form_s=0.05,
    flattest=10.0,
    bar_early=0.65,
)
"""In microvolts."""
_SLOWEST_HZ = 80.0
_FASTEST_HZ = 2100.0
_SAME_RATE = 0.1


class EcgBeats:
    """Find the beats of one ECG lead.

    ``origin_ns`` is the first sample, ``newest_s`` the newest since then.
    """

    def __init__(self) -> None:
        self._stream = EvenStream()
        self._peaks: BeatSearch | None = None
        self._rate_hz = 0.0

    @property
    def origin_ns(self) -> int | None:
        """The instant of the first sample, None before it."""
        return self._stream.origin_ns

    @property
    def newest_s(self) -> float:
        """When the newest sample was taken, in seconds since the first."""
        return self._stream.newest_s

    def update(self, block: EcgBlock) -> list[Beat]:
        """Take a block; return the beats that became known with it."""
        found: list[Beat] = []
        for piece in self._stream.update(block.times_ns, block.ecg_uv):
            if piece.begins:
                self._begin(piece.rate_hz)
            if self._peaks is None:
                continue
            for peak in self._peaks.update(piece.values):
                beat = Beat(
                    beat_s=self._stream.time_s(peak.sample),
                    quality=peak.quality,
                    gap_before=peak.after_gap,
                    amplitude=peak.amplitude,
                )
                found.append(beat)
        return found

    def _begin(self, rate_hz: float) -> None:
        """Begin a stretch: with the same rate the person's heart is still known."""
        if not _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ:
            self._peaks = None
        elif self._peaks is not None and abs(rate_hz / self._rate_hz - 1.0) < _SAME_RATE:
            self._peaks.restart()
        else:
            self._peaks = BeatSearch(rate_hz, R_WAVES)
            self._rate_hz = rate_hz
