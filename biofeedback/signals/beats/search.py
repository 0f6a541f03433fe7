"""R peaks of one ECG lead at a constant rate, live.

* A candidate is the highest strength (qrs_band.py) within 60 ms on its right; it is judged once.
* Its height counts between the usual noise and the usual beat (medians of the last eight each),
  and less the less it looks like a beat: two templates are followed, for those who have ectopic
  beats of one other form.
* The bar it must pass depends on the time since the last beat in units of the usual interval:
  high right after a beat (T waves, artefacts), lower when a beat is due, lowest when it is late.
  When none came for 1.66 intervals, the best candidate that was refused since is taken after all.
* Where the signal rests against a rail, nothing is found, and the next beat has a gap before it.
* ``quality`` is the chance that it is a beat, fitted to clean, noisy and moving signals.
  Below 0.5 it should be taken as withheld: noise that can't be told from beats.

References:
    Pan & Tompkins (1985); Hamilton (2002), as in qrs_band.py. Deviations: the bar follows the time
    since the last beat, likeness to templates, no second detector.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from biofeedback.signals.beats.forms import BeatForms
from biofeedback.signals.beats.quality import BeatQuality, Circumstances
from biofeedback.signals.beats.window import BeatWindow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.signals.beats.traits import Traits
    from biofeedback.signals.beats.usual_form import Unlikeness

_LEARN_S = 2.5
_ECHO_SHARE = 0.5
_BAR_DUE, _BAR_LATE = 0.4, 0.28
_FORM_WEIGHT = 0.4
_MISSED_AFTER = 1.66
_MISSED_BAR = 0.2
_LOST_AFTER_S = 4.0
_NOISE_MOST = 0.6
_USUAL_RR_S = 0.8
_LONGEST_RR_S = 2.0
_RHYTHMIC = 0.08
_FEW_INTERVALS = 4
_HOPELESS = 0.1
_RAIL_RANGE = 3.0
_PROBATION = 5
_PROBATION_QUALITY = 0.3
_LEARNED_FROM = 0.5


class FoundBeat(NamedTuple):
    """A beat: samples since the stretch began (with fractions), and when it was known.

    ``after_gap`` tells that the beat before it may have been lost, ``before`` how unlike the usual
    form the one before was.
    """

    sample: float
    known_sample: int
    quality: float
    after_gap: bool
    amplitude: float
    before: Unlikeness | None


class _Candidate(NamedTuple):
    at: int
    height: float
    form: NDArray[np.float64] | None = None
    likeness: float = 0.0
    evidence: float = 0.0
    peak: float = 0.0
    peak_height: float = 0.0
    size: float = 0.0
    between: float = 0.0
    swing: float = 1.0


class BeatSearch:
    """Find beats; ``restart`` after samples were lost."""

    def __init__(self, rate_hz: float, traits: Traits) -> None:
        self._traits = traits
        self._rate_hz = rate_hz
        self._forms = BeatForms()
        self._judge_quality = BeatQuality(traits.odds)
        self._usual_form = None if traits.usual_form is None else traits.usual_form(rate_hz)
        self._beats: deque[float] = deque(maxlen=8)
        self._noises: deque[float] = deque(maxlen=8)
        self._intervals: deque[int] = deque(maxlen=8)
        self._wait = round(traits.wait_s * rate_hz)
        self._usual_interval = _USUAL_RR_S * rate_hz
        self._patience = math.ceil(_MISSED_AFTER * self._usual_interval)
        self._noise = 0.0
        self._beat = 0.0
        self._sizes: deque[float] = deque(maxlen=8)
        self._learning = True
        self._probation = 0
        self._chaos = 0.0
        self._begin()

    def restart(self) -> None:
        """Begin a stretch: what a beat looks like is kept, what comes next is sample 0."""
        self._begin()

    def _begin(self) -> None:
        self._window = BeatWindow(self._rate_hz, self._traits)
        self._candidates: list[tuple[int, float]] = []
        self._pending: tuple[int, float] | None = None
        self._refused: list[_Candidate] = []
        self._last: int | None = None
        self._last_height = 0.0
        # No peak before the stretch: what seems to lie there is how filters begin.
        self._last_peak = -0.5 * self._traits.refractory_s * self._rate_hz
        self._look_back_at = 0
        self._judged_from = 0
        self._known_from = 0
        self._missed_at = 0
        self._due = 0
        self._gap = True
        self._newest: tuple[int, bool] | None = None
        self._found: list[FoundBeat] = []

    def update(self, values: NDArray[np.float64]) -> list[FoundBeat]:
        """Take finite samples in microvolt, shape (n,), n > 0; return the beats they complete."""
        for at, height in self._window.update(values):
            if at >= self._due:
                self._advance(at)
            # Most are lower than one that waits.
            if self._pending is None or height > self._pending[1]:
                self._offer(at, height)
        if self._window.count > self._due:
            self._advance(self._window.count - 1)
        found, self._found = self._found, []
        return found

    # ------------------------------------------------------------ order of events

    def _offer(self, at: int, height: float) -> None:
        if self._learning:
            self._candidates.append((at, height))
        elif self._pending is None or height > self._pending[1]:
            self._pending = at, height
            self._due = min(at + self._wait + 1, self._missed_at)

    def _advance(self, sample: int) -> None:
        """Do everything that is due by a sample, in the order in which it is due."""
        while True:
            if self._learning:
                self._due = self._judged_from + round(_LEARN_S * self._rate_hz)
                if self._due > sample:
                    return
                self._learn(self._due)
                continue
            since = self._judged_from if self._last is None else self._last
            pending = self._pending
            # When a beat will have been missing for too long.
            self._missed_at = due = max(since + self._patience, self._look_back_at)
            if pending is not None and pending[0] + self._wait < due:
                due = pending[0] + self._wait + 1
            else:
                pending = None
            self._due = due
            if due > sample:
                return
            if pending is None:
                self._look_back(due)
            else:
                self._pending = None
                self._judge(*pending, due)

    # ------------------------------------------------------------ judgement

    def _learn(self, sample: int) -> None:
        """Learn the height of a beat from the highest candidates, then judge what came."""
        second = 0.5 * _LEARN_S * self._rate_hz
        highest = [0.0, 0.0]
        for at, height in self._candidates:
            part = int((at - self._judged_from) // second)
            highest[min(part, 1)] = max(highest[min(part, 1)], height)
        usual = _median(highest)
        came, self._candidates = self._candidates, []
        if usual < self._traits.flattest * self._window.band.gain:
            self._judged_from = sample
            return
        self._beats.extend([usual] * 8)
        self._judge_quality.learn(usual)
        self._noises.extend([0.1 * usual] * 8)
        self._learn_levels()
        self._learning = False
        self._look_back_at = 0
        self._known_from = sample
        for at, height in came:
            self._advance(at)
            self._offer(at, height)
        self._advance(sample)

    def _judge(self, at: int, height: float, now: int) -> None:
        """Decide on a candidate when nothing higher followed it."""
        rate_hz = self._rate_hz
        since = None if self._last is None else at - self._last
        if since is not None and since < self._traits.refractory_s * rate_hz:
            return
        evidence = (height - self._noise) / (self._beat - self._noise)
        if evidence < _HOPELESS:
            self._refuse(height)
            return
        swing = self._window.swing(now)
        # Was the amplifier saturated?
        far = bool(self._sizes) and swing > _RAIL_RANGE * _median(self._sizes)
        if far and self._window.rests(at, now):
            self._gap = True
            return
        seen = self._look_at(at, height, evidence, now, swing)
        if self._is_same_peak(seen):
            return
        phase = 1.0 if since is None else since / self._usual_interval
        if len(self._intervals) < _FEW_INTERVALS:
            phase = max(phase, 0.9)
        t_wave = (
            since is not None
            and since < self._traits.echo_s * rate_hz
            and height < _ECHO_SHARE * self._last_height
        )
        if seen.evidence > _bar(phase, self._traits.bar_early) and not t_wave:
            self._accept(seen, now, phase)
        else:
            self._refuse(height)
            self._refused.append(seen)

    def _look_back(self, now: int) -> None:
        """Take the best of what was refused, or wait on; after long silence learn anew."""
        last = self._judged_from if self._last is None else self._last
        earliest = last + max(0.3 * self._rate_hz, 0.4 * self._usual_interval)
        late = [
            c
            for c in self._refused
            if c.at > earliest and c.evidence > _MISSED_BAR and not self._is_same_peak(c)
        ]
        if late and self._last is not None:
            best = max(late, key=lambda c: c.evidence)
            self._accept(best, now, (best.at - last) / self._usual_interval)
            return
        self._look_back_at = now + round(0.2 * self._rate_hz)
        if now - last < _LOST_AFTER_S * self._rate_hz:
            return
        self._gap = True
        self._last = None
        self._learning = True
        self._probation = _PROBATION
        self._judged_from = now
        self._pending = None
        self._refused.clear()

    def _look_at(
        self, at: int, height: float, evidence: float, now: int, swing: float
    ) -> _Candidate:
        """Find the peak under a candidate and how much it looks like a beat."""
        sight = self._window.look(at, now, self._forms)
        if sight is None:
            return _Candidate(at, height)
        return _Candidate(
            at=at,
            height=height,
            form=sight.form,
            likeness=sight.likeness,
            evidence=evidence * (1.0 - _FORM_WEIGHT + _FORM_WEIGHT * sight.likeness),
            peak=sight.peak,
            peak_height=sight.peak_height,
            size=sight.size,
            between=self._window.between(at, height, self._last),
            swing=swing / max(sight.size, 1.0),
        )

    def _is_same_peak(self, seen: _Candidate) -> bool:
        """Tell whether two places of high strength have one peak between them."""
        if seen.form is None:
            return False
        return seen.peak - self._last_peak < 0.5 * self._traits.refractory_s * self._rate_hz

    def _refuse(self, height: float) -> None:
        """Count a candidate as noise."""
        self._noises.append(height)
        self._learn_noise()

    def _learn_levels(self) -> None:
        """Learn the usual height of a beat and of noise."""
        self._beat = _median(self._beats)
        self._learn_noise()

    def _learn_noise(self) -> None:
        self._noise = min(_median(self._noises), _NOISE_MOST * self._beat)

    def _accept(self, beat: _Candidate, now: int, phase: float) -> None:
        quality = self._quality(beat, phase)
        after_gap, self._gap = self._gap, False
        if self._last is not None and beat.at - self._last < _LONGEST_RR_S * self._rate_hz:
            self._intervals.append(beat.at - self._last)
            self._usual_interval = usual = _median(self._intervals)
            self._patience = math.ceil(_MISSED_AFTER * usual)
            spread = math.fsum([abs(rr - usual) for rr in self._intervals]) / len(self._intervals)
            self._chaos = min(max(spread / usual - _RHYTHMIC, 0.0), 0.3)
        self._last, self._last_height = beat.at, beat.height
        self._last_peak = beat.peak
        self._beats.append(beat.height)
        self._learn_levels()
        if self._refused:
            self._refused = [c for c in self._refused if c.at > beat.at]
        self._look_back_at = 0
        if beat.form is not None:
            self._forms.learn(beat.form)
        self._sizes.append(beat.size)
        found = FoundBeat(
            sample=beat.peak,
            known_sample=max(now, self._known_from),
            quality=quality,
            after_gap=after_gap,
            amplitude=abs(beat.peak_height) / (2.0 * self._window.band.gain),
            before=self._compare_newest(now),
        )
        self._newest = round(beat.peak), quality >= _LEARNED_FROM
        self._found.append(found)

    def _compare_newest(self, now: int) -> Unlikeness | None:
        """Tell how unlike the usual form the newest beat is, whose end is known by now."""
        if self._usual_form is None or self._newest is None:
            return None
        place, sure = self._newest
        raw = self._window.around(place, self._usual_form.beside, now)
        return None if raw is None else self._usual_form.compare(raw, learn=sure)

    def _quality(self, beat: _Candidate, phase: float) -> float:
        """Estimate the chance that this is a beat; low while all is learnt anew."""
        rivals = [c.evidence for c in self._refused if c.at < beat.at]
        circumstances = Circumstances(
            evidence=beat.evidence,
            likeness=beat.likeness,
            noise=self._noise / self._beat,
            rival=max(rivals) if rivals else 0.0,
            early=min(max(0.85 - phase, 0.0), 0.5),
            chaos=self._chaos,
            between=beat.between,
            swing=beat.swing,
        )
        quality = self._judge_quality.judge(circumstances, beat.height)
        if self._probation:
            sure = beat.likeness > 0.8 and quality > 0.5
            self._probation = self._probation - 1 if sure else _PROBATION
            return min(quality, _PROBATION_QUALITY)
        return quality


def _bar(phase: float, early: float) -> float:
    """Return what a candidate must reach, ``phase`` usual intervals after the last beat."""
    if phase < 0.5:
        return early
    if phase < 0.9:
        return early + (_BAR_DUE - early) * (phase - 0.5) / 0.4
    return max(_BAR_LATE, _BAR_DUE + (_BAR_LATE - _BAR_DUE) * (phase - 0.9) / 0.5)


def _median(values: Sequence[float] | deque[float] | deque[int]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return 0.5 * (ordered[middle - 1] + ordered[middle])
