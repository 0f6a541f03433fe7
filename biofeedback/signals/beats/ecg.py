"""ECG blocks -> beats: whatever the rate, the polarity, the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_MS
from biofeedback.signals.beats.beat import Beat, Heard
from biofeedback.signals.beats.even_stream import EvenStream
from biofeedback.signals.beats.qrs_band import QrsBand
from biofeedback.signals.beats.quality import odds_of_r_wave
from biofeedback.signals.beats.search import BeatSearch
from biofeedback.signals.beats.traits import Traits
from biofeedback.signals.beats.usual_form import UsualForm

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    odds=odds_of_r_wave,
    usual_form=UsualForm,
)
"""In microvolts."""
_GAP_NS = 40 * NS_PER_MS
_SLOWEST_HZ = 80.0
_FASTEST_HZ = 2100.0
_SAME_RATE = 0.1


class EcgBeats:
    """Find the beats of one ECG lead."""

    def __init__(self) -> None:
        self._stream = EvenStream(gap_ns=_GAP_NS)
        self._search: BeatSearch | None = None
        self._rate_hz = 0.0

    @property
    def origin_ns(self) -> int | None:
        """The instant of the first sample, None before it."""
        return self._stream.origin_ns

    def update(self, block: EcgBlock) -> Iterator[Heard]:
        """Take a block; tell the beats that became known with it."""
        for piece in self._stream.update(block.times_ns, block.ecg_uv):
            if piece.begins_s is not None:
                self._begin(piece.rate_hz)
            peaks = [] if self._search is None else self._search.update(piece.values)
            beats = [
                (
                    self._stream.time_s(peak.known_sample),
                    Beat(
                        beat_s=self._stream.time_s(peak.sample),
                        quality=peak.quality,
                        gap_before=peak.after_gap,
                        amplitude=peak.amplitude,
                        before=peak.before,
                    ),
                )
                for peak in peaks
            ]
            yield Heard(begins_s=piece.begins_s, until_s=piece.until_s, beats=beats)

    def _begin(self, rate_hz: float) -> None:
        """Begin a stretch: with the same rate the person's heart is still known."""
        if not _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ:
            self._search = None
        elif self._search is not None and abs(rate_hz / self._rate_hz - 1.0) < _SAME_RATE:
            self._search.restart()
        else:
            self._search = BeatSearch(rate_hz, R_WAVES)
            self._rate_hz = rate_hz
