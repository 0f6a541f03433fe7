from __future__ import annotations

import pytest

from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
    MeasureTaken,
    NoticeGiven,
)
from biofeedback.samples import HeartReading
from biofeedback.signals.heart.heart import Heart


def reading(bpm: int | None, **changes) -> HeartReading:
    facts = {
        "heart_rate_bpm": bpm,
        "rr_ms": (),
        "rr_suspect": (),
        "contact": None,
        "energy_kj": None,
        "source": "electrical",
    }
    return HeartReading(**(facts | changes))


def rates(found) -> list[float]:
    return [f.value for f in found if isinstance(f, MeasureTaken) and f.measure == "heart_rate_bpm"]


def test_a_plain_rate_passes_with_full_quality() -> None:
    heart = Heart("w", "s")
    (taken,) = heart.update(reading(72), NS_PER_S, cadence_spm=None)
    assert (taken.value, taken.quality) == (72.0, 1.0)
    assert (heart.heart_rate_bpm, heart.valid_at_ns) == (72.0, NS_PER_S)


def test_a_strap_that_never_feels_contact_but_measures_is_believed_half() -> None:
    heart = Heart("w", "s")
    found = []
    for i in range(30):
        sample = reading(70 + i % 3, contact=False)
        found += heart.update(sample, i * NS_PER_S, cadence_spm=None)
    assert len(rates(found)) == 30
    assert heart.quality == 0.5


def test_no_contact_and_a_dead_value_is_refused_and_told_once() -> None:
    heart = Heart("w", "s")
    found = []
    for i in range(20):
        found += heart.update(reading(70, contact=False), i * NS_PER_S, cadence_spm=None)
    assert len(rates(found)) == 5
    assert [f.code for f in found if isinstance(f, NoticeGiven)] == ["contact_lost"]
    assert heart.valid_at_ns == 4 * NS_PER_S


def test_the_same_number_with_intervals_is_alive() -> None:
    heart = Heart("w", "s")
    found = []
    for i in range(20):
        sample = reading(70, contact=False, rr_ms=(857.0,), rr_suspect=(False,))
        found += heart.update(sample, i * NS_PER_S, cadence_spm=None)
    assert len(rates(found)) == 20


def test_after_a_long_silence_any_plausible_rate_is_believed() -> None:
    heart = Heart("w", "s")
    heart.update(reading(60), 0, cadence_spm=None)
    assert rates(heart.update(reading(150), 60 * NS_PER_S, cadence_spm=None)) == [150.0]


def test_beats_are_told_at_once_and_intervals_when_they_are_judged() -> None:
    heart = Heart("w", "s")
    sample = reading(72, rr_ms=(830.0, 840.0), rr_suspect=(False, False))
    found = heart.update(sample, 10 * NS_PER_S, cadence_spm=None)
    assert not [f for f in found if isinstance(f, MeasureTaken) and f.measure == "rr_ms"]
    beats = [f.event_ns for f in found if isinstance(f, EventDetected)]
    assert beats == [10 * NS_PER_S - 840_000_000, 10 * NS_PER_S]
    found = heart.update(reading(72, rr_ms=(835.0, 825.0, 831.0)), 13 * NS_PER_S, cadence_spm=None)
    assert [
        (f.value, f.quality) for f in found if isinstance(f, MeasureTaken) and f.measure == "rr_ms"
    ] == [(830.0, 1.0), (840.0, 1.0)]


@pytest.mark.parametrize(("source", "locked"), [("optical", True), ("electrical", False)])
def test_an_optical_rate_that_walks_with_the_steps_is_suspect(source: str, locked: bool) -> None:
    heart = Heart("w", "s")
    found = []
    for i in range(75):
        cadence = 100.0 + i * 0.2
        sample = reading(round(cadence), source=source)
        found += heart.update(sample, i * NS_PER_S, cadence_spm=cadence)
    notices = [f.code for f in found if isinstance(f, NoticeGiven)]
    assert notices == (["heart_rate_suspect"] if locked else [])
    assert heart.suspect is locked
