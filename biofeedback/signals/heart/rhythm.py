"""The rhythm of one heart, from beats of any source: intervals, variability, coherence, breath.

One path for the heart rate service, pulse intervals, ECG and optical pulses: whatever tells beats
or the intervals between them is judged, summed and analysed here. Time is that of the heart, the
sum of its intervals; ``at_ns`` is only when a value became known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.signals.breath.breathing import BREATHING_WINDOW_S, find_breath
from biofeedback.signals.even_series import EVEN_HZ, EvenSeries
from biofeedback.signals.findings import Teller
from biofeedback.signals.heart.artefacts import LONGEST_MS, Artefacts
from biofeedback.signals.heart.coherence import COHERENCE_WINDOW_S, measure_coherence
from biofeedback.signals.heart.variability import VariabilityWindow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.messages import MeasureTaken
    from biofeedback.signals.beats.beat import Beat
    from biofeedback.signals.beats.usual_form import Unlikeness
    from biofeedback.signals.breath.breathing import Breathing, BreathSource
    from biofeedback.signals.heart.artefacts import Judged

ARTEFACT_QUALITY = 0.2
_EVERY_MS = 5000.0
_BELIEVED = 0.5
_SURE_SHARE = 0.8
_BRIDGED_MS = 3000.0
_LONG_WINDOW_S = 300.0
_SHORT_WINDOW_S = 60.0
_AMPLITUDE_SHARE = 0.5


class HeartRhythm:
    """Intervals and beats in; measures out, each at most three beats late."""

    def __init__(self, wearer: str, sensor: str, breathing: Breathing) -> None:
        self._sensor = sensor
        self._tell = Teller(wearer, sensor)
        self._breathing = breathing
        self._artefacts = Artefacts()
        self._short = VariabilityWindow(window_s=_SHORT_WINDOW_S)
        self._long = VariabilityWindow(window_s=_LONG_WINDOW_S)
        self._intervals = EvenSeries(window_s=COHERENCE_WINDOW_S)
        self._heights = EvenSeries(window_s=BREATHING_WINDOW_S)
        self._time_ms = 0.0
        self._since_ms = 0.0
        self._beat: Beat | None = None
        self._gap = False
        self._believed = False
        self._form: Unlikeness | None = None
        self._beat_ms = 0.0
        self._height: float | None = None
        self.doubled = False
        """The same heart is heard better elsewhere: nothing is analysed."""
        self.rmssd_ms: float | None = None
        self.coherence: float | None = None
        self.valid_at_ns: int | None = None

    def take_beat(self, beat: Beat, at_ns: int) -> list[MeasureTaken]:
        """Take a beat of a raw signal; its interval is that to the sure beat before.

        A beat that isn't to be counted on is passed over: if it was none, nothing is amiss, and if
        it was one, the interval across it is judged as one with a missed beat.
        """
        self._gap = self._gap or beat.gap_before
        if self._believed:
            # That is of the newest one that is believed, whatever came after it.
            self._form = beat.before
        self._believed = beat.quality >= _BELIEVED and math.isfinite(beat.beat_s)
        if not self._believed:
            return []
        before, self._beat = self._beat, beat
        gap, self._gap = self._gap, False
        rr_ms = 0.0 if before is None else (beat.beat_s - before.beat_s) * 1000.0
        if rr_ms <= 0.0:
            return []
        if gap:
            return self.break_row(rr_ms, at_ns)
        self._take_height(beat, rr_ms)
        return self._judge(rr_ms, at_ns, doubted=False, before=self._form)

    def take_interval(self, rr_ms: float, at_ns: int, *, doubted: bool) -> list[MeasureTaken]:
        """Take an interval; ``doubted`` tells that its source doesn't trust it."""
        if not (math.isfinite(rr_ms) and rr_ms > 0.0):
            return []
        return self._judge(rr_ms, at_ns, doubted=doubted, before=None)

    def _judge(
        self, rr_ms: float, at_ns: int, *, doubted: bool, before: Unlikeness | None
    ) -> list[MeasureTaken]:
        found: list[MeasureTaken] = []
        for judged in self._artefacts.update(rr_ms, doubted=doubted, before=before):
            self._keep(judged, at_ns, found)
        return found

    def break_row(self, gap_ms: float, at_ns: int) -> list[MeasureTaken]:
        """Let ``gap_ms`` pass of which no beat is known."""
        found: list[MeasureTaken] = []
        for judged in self._artefacts.break_row():
            self._keep(judged, at_ns, found)
        self._short.skip(gap_ms)
        self._long.skip(gap_ms)
        self._skip(gap_ms)
        self._beat_ms = self._time_ms
        return found

    def _keep(self, judged: Judged, at_ns: int, found: list[MeasureTaken]) -> None:
        normal = judged.verdict == "normal"
        quality = 1.0 if normal else ARTEFACT_QUALITY
        found.append(self._tell.measure("rr_ms", judged.rr_ms, quality, at_ns))
        self._short.take(judged.rr_ms, normal=normal)
        self._long.take(judged.rr_ms, normal=normal)
        for rr_ms in judged.normal_ms:
            self._time_ms += rr_ms
            self._intervals.take(self._time_ms, rr_ms, sure=normal)
        if not judged.normal_ms and judged.rr_ms > LONGEST_MS:
            self._skip(judged.rr_ms)
        self._since_ms += min(judged.rr_ms, LONGEST_MS)
        if self._since_ms >= _EVERY_MS:
            self._since_ms = 0.0
            if not self.doubled:
                self._analyse(at_ns, found)

    def _skip(self, gap_ms: float) -> None:
        """Let a gap pass in the series: a short one is bridged by a line."""
        # However long it was, and whatever nonsense: nothing is bridged that would need the length.
        self._time_ms += min(gap_ms, 2.0 * _BRIDGED_MS)
        if gap_ms > _BRIDGED_MS:
            self._intervals.clear()
            self._heights.clear()

    def _take_height(self, beat: Beat, rr_ms: float) -> None:
        """Keep the height of the R wave; one far from the last is noise or another kind of beat."""
        self._beat_ms += rr_ms
        height = beat.amplitude
        if height is None or not math.isfinite(height):
            return
        usual = self._height
        if usual is not None and abs(height - usual) > _AMPLITUDE_SHARE * abs(usual):
            self._height = usual + 0.1 * (height - usual)
            return
        self._height = height if usual is None else usual + 0.2 * (height - usual)
        self._heights.take(self._beat_ms, height, sure=True)

    def _analyse(self, at_ns: int, found: list[MeasureTaken]) -> None:
        self.rmssd_ms = self.coherence = None
        short, long = self._short.measure(), self._long.measure()
        if short is not None:
            share = short.valid_ratio
            self.rmssd_ms = short.rmssd_ms
            found.append(self._tell.measure("rmssd_ms", short.rmssd_ms, share, at_ns))
            found.append(self._tell.measure("sdnn_ms", short.sdnn_ms, share, at_ns))
        if long is not None:
            share = long.valid_ratio
            found.append(self._tell.measure("rmssd_5min_ms", long.rmssd_ms, share, at_ns))
            found.append(self._tell.measure("sdnn_5min_ms", long.sdnn_ms, share, at_ns))
        sure = self._intervals.sure_ratio
        whole_ms = breath_ms = None
        if sure >= _SURE_SHARE:
            whole_ms = self._intervals.read(COHERENCE_WINDOW_S)
            if whole_ms is None:
                breath_ms = self._intervals.read(BREATHING_WINDOW_S)
            else:
                # Both windows end with the newest interval.
                breath_ms = whole_ms[-round(BREATHING_WINDOW_S * EVEN_HZ) :]
                self.coherence = measure_coherence(whole_ms)
        if self.coherence is not None:
            found.append(self._tell.measure("coherence", self.coherence, sure, at_ns))
        self._hear_breath(breath_ms, at_ns, found)
        self.valid_at_ns = at_ns

    def _hear_breath(
        self, rr_ms: NDArray[np.float64] | None, at_ns: int, found: list[MeasureTaken]
    ) -> None:
        """Let breathing be heard in the intervals, shape (n,), and in the heights of the waves."""
        heights = bpm = None
        if self._breathing.moves(at_ns):
            # Whatever would be found, it wouldn't be believed.
            rr_ms = None
        if rr_ms is not None:
            heights = self._heights.read(BREATHING_WINDOW_S)
            bpm = 60_000.0 / float(rr_ms.mean())
        heard: tuple[tuple[BreathSource, NDArray[np.float64] | None], ...] = (
            ("rhythm", rr_ms),
            ("amplitude", heights),
        )
        for source, values in heard:
            breath = None
            if values is not None:
                breath = find_breath(values, rate_hz=EVEN_HZ, heart_rate_bpm=bpm, source=source)
            found += self._breathing.hear(self._sensor, source, breath, at_ns, of_ns=at_ns)
