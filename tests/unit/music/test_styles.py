"""What every style promises, in every meter that it knows; a new one is taken up by itself."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import pytest

from biofeedback.messages import TICKS_PER_BEAT
from biofeedback.music.arrangement import Moment, PlannedNote, plan_notes
from biofeedback.music.form import key_at, phrase_ticks
from biofeedback.music.mapping import GATES, open_gates
from biofeedback.music.pace import Pace
from biofeedback.music.style import BassNote, Hit, Stab, Style
from biofeedback.music.styles import STYLES, StyleName, find_style, list_meters
from biofeedback.sound.instruments import INSTRUMENTS
from tests.unit.music.plans import ask, bars_of, passages, plan

SEEDS = range(3)
EIGHT_BARS_MOST = 2


def pitched(style: Style, notes: list[PlannedNote]) -> list[PlannedNote]:
    return [note for note in notes if note.layer not in style.unpitched_layers]


def level_db(notes: list[PlannedNote]) -> float:
    """Level of the sum of independent notes, each ringing for a second at most."""
    return 10.0 * math.log10(
        sum(note.velocity**2 * min(note.duration_ticks, 480) for note in notes)
    )


def test_the_names_that_a_plan_may_use_are_those_of_the_styles() -> None:
    assert get_args(StyleName) == tuple(STYLES)
    assert all(style.name == name for name, style in STYLES.items())


def test_a_style_is_found_in_each_of_its_meters_and_in_no_other() -> None:
    for name in STYLES:
        for meter in list_meters(name):
            assert find_style(name, meter).meter.name == meter
            assert find_style(name, meter).name == name
    assert find_style("walk", "2/4").harmony.chord_bars == 2
    with pytest.raises(ValueError, match="4/4"):
        find_style("calm", "6/8")


def test_all_four_meters_are_played() -> None:
    played = {meter for name in STYLES for meter in list_meters(name)}
    assert played == {"4/4", "2/4", "3/4", "6/8"}


def test_every_layer_has_an_instrument_that_there_is(style: Style) -> None:
    assert set(style.orchestra(click=True).values()) <= INSTRUMENTS.keys()
    played = {strand.layer for strand in style.strands}
    if style.melody is not None:
        played |= {"melody"}
    assert played <= style.layers.keys() <= style.instruments.keys()
    assert "accent" in style.layers
    assert style.layers.keys() - played <= {"accent", "counter"}


def test_patterns_lie_inside_their_bar(style: Style) -> None:
    for strand in style.strands:
        for pattern in strand.patterns:
            assert pattern
            for event in pattern:
                assert 0 <= event.step < style.meter.steps
                assert isinstance(event, Hit | BassNote | Stab)


def test_melodies_lie_inside_the_time_of_a_chord(style: Style) -> None:
    if style.melody is None:
        return
    steps = style.meter.steps * style.harmony.chord_bars
    for rhythm in (*style.melody.rhythms, *style.melody.cadences):
        for (start, length), (after, _) in pairwise([*rhythm, (steps, 0)]):
            assert start < start + length <= after <= steps


def test_a_phrase_has_four_to_eight_bars_of_time(style: Style) -> None:
    beats = phrase_ticks(style) // TICKS_PER_BEAT
    bars = beats // style.meter.beats
    assert bars in {4, 8, 16}
    # At the slowest tempo that suits it a phrase is never longer than a scene may be.
    assert beats * 60.0 / style.tempo_range_bpm[0] <= 96.0


@pytest.mark.parametrize("energy", [0.0, 0.3, 0.7, 1.0])
def test_no_eight_bars_come_back_more_than_twice_in_ten_minutes(
    style: Style, energy: float
) -> None:
    bars = bars_of(style, 10.0)
    for seed in (0, 1):
        notes = plan(style, seed, bars, energy=energy)
        assert max(passages(style, notes, bars).values()) <= EIGHT_BARS_MOST


@pytest.mark.parametrize("tension", [0.0, 0.5, 1.0])
def test_pitched_time_is_in_the_key_of_the_moment(style: Style, tension: float) -> None:
    inside = outside = 0
    for seed in SEEDS:
        for energy in (0.2, 0.6, 1.0):
            notes = plan(style, seed, 128, energy=energy, tension=tension, articulation=0.0)
            for note in pitched(style, notes):
                key = key_at(style, seed, note.tick)
                if (note.pitch_midi or 0) % 12 in key.pitch_classes():
                    inside += note.duration_ticks
                else:
                    outside += note.duration_ticks
    assert inside >= 0.97 * (inside + outside)


def test_no_two_of_ten_seeds_are_alike(style: Style) -> None:
    plans = [
        tuple((n.tick, n.layer, n.pitch_midi) for n in pitched(style, plan(style, seed, 32)))
        for seed in range(10)
    ]
    assert len(set(plans)) == 10
    for one in range(10):
        for other in range(one):
            shared = set(plans[one]) & set(plans[other])
            assert len(shared) < 0.5 * len(plans[one])


def test_energy_adds_notes_and_moments_and_level(style: Style) -> None:
    for seed in SEEDS:
        plans = [plan(style, seed, 32, energy=step / 20) for step in range(21)]
        counts = [len(notes) for notes in plans]
        moments = [len({note.tick for note in notes}) for notes in plans]
        levels = [level_db(notes) for notes in plans]
        assert counts == sorted(counts)
        assert counts[-1] >= 3 * counts[0]
        assert moments == sorted(moments)
        assert moments[-1] >= 2 * moments[0]
        assert levels == sorted(levels)
        assert 4.0 <= levels[-1] - levels[0] <= 24.0


def test_density_adds_ornament_and_keeps_the_backbone(style: Style) -> None:
    for energy in (0.4, 0.7, 1.0):
        plans = [plan(style, 4, 32, energy=energy, density=step / 8) for step in range(9)]
        counts = [len(notes) for notes in plans]
        assert counts == sorted(counts)
        assert counts[-1] > 1.1 * counts[0]


def test_articulation_shortens_what_is_not_held(style: Style) -> None:
    sums = [
        sum(note.duration_ticks for note in pitched(style, plan(style, 4, 16, articulation=value)))
        for value in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert all(after < before for before, after in pairwise(sums))


def test_register_moves_the_middle_of_what_is_heard(style: Style) -> None:
    medians = []
    for step in range(-4, 5):
        pitches = sorted(
            note.pitch_midi or 0 for note in pitched(style, plan(style, 4, 64, register=step / 4))
        )
        medians.append(pitches[len(pitches) // 2])
    assert medians == sorted(medians)
    assert medians[-1] - medians[0] >= 5


def test_tension_never_makes_harmony_plainer(style: Style) -> None:
    sizes: list[float] = []
    for step in range(11):
        by_bar: dict[int, set[int]] = {}
        for note in pitched(style, plan(style, 4, 64, energy=0.6, tension=step / 10)):
            if note.layer != "melody" and note.layer != "counter":
                bar = note.tick // style.meter.ticks
                by_bar.setdefault(bar, set()).add((note.pitch_midi or 0) % 12)
        sizes.append(sum(map(len, by_bar.values())) / len(by_bar))
    assert sizes[-1] > sizes[0]
    assert all(after >= before - 0.25 for before, after in pairwise(sizes))


@pytest.mark.parametrize("energy", [0.0, 0.5, 1.0])
def test_something_sounds_in_every_bar(style: Style, energy: float) -> None:
    """A note rings at least as long as it is held: no bar lies wholly between notes."""
    for seed in SEEDS:
        ends = 0
        for note in plan(style, seed, 64, energy=energy):
            assert note.tick - ends <= style.meter.ticks
            ends = max(ends, note.tick + note.duration_ticks)


def test_players_are_human_within_bounds_and_never_on_the_beat_that_is_stepped_to(
    style: Style,
) -> None:
    for note in plan(style, 1, 32, energy=1.0, density=1.0, brightness=1.0):
        assert 0 <= note.offset_ns <= 12_000_000
        assert note.layer != "kick" or note.offset_ns == 0
    for voice in style.layers.values():
        assert voice.loose_db <= 1.5


def test_a_style_with_a_beat_sounds_on_the_beats_from_middle_energy_on(style: Style) -> None:
    if not style.has_beat:
        return
    for energy in (0.4, 0.7, 1.0):
        ticks = {note.tick for note in plan(style, 2, 32, energy=energy)}
        beats = {beat * TICKS_PER_BEAT for beat in range(32 * style.meter.beats)}
        assert len(beats & ticks) >= 0.98 * len(beats)


def test_a_scene_changes_what_is_heard(style: Style) -> None:
    if len(style.scenes) == 1:
        return
    heard = [
        plan_notes(style, 1, 0, 32 * style.meter.ticks, ask(energy=e), moment=Moment(scene=scene))
        for e in (0.3, 0.45, 0.6, 0.75, 0.9)
        for scene in range(len(style.scenes))
    ]
    per_energy = [heard[i : i + len(style.scenes)] for i in range(0, len(heard), len(style.scenes))]
    for one, other in pairwise(range(len(style.scenes))):
        assert any(plans[one] != plans[other] for plans in per_energy)


def test_gates_of_energy_open_evenly() -> None:
    assert open_gates(0.3, ask())[GATES["energy"]] == 0.3


def test_melodies_lie_above_the_chords(style: Style) -> None:
    """In every key: of ten notes at least eight don't begin below any voice that sounds."""
    if style.melody is None:
        return
    above = []
    for seed in SEEDS:
        notes = plan(style, seed, 64, energy=0.8)
        chords = [note for note in notes if note.layer in {"chords", "pad"}]
        for note in notes:
            if note.layer == "melody":
                beneath = [
                    chord.pitch_midi or 0
                    for chord in chords
                    if chord.tick <= note.tick < chord.tick + chord.duration_ticks
                ]
                above.append((note.pitch_midi or 0) >= max(beneath, default=0))
    assert sum(above) >= 0.8 * len(above)


def test_in_six_slow_beats_are_never_felt_in_halves() -> None:
    """A beat of three eighths can't be halved: a felt beat that is faster is one of its eighths."""
    for name in ("acoustic", "drum-circle", "lullaby"):
        style = find_style(name, "6/8")
        step_ticks = style.meter.ticks_per_step
        for tempo_bpm in (40.0, 60.0, 80.0, 100.0, 120.0, 140.0, 180.0):
            pace = Pace(style, tempo_bpm)
            felt = [pace.style_tick(beat * TICKS_PER_BEAT) for beat in range(12)]
            assert all(tick % (2 * step_ticks) == 0 for tick in felt)
