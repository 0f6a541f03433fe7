"""Scale steps become notes of the key, and styles take over without a gap."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from biofeedback.control.follow import neutral_music
from biofeedback.control.law import AHEAD_NS, Answer, usable_answers
from biofeedback.messages import EventDetected
from biofeedback.music.form import key_at
from biofeedback.music.performer import Performer
from biofeedback.music.scales import PENTATONIC, SCALES
from biofeedback.music.styles import STYLES
from biofeedback.musician import Musician
from biofeedback.samples import BodyState
from biofeedback.settings import Settings

STEP_NS = 10**8
START_NS = 10**9


def perform(style, seconds, *, then=None, at_s=None, tempo_bpm=96.0):
    performer = Performer(STYLES[style], 3, start_ns=START_NS, tempo_bpm=tempo_bpm)
    notes = []
    parameters = msgspec.structs.replace(neutral_music(tempo_bpm), energy=0.7, density=0.6)
    for tick in range(seconds * 10):
        if then is not None and tick == at_s * 10:
            performer.restyle(STYLES[then])
        at_ns = START_NS + tick * STEP_NS
        notes += performer.play(at_ns, at_ns + 3 * STEP_NS, parameters)
    return performer, notes


def longest_gap_ns(notes):
    return max(b - a for a, b in pairwise(sorted(note.start_ns for note in notes)))


@pytest.mark.parametrize("style", STYLES)
def test_scale_steps_rise_with_their_number_and_lie_in_the_key(style):
    performer, _ = perform(style, 2)
    at_ns = START_NS + 2 * 10**9
    chosen = STYLES[style]
    key = key_at(chosen, 3, 0)
    tonic = key.pitch(0)
    pitches = []
    for degree in range(8):
        (note,) = performer.play_degree(at_ns, at_ns, 0.5, degree, 0.6)
        assert note.layer in chosen.instruments
        assert note.tick is None
        assert note.duration_ns == 500_000_000
        assert note.start_ns == at_ns
        pitches.append(note.pitch_midi)
    scale = SCALES[key.mode]
    if chosen.melody is not None and chosen.melody.scale == "pentatonic":
        scale = tuple(scale[degree] for degree in PENTATONIC[key.mode])
    assert {(pitch - tonic) % 12 for pitch in pitches} <= set(scale)
    low, high = chosen.accent_range_midi
    assert all(low <= pitch <= high for pitch in pitches)
    rising = [b > a for a, b in pairwise(pitches)]
    # At the top of its range a voice goes on an octave lower.
    assert rising.count(False) <= 1


def test_a_stronger_note_is_louder():
    performer, _ = perform("acoustic", 2)
    at_ns = START_NS + 2 * 10**9
    soft, loud = (performer.play_degree(at_ns, at_ns, 0.5, 0, s)[0] for s in (0.1, 0.9))
    assert soft.velocity < loud.velocity


@pytest.mark.parametrize(
    ("first", "then"), [("walk", "calm"), ("dance", "acoustic"), ("calm", "walk")]
)
def test_a_style_takes_over_at_a_bar_and_the_beat_goes_on(first, then):
    performer, notes = perform(first, 40, then=then, at_s=20)
    plain, _ = perform(first, 40)
    late_ns = START_NS + 39 * 10**9
    assert performer.asynchrony_beats(late_ns) == plain.asynchrony_beats(late_ns)
    ticks = [note.tick for note in notes if note.layer not in {"pad", "nature"}]
    assert min(ticks) >= 0
    alone = max(longest_gap_ns(perform(style, 40)[1]) for style in (first, then))
    assert longest_gap_ns(notes) <= alone
    after = {n.layer for n in notes if n.start_ns > START_NS + 26 * 10**9}
    assert after <= set(STYLES[then].instruments)
    again, same = perform(first, 40, then=then, at_s=20)
    assert same == notes
    assert again.scene == performer.scene


def test_the_style_that_plays_already_changes_nothing():
    _, notes = perform("walk", 30, then="walk", at_s=10)
    assert notes == perform("walk", 30)[1]


def test_answers_that_can_t_be_played_are_left_out():
    at_ns = 10**12
    good = Answer(at_ns + AHEAD_NS, 0.5, 3, 0.5)
    bad = [
        good._replace(start_ns=at_ns),
        good._replace(start_ns=at_ns + 10**11),
        good._replace(duration_s=float("nan")),
        good._replace(duration_s=0.0),
        good._replace(degree=1000),
        good._replace(strength_ratio=float("nan")),
        good._replace(strength_ratio=2.0),
    ]
    assert usable_answers([*bad, good], at_ns) == [good]
    assert len(usable_answers([good] * 100, at_ns)) == 8


def step(at_s, sensor):
    event_ns = START_NS + round(at_s * 10**9)
    return EventDetected(
        at_ns=event_ns,
        wearer="anna",
        sensor=sensor,
        event="step",
        event_ns=event_ns,
        strength=2.0,
        quality=1.0,
    )


def judge(musician, found, *, sensor="belt", walking=True):
    body = BodyState(wearer="anna", has_motion=True, motion_sensor=sensor, walking=walking)
    steps = musician.judge_steps([body], found)
    assert all(judged.wearer == "anna" for judged in steps)
    return [(judged.at_ns - START_NS) / 10**9 for judged in steps]


def test_every_step_of_a_packet_is_judged_and_of_two_sensors_only_the_one_that_leads():
    musician = Musician(Settings(), STYLES["walk"], start_ns=START_NS, tempo_bpm=100.0)
    found = [step(0.1, "belt"), step(0.15, "watch"), step(0.7, "belt"), step(0.75, "watch")]
    assert judge(musician, found) == [0.1, 0.7]
    assert judge(musician, [step(1.2, "belt")], walking=False) == []
    # The watch takes over: it felt the newest step, too, and the one before.
    found = [step(0.15, "watch"), step(0.75, "watch"), step(1.25, "watch")]
    assert judge(musician, found, sensor="watch") == [1.25]


def test_a_step_from_before_the_music_or_beyond_it_has_no_distance_from_the_beat():
    musician = Musician(Settings(), STYLES["walk"], start_ns=START_NS, tempo_bpm=100.0)
    body = BodyState(wearer="anna", has_motion=True, motion_sensor="belt", walking=True)
    steps = musician.judge_steps(
        [body], [step(-0.5, "belt"), step(0.0, "belt"), step(60.0, "belt")]
    )
    assert [judged.asynchrony_beats for judged in steps] == [None, 0.0, None]
