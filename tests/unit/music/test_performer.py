"""Joints, scenes, pace, click and answers to gestures, as the engine and curves hear them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from biofeedback.messages import NS_PER_MS, NS_PER_S, TICKS_PER_BEAT, Part, PlayNote
from biofeedback.music.performer import SOFT_GRID_NS, Performer
from biofeedback.music.styles import STYLES, find_style
from tests.unit.music.plans import ask

if TYPE_CHECKING:
    from biofeedback.music.style import Style

STEP_NS = 100 * NS_PER_MS
WALK = STYLES["walk"]


def perform(
    style: Style,
    seconds: float,
    *,
    tempo_bpm: float = 90.0,
    energies: tuple[float, ...] = (0.6,),
    step_ns: int = STEP_NS,
    must_fall: bool = False,
    click: bool = False,
) -> list[PlayNote]:
    """Play; the energies share the time evenly."""
    performer = Performer(style, 5, start_ns=0, tempo_bpm=tempo_bpm, click=click)
    end_ns = round(seconds * NS_PER_S)
    notes: list[PlayNote] = []
    for at_ns in range(0, end_ns, step_ns):
        energy = energies[at_ns * len(energies) // end_ns]
        # The swell breathes through the loudness of notes, a step at a time.
        asked = ask(tempo_bpm=tempo_bpm, energy=energy, swell=0.0)
        notes += performer.play(at_ns, at_ns + step_ns, asked, must_fall=must_fall)
    return notes


def beat_of(note: PlayNote) -> float:
    assert note.tick is not None
    return note.tick / TICKS_PER_BEAT


def test_the_size_of_the_steps_in_which_it_plays_changes_no_note(style: Style) -> None:
    one = perform(style, 60.0, step_ns=100 * NS_PER_MS)
    other = perform(style, 60.0, step_ns=300 * NS_PER_MS)
    strip = [(n.start_ns, n.duration_ns, n.layer, n.pitch_midi, n.velocity, n.tick) for n in one]
    assert strip == [
        (n.start_ns, n.duration_ns, n.layer, n.pitch_midi, n.velocity, n.tick) for n in other
    ]


def test_instruments_come_in_where_a_beat_has_weight(style: Style) -> None:
    """Energy leaps off the beat; nothing that it lets in is heard before the next joint."""
    if style.parts == "axes":
        return
    bpm = sum(style.tempo_range_bpm) / 2
    rest = perform(style, 40.0, tempo_bpm=bpm, energies=(0.0,))
    leap = perform(style, 40.0, tempo_bpm=bpm, energies=(0.0, 1.0))
    known = {(n.tick, n.layer, n.pitch_midi) for n in rest}
    first = min(beat_of(n) for n in leap if (n.tick, n.layer, n.pitch_midi) not in known)
    assert first >= 20.0 * bpm / 60.0 - 1e-6
    strong = style.meter.strong_beats
    # The first note of those let in may come a little after the joint, never before.
    assert first - 20.0 * bpm / 60.0 <= strong + style.meter.beats
    joints = [n for n in leap if beat_of(n) < first // strong * strong]
    assert {(n.tick, n.layer, n.pitch_midi) for n in joints} <= known


def test_safety_doesnt_wait_for_a_joint() -> None:
    # 90 bpm: two beats from joint to joint are 1.33 s; energy falls 0.4 s after one.
    late = perform(WALK, 21.0, energies=(1.0,) * 19 + (0.0,) * 2, must_fall=False)
    now = perform(WALK, 21.0, energies=(1.0,) * 19 + (0.0,) * 2, must_fall=True)
    fall_ns = round(21.0 * 19 / 21 * NS_PER_S)
    rest = {"kick", "pad", "chords"}
    assert {n.layer for n in now if n.start_ns > fall_ns + 20 * NS_PER_MS} <= rest
    assert {n.layer for n in late if n.start_ns > fall_ns + 20 * NS_PER_MS} >= {"bass", "hat"}
    # At the joint they leave too.
    assert {n.layer for n in late if n.start_ns > 20 * NS_PER_S + 20 * NS_PER_MS} <= rest


@pytest.mark.parametrize("tempo_bpm", [45.0, 60.0, 90.0, 130.0, 170.0])
def test_a_slow_variation_comes_every_45_to_90_s_at_any_tempo(
    style: Style, tempo_bpm: float
) -> None:
    performer = Performer(style, 5, start_ns=0, tempo_bpm=tempo_bpm)
    changes_ns = [0]
    scene = 0
    for at_ns in range(0, 600 * NS_PER_S, NS_PER_S):
        performer.play(at_ns, at_ns + NS_PER_S, ask(tempo_bpm=tempo_bpm, energy=0.0))
        if performer.scene != scene:
            scene = performer.scene
            changes_ns.append(at_ns)
    assert len(changes_ns) > 6
    apart_s = [(b - a) / NS_PER_S for a, b in pairwise(changes_ns)]
    assert min(apart_s) >= 44.0
    assert max(apart_s) <= 91.0


def test_a_tempo_outside_the_range_is_played_at_half_or_double_time(style: Style) -> None:
    low_bpm, high_bpm = style.tempo_range_bpm
    for tempo_bpm in (40.0, 60.0, 80.0, 100.0, 120.0, 140.0, 180.0):
        performer = Performer(style, 5, start_ns=0, tempo_bpm=tempo_bpm)
        own_bpm = tempo_bpm / performer.time_ratio
        # A beat of three eighths can't be halved: there each eighth is felt as a beat.
        half_time = 3.0 if style.meter.name == "6/8" else 2.0
        ratios = (0.5, 1.0, half_time)
        assert performer.time_ratio in ratios
        fits = [tempo_bpm / k for k in ratios if low_bpm <= tempo_bpm / k <= high_bpm]
        assert not fits or low_bpm <= own_bpm <= high_bpm
        if low_bpm <= tempo_bpm <= high_bpm:
            assert performer.time_ratio == 1.0


def test_the_pace_changes_at_a_bar_and_felt_beats_go_on() -> None:
    style = STYLES["calm"]
    performer = Performer(style, 5, start_ns=0, tempo_bpm=70.0)
    notes: list[PlayNote] = []
    for step in range(1200):
        tempo_bpm = 70.0 + min(50.0, step * 0.1)
        at_ns = step * STEP_NS
        asked = ask(tempo_bpm=tempo_bpm, energy=1.0, tension=0.0)
        notes += performer.play(at_ns, at_ns + STEP_NS, asked)
    assert performer.time_ratio == 2.0
    ticks = [note.tick or 0 for note in notes]
    assert ticks == sorted(ticks)
    # A chord of two bars has 8 felt beats before the change and 16 after it.
    pads = sorted({note.tick or 0 for note in notes if note.layer == "pad"})
    lengths = [(b - a) // TICKS_PER_BEAT for a, b in pairwise(pads)]
    assert lengths[0] == 8
    assert lengths[-1] == 16
    assert lengths == sorted(lengths)


def test_a_click_is_on_every_felt_beat_exactly() -> None:
    notes = perform(find_style("walk", "2/4"), 20.0, tempo_bpm=120.0, click=True)
    clicks = [n for n in notes if n.layer == "click"]
    assert [n.tick for n in clicks] == [beat * TICKS_PER_BEAT for beat in range(40)]
    assert [n.start_ns for n in clicks] == [beat * NS_PER_S // 2 for beat in range(40)]
    assert {n.velocity for n in clicks[::2]} == {0.8}
    assert {n.velocity for n in clicks[1::2]} == {0.5}
    assert not [n for n in perform(WALK, 5.0) if n.layer == "click"]


def test_a_part_that_is_owned_is_heard_in_the_middle_and_full() -> None:
    circle = STYLES["drum-circle"]
    performer = Performer(circle, 5, start_ns=0, tempo_bpm=100.0)
    owners = (Part(energy=0.5, place=-0.9), Part(energy=0.2, place=0.9))
    notes = performer.play(0, 20 * NS_PER_S, ask(), owners)
    drums = [note for note in notes if note.layer in {"part_1", "part_2"}]
    assert drums
    assert {note.pan for note in drums} == {0.0}
    assert not [note for note in notes if note.layer == "part_3"]


# ---------------------------------------------------------------- gestures


def answers(
    style: Style = WALK, *, at_ns: int = 5_123_000_000, strength: float = 0.5, **how: object
) -> list[PlayNote]:
    grid = how.pop("grid", "free")
    performer = Performer(style, 5, start_ns=0, tempo_bpm=100.0, gesture_grid=grid)  # type: ignore[arg-type]
    performer.play(0, at_ns + 300 * NS_PER_MS, ask(tempo_bpm=100.0))
    return performer.answer(at_ns, strength, ask(tempo_bpm=100.0), **how)  # type: ignore[arg-type]


def test_a_gesture_is_answered_at_once_and_off_the_grid(style: Style) -> None:
    (note,) = answers(style)
    assert note.start_ns == note.at_ns == 5_123_000_000
    assert note.tick is None
    assert note.layer == "accent"


def test_with_the_soft_grid_an_answer_waits_for_a_step_that_is_near() -> None:
    # Sixteenths at 100 bpm are 150 ms apart: 5.1, 5.25 s.
    (near,) = answers(at_ns=5_190_000_000, grid="soft")
    assert near.start_ns == 5_250_000_000
    assert near.start_ns - near.at_ns <= SOFT_GRID_NS
    (just_past,) = answers(at_ns=5_110_000_000, grid="soft")
    assert just_past.start_ns == 5_110_000_000


def test_a_direction_draws_a_figure_when_the_gesture_is_clear() -> None:
    first, after = answers(direction="up", strength=0.6)
    assert (after.pitch_midi or 0) > (first.pitch_midi or 0)
    assert after.start_ns > first.start_ns
    assert after.velocity < first.velocity
    first, after = answers(direction="down", strength=0.6)
    assert (after.pitch_midi or 0) < (first.pitch_midi or 0)
    first, after = answers(direction="sideways", strength=0.6)
    assert after.pitch_midi == first.pitch_midi
    assert after.pan != first.pan
    assert len(answers(direction="rotation", strength=0.6)) == 3
    assert len(answers(direction="rotation", strength=0.2)) == 1


def test_a_wearer_who_owns_a_drum_is_answered_by_it() -> None:
    circle = STYLES["drum-circle"]
    (soft,) = answers(circle, owner=2, place=-0.7, strength=0.3)
    (hard,) = answers(circle, owner=2, place=-0.7, strength=0.9)
    assert soft.layer == hard.layer == "part_3"
    assert (soft.pitch_midi, hard.pitch_midi) == (48, 60)
    assert hard.velocity > soft.velocity
    (tone,) = answers(WALK, owner=2)
    assert tone.layer == "accent"


def test_a_stronger_gesture_is_answered_louder_and_not_lower(style: Style) -> None:
    for at_ns in range(3_000_000_000, 9_000_000_000, 777_000_000):
        notes = [answers(style, at_ns=at_ns, strength=step / 10)[0] for step in range(11)]
        velocities = [note.velocity for note in notes]
        assert velocities == sorted(velocities)
        assert velocities[-1] > velocities[0]
        pitches = [note.pitch_midi or 0 for note in notes]
        assert pitches[-1] >= pitches[0] - 12
