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

import itertools
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.beat_forms import BeatForms
from biofeedback.signals.beat_quality import BeatQuality, Circumstances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.signals.beat_traits import Traits

_MOST = 2.0**31
_LEARN_S = 2.5
_ECHO_SHARE = 0.5
_BAR_DUE, _BAR_LATE = 0.4, 0.28
_FORM_WEIGHT = 0.4
_MISSED_AFTER = 1.66
_MISSED_BAR = 0.2
_LOST_AFTER_S = 4.0
_NOISE_MOST = 0.6
_KEPT_S = 1.5
_SWING_WITHIN_S = 1.0
_BESIDE_S = 0.12
_RAIL_BEFORE_S = 0.4
_USUAL_RR_S = 0.8
_LONGEST_RR_S = 2.0
_RHYTHMIC = 0.08
_FEW_INTERVALS = 4
_TWO_WAYS = 0.3
_HOPELESS = 0.1
_STUCK_S = 0.1
_RAIL_RANGE = 3.0
_PROBATION = 5
_PROBATION_QUALITY = 0.3


@dataclass(frozen=True, slots=True)
class FoundBeat:
    """A beat: samples since the stretch began (with fractions), and when it was known.

    ``after_gap`` tells that the beat before it may have been lost.
    """

    sample: float
    known_sample: int
    quality: float
    after_gap: bool
    amplitude: float


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
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
        self._beats: deque[float] = deque(maxlen=8)
        self._noises: deque[float] = deque(maxlen=8)
        self._intervals: deque[int] = deque(maxlen=8)
        self._usual_interval = _USUAL_RR_S * rate_hz
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
        self._band = self._traits.band(self._rate_hz)
        self._sharp = np.empty(0, np.int64)
        self._strength = np.empty(0)
        self._raw = np.empty(0, np.int64)
        self._first = 0
        self._count = 0
        self._candidates: list[_Candidate] = []
        self._pending: _Candidate | None = None
        self._refused: list[_Candidate] = []
        self._last: int | None = None
        self._last_height = 0.0
        # No peak before the stretch: what seems to lie there is how filters begin.
        self._last_peak = -0.5 * self._traits.refractory_s * self._rate_hz
        self._look_back_at = 0
        self._judged_from = 0
        self._known_from = 0
        self._gap = True
        self._found: list[FoundBeat] = []

    def update(self, values: NDArray[np.float64]) -> list[FoundBeat]:
        """Take finite samples in microvolt, shape (n,), n > 0; return the beats they complete."""
        raw = np.rint(np.clip(values, -_MOST, _MOST)).astype(np.int64)
        sharp, strength = self._band.update(raw)
        self._keep(raw, sharp, strength)
        self._count += len(raw)
        # The last sample can't be a maximum yet: what follows it isn't known.
        s = self._strength
        start = max(1, self._count - len(raw) - 1 - self._first)
        rising = s[start:-1] > s[start - 1 : -2]
        places = np.flatnonzero(rising & (s[start:-1] >= s[start + 1 :])) + start
        heights = s[places].tolist()
        for place, height in zip((places + self._first).tolist(), heights, strict=True):
            self._advance(place)
            self._offer(_Candidate(place, height))
        self._advance(self._count - 1)
        found, self._found = self._found, []
        return found

    def _keep(
        self, raw: NDArray[np.int64], sharp: NDArray[np.int64], strength: NDArray[np.float64]
    ) -> None:
        """Add to what can be looked back at, and forget the oldest."""
        # What came while the search learns is judged when it has learnt.
        kept_s = _KEPT_S + _LEARN_S if self._learning else _KEPT_S
        most = round(kept_s * self._rate_hz)
        forget = len(self._raw) - most if len(self._raw) > 2 * most else 0
        self._first += forget
        self._raw = np.concatenate((self._raw[forget:], raw))
        self._sharp = np.concatenate((self._sharp[forget:], sharp))
        self._strength = np.concatenate((self._strength[forget:], strength))

    # ------------------------------------------------------------ order of events

    def _offer(self, candidate: _Candidate) -> None:
        if self._learning:
            self._candidates.append(candidate)
        elif self._pending is None or candidate.height > self._pending.height:
            self._pending = candidate

    def _advance(self, sample: int) -> None:
        """Do everything that is due by a sample, in the order in which it is due."""
        wait = round(self._traits.wait_s * self._rate_hz)
        while True:
            if self._learning:
                learnt_at = self._judged_from + round(_LEARN_S * self._rate_hz)
                if learnt_at > sample:
                    return
                self._learn(learnt_at)
                continue
            pending, missed_at = self._pending, self._missed_at()
            if pending is not None and pending.at + wait < min(sample, missed_at):
                self._pending = None
                self._judge(pending, pending.at + wait + 1)
            elif missed_at <= sample:
                self._look_back(missed_at)
            else:
                return

    def _missed_at(self) -> int:
        """When a beat will have been missing for too long."""
        since = self._judged_from if self._last is None else self._last
        due = since + math.ceil(_MISSED_AFTER * self._usual_interval)
        return max(due, self._look_back_at)

    # ------------------------------------------------------------ judgement

    def _learn(self, sample: int) -> None:
        """Learn the height of a beat from the highest candidates, then judge what came."""
        second = 0.5 * _LEARN_S * self._rate_hz
        highest = [0.0, 0.0]
        for candidate in self._candidates:
            part = int((candidate.at - self._judged_from) // second)
            highest[min(part, 1)] = max(highest[min(part, 1)], candidate.height)
        usual = _median(highest)
        came, self._candidates = self._candidates, []
        if usual < self._traits.flattest * self._band.gain:
            self._judged_from = sample
            return
        self._beats.extend([usual] * 8)
        self._noises.extend([0.1 * usual] * 8)
        self._learn_levels()
        self._learning = False
        self._look_back_at = 0
        self._known_from = sample
        for candidate in came:
            self._advance(candidate.at)
            self._offer(candidate)
        self._advance(sample)

    def _judge(self, candidate: _Candidate, now: int) -> None:
        """Decide on a candidate when nothing higher followed it."""
        rate_hz = self._rate_hz
        since = None if self._last is None else candidate.at - self._last
        if since is not None and since < self._traits.refractory_s * rate_hz:
            return
        swing = self._swing(now)
        if self._is_railed(candidate, now, swing):
            self._gap = True
            return
        seen = self._look_at(candidate, now, swing)
        if self._is_same_peak(seen):
            return
        phase = 1.0 if since is None else since / self._usual_interval
        if len(self._intervals) < _FEW_INTERVALS:
            phase = max(phase, 0.9)
        t_wave = (
            since is not None
            and since < self._traits.echo_s * rate_hz
            and candidate.height < _ECHO_SHARE * self._last_height
        )
        if seen.evidence > _bar(phase, self._traits.bar_early) and not t_wave:
            self._accept(seen, now, phase)
        else:
            self._noises.append(candidate.height)
            self._learn_levels()
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

    def _look_at(self, candidate: _Candidate, now: int, swing: int) -> _Candidate:
        """Find the peak under a candidate and how much it looks like a beat."""
        height = candidate.height
        evidence = (height - self._noise) / (self._beat - self._noise)
        if evidence < _HOPELESS:
            return candidate
        band = self._band
        centre = round(candidate.at - band.energy_delay + band.sharp_delay) - self._first
        within = round(self._traits.peak_within_s * self._rate_hz)
        half = round(self._traits.form_s * self._rate_hz)
        low = max(half, centre - within)
        # Not beyond what was known, however much has come since.
        high = min(now - self._first - half, centre + within + 1)
        if high <= low:
            return candidate
        piece = self._sharp[low:high]
        up, down = int(piece.argmax()), int(piece.argmin())
        places = [low + up, low + down]
        if piece[up] < -piece[down]:
            places.reverse()
        if min(piece[up], -piece[down]) < _TWO_WAYS * max(piece[up], -piece[down]):
            places.pop()
        # Of two lobes of like size always the same: the one that the known form is centred on.
        likeness, place, form = -1.0, places[0], None
        for tried in places:
            shape = self._sharp[tried - half : tried + half + 1].astype(np.float64)
            shape /= math.sqrt(float((shape * shape).sum())) or 1.0
            alike = self._forms.likeness(shape)
            if alike > likeness:
                likeness, place, form = alike, tried, shape
        evidence *= 1.0 - _FORM_WEIGHT + _FORM_WEIGHT * likeness
        before, here, after = (float(v) for v in self._sharp[place - 1 : place + 2])
        bend = before - 2.0 * here + after
        middle = place - round(band.sharp_delay)
        around = self._raw[max(0, middle - half) : max(1, middle + half + 1)]
        shift = 0.5 * (before - after) / bend if bend else 0.0
        size = float(around.max() - around.min())
        return _Candidate(
            at=candidate.at,
            height=height,
            form=form,
            likeness=likeness,
            evidence=evidence,
            peak=place + self._first - band.sharp_delay + min(max(shift, -0.5), 0.5),
            peak_height=here,
            size=size,
            between=self._between(candidate),
            swing=swing / max(size, 1.0),
        )

    def _is_same_peak(self, seen: _Candidate) -> bool:
        """Tell whether two places of high strength have one peak between them."""
        if seen.form is None:
            return False
        return seen.peak - self._last_peak < 0.5 * self._traits.refractory_s * self._rate_hz

    def _learn_levels(self) -> None:
        """Learn the usual height of a beat and of noise."""
        self._beat = _median(self._beats)
        self._noise = min(_median(self._noises), _NOISE_MOST * self._beat)

    def _swing(self, now: int) -> int:
        """Tell how far the raw signal went within the last second."""
        end = now - self._first + 1
        recent = self._raw[max(0, end - round(_SWING_WITHIN_S * self._rate_hz)) : end]
        return int(recent.max() - recent.min())

    def _between(self, candidate: _Candidate) -> float:
        """Tell how strong it was on average since the last beat, in heights of a candidate."""
        apart = round(_BESIDE_S * self._rate_hz)
        start = candidate.at - round(_SWING_WITHIN_S * self._rate_hz)
        if self._last is not None:
            start = max(start, self._last + apart)
        strength = self._strength[max(0, start - self._first) : candidate.at - apart - self._first]
        return float(strength.sum()) / len(strength) / candidate.height if len(strength) else 0.0

    def _is_railed(self, candidate: _Candidate, now: int, swing: int) -> bool:
        """Tell whether the amplifier was saturated round a candidate."""
        if not self._sizes or swing <= _RAIL_RANGE * _median(self._sizes):
            return False
        end = now - self._first + 1
        start = max(0, candidate.at - self._first - round(_RAIL_BEFORE_S * self._rate_hz))
        changes = np.flatnonzero(np.diff(self._raw[start:end]))
        edges = [-1, *changes.tolist(), end - start - 1]
        longest = max(b - a for a, b in itertools.pairwise(edges))
        return longest > round(_STUCK_S * self._rate_hz)

    def _accept(self, beat: _Candidate, now: int, phase: float) -> None:
        quality = self._quality(beat, phase)
        after_gap, self._gap = self._gap, False
        if self._last is not None and beat.at - self._last < _LONGEST_RR_S * self._rate_hz:
            self._intervals.append(beat.at - self._last)
            self._usual_interval = usual = _median(self._intervals)
            spread = sum(abs(rr - usual) for rr in self._intervals) / len(self._intervals)
            self._chaos = min(max(spread / usual - _RHYTHMIC, 0.0), 0.3)
        self._last, self._last_height = beat.at, beat.height
        self._last_peak = beat.peak
        self._beats.append(beat.height)
        self._learn_levels()
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
            amplitude=abs(beat.peak_height) / (2.0 * self._band.gain),
        )
        self._found.append(found)

    def _quality(self, beat: _Candidate, phase: float) -> float:
        """Estimate the chance that this is a beat; not more than little while all is learnt anew."""
        rival = max([c.evidence for c in self._refused if c.at < beat.at], default=0.0)
        circumstances = Circumstances(
            evidence=beat.evidence,
            likeness=beat.likeness,
            noise=self._noise / self._beat,
            rival=rival,
            early=min(max(0.85 - phase, 0.0), 0.5),
            chaos=self._chaos,
            between=beat.between,
            swing=beat.swing,
        )
        quality = self._judge_quality.judge(circumstances, [*self._beats, beat.height])
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
