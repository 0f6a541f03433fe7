"""What ``walk`` promises, measured on what it plans; how scenes and parts play.

What every style promises stands in ``test_styles.py``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from biofeedback.messages import TICKS_PER_BEAT, Part
from biofeedback.music.arrangement import Moment, PlannedNote, plan_notes
from biofeedback.music.harmony import chord_at
from biofeedback.music.styles import STYLES
from tests.unit.music import plans
from tests.unit.music.plans import ask, passages

WALK = STYLES["walk"]
CIRCLE = STYLES["drum-circle"]
BAR = WALK.meter.ticks
TEN_MINUTES_BARS = 10 * 110 // 4
SEEDS = range(6)


def plan(seed: int, bars: int, **changes: float) -> list[PlannedNote]:
    return plans.plan(WALK, seed, bars, **{"tempo_bpm": 110.0, **changes})


def layers(notes: list[PlannedNote]) -> set[str]:
    return {note.layer for note in notes}


def level_db(notes: list[PlannedNote]) -> float:
    """Level of the sum of independent notes, drums counted as short tones."""
    return 10.0 * math.log10(
        sum(
            note.velocity**2 * (60 if note.pitch_midi is None else note.duration_ticks)
            for note in notes
        )
    )


def test_layers_enter_with_energy() -> None:
    rest = {"kick", "pad", "chords"}
    assert layers(plan(1, 32, energy=0.0)) == rest
    assert layers(plan(1, 32, energy=0.28)) == {*rest, "bass"}
    assert layers(plan(1, 32, energy=0.45)) >= {*rest, "bass", "hat"}
    full = {*rest, "snare", "hat", "bass", "melody"}
    assert layers(plan(1, 32, energy=0.62)) == full
    assert layers(plan(1, 32, energy=1.0)) == {*full, "counter", "percussion"}


@pytest.mark.parametrize("seed", SEEDS)
def test_onset_density_follows_energy(seed: int) -> None:
    counts = [len(plan(seed, 32, energy=step / 20)) for step in range(21)]
    moments = [len({note.tick for note in plan(seed, 32, energy=step / 20)}) for step in range(21)]
    assert counts == sorted(counts)
    assert moments == sorted(moments)
    assert counts[-1] > 4 * counts[0]
    assert moments[-1] > 3 * moments[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_loudness_follows_energy(seed: int) -> None:
    levels = [level_db(plan(seed, 32, energy=step / 10)) for step in range(11)]
    assert all(later > before for before, later in pairwise(levels))
    assert 6.0 <= levels[-1] - levels[0] <= 10.0


@pytest.mark.parametrize("energy", [0.0, 0.3, 0.6, 1.0])
def test_the_kick_is_on_every_beat_and_never_late(energy: float) -> None:
    kicks = [note for note in plan(2, 8, energy=energy) if note.layer == "kick"]
    assert [note.tick for note in kicks] == [n * TICKS_PER_BEAT for n in range(32)]
    assert {note.offset_ns for note in kicks} == {0}


@pytest.mark.parametrize("seed", SEEDS)
def test_from_a_light_walk_on_the_bass_is_on_every_beat(seed: int) -> None:
    beats = {note.tick for note in plan(seed, 32, energy=0.3) if note.layer == "bass"}
    assert beats == {n * TICKS_PER_BEAT for n in range(128)}


@pytest.mark.parametrize("energy", [0.4, 0.6, 0.8, 1.0])
def test_accompaniment_is_softer_between_beats(energy: float) -> None:
    for layer in ("hat", "bass", "chords"):
        on: list[float] = []
        off: list[float] = []
        for note in plan(3, 64, energy=energy, tempo_bpm=80.0):
            if note.layer == layer:
                (off if note.tick % TICKS_PER_BEAT else on).append(note.velocity)
        assert not off or sum(off) / len(off) < 0.8 * sum(on) / len(on)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_has_motifs_that_return_and_no_passage_that_wears_out(seed: int) -> None:
    melody = [n for n in plan(seed, TEN_MINUTES_BARS, energy=0.85) if n.layer == "melody"]
    assert max(passages(WALK, melody, TEN_MINUTES_BARS).values()) <= 2
    rhythms: dict[int, list[int]] = defaultdict(list)
    for note in melody:
        rhythms[note.tick // BAR].append(note.tick % BAR)
    sections: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for bar, rhythm in rhythms.items():
        sections[bar // 8].append(tuple(rhythm))
    returning = sum(
        sum(count for count in Counter(bars).values() if count > 1) for bars in sections.values()
    )
    assert returning >= 0.4 * len(rhythms)
    assert len(set(map(tuple, rhythms.values()))) >= 12


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_breathes_and_moves_mostly_by_step(seed: int) -> None:
    melody = [n for n in plan(seed, 128, energy=0.8) if n.layer == "melody"]
    assert len({note.tick for note in melody}) == len(melody)
    gaps = [b.tick - a.tick - a.duration_ticks for a, b in pairwise(melody)]
    assert sum(gap >= TICKS_PER_BEAT for gap in gaps) >= 128 / 4
    leaps = [
        abs((b.pitch_midi or 0) - (a.pitch_midi or 0))
        for a, b in pairwise(melody)
        if a.tick // (4 * BAR) == b.tick // (4 * BAR)
    ]
    assert sum(leap <= 4 for leap in leaps) >= 0.65 * len(leaps)
    assert sum(leap <= 7 for leap in leaps) >= 0.9 * len(leaps)
    assert sum(leap <= 12 for leap in leaps) >= 0.99 * len(leaps)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_meets_the_chord_where_the_bar_has_weight(seed: int) -> None:
    for note in plan(seed, 128, energy=0.85):
        if note.layer == "melody" and note.tick % (2 * TICKS_PER_BEAT) == 0:
            chord = chord_at(WALK, seed, note.tick)
            tones = {chord.key.pitch(chord.root + part) % 12 for part in (0, 2, 4)}
            assert (note.pitch_midi or 0) % 12 in tones


def test_brightness_makes_hats_louder_and_longer() -> None:
    hats = [
        [n for n in plan(4, 16, brightness=brightness) if n.layer == "hat"]
        for brightness in (0.0, 0.5, 1.0)
    ]
    loudest = [max(n.velocity for n in some) for some in hats]
    longest = [max(n.duration_ticks for n in some) for some in hats]
    assert loudest == sorted(loudest)
    assert longest == sorted(longest)
    assert loudest[2] > 2.0 * loudest[0]


def test_articulation_shortens_what_is_plucked_and_not_the_pad() -> None:
    for layer, holds in (("bass", False), ("chords", False), ("melody", False), ("pad", True)):
        sums = [
            sum(n.duration_ticks for n in plan(4, 16, articulation=value) if n.layer == layer)
            for value in (0.0, 0.5, 1.0)
        ]
        assert (sums[0] == sums[2]) if holds else (sums[0] > sums[1] > sums[2])


def test_register_moves_melody_and_chords() -> None:
    for layer in ("melody", "chords"):
        means = []
        for step in range(-4, 5):
            pitches = [n.pitch_midi for n in plan(4, 32, register=step / 4) if n.layer == layer]
            means.append(sum(p for p in pitches if p is not None) / len(pitches))
        assert means == sorted(means)
        assert means[-1] - means[0] >= 12.0


def test_level_and_place_are_left_to_the_sound() -> None:
    assert plan(4, 8, level_db=-30.0) == plan(4, 8, level_db=0.0)
    assert plan(4, 8, place=-0.8) == plan(4, 8, place=0.8)


def test_what_is_struck_follows_the_swell_and_the_beat_does_not() -> None:
    low, high = (
        plan_notes(WALK, 4, 0, 8 * BAR, ask(swell=1.0), moment=Moment(swell_wave=wave))
        for wave in (0.0, 1.0)
    )
    for before, after in zip(low, high, strict=True):
        assert before.tick == after.tick
        if after.layer in {"chords", "melody", "counter"}:
            assert after.velocity > before.velocity
        else:
            assert after == before


def test_a_fill_takes_the_place_of_other_strokes_of_its_drum() -> None:
    for seed in SEEDS:
        snares = Counter(
            n.tick for n in plan(seed, 64, energy=1.0, density=1.0) if n.layer == "snare"
        )
        assert max(snares.values()) == 1


def test_another_scene_may_give_the_melody_to_another_player() -> None:
    def leads(scene: int) -> dict[str, int]:
        notes = plan_notes(WALK, 1, 0, 64 * BAR, ask(energy=0.8), moment=Moment(scene=scene))
        return Counter(n.layer for n in notes if n.layer in {"melody", "counter"})

    assert leads(0)["melody"] > leads(0)["counter"] > 0
    assert leads(1)["counter"] > leads(1)["melody"] > 0


def test_what_lets_notes_in_may_lag_behind_how_loud_they_are() -> None:
    late = plan_notes(WALK, 1, 0, 8 * BAR, ask(energy=0.9), moment=Moment(gate_energy=0.3))
    soft = plan(1, 8, energy=0.3, tempo_bpm=90.0)
    assert [(n.tick, n.layer, n.pitch_midi) for n in late] == [
        (n.tick, n.layer, n.pitch_midi) for n in soft
    ]
    assert all(a.velocity > b.velocity for a, b in zip(late, soft, strict=True))


def test_a_part_grows_with_its_owner_and_with_nobody_else() -> None:
    def counts(*energies: float) -> Counter[str]:
        owners = tuple(Part(energy=energy) for energy in energies)
        notes = plan_notes(CIRCLE, 1, 0, 32 * BAR, ask(energy=0.5), moment=Moment(parts=owners))
        return Counter(n.layer for n in notes if n.layer.startswith("part_"))

    quiet, busy = counts(0.2, 0.2), counts(0.2, 0.9)
    assert set(quiet) == {"part_1", "part_2"}
    assert busy["part_1"] == quiet["part_1"]
    assert busy["part_2"] > 2 * quiet["part_2"]
    assert counts(0.0, 0.0)["part_1"] > 0


def test_somebody_alone_hears_the_parts_join_in_one_after_another() -> None:
    joined = []
    for step in range(11):
        notes = plan_notes(CIRCLE, 1, 0, 16 * BAR, ask(energy=step / 10))
        joined.append(len({n.layer for n in notes if n.layer.startswith("part_")}))
    assert joined == sorted(joined)
    assert joined[0] == 0
    assert joined[-1] == 8


def test_hand_drums_are_told_their_strokes() -> None:
    notes = plan_notes(CIRCLE, 1, 0, 16 * BAR, ask(energy=1.0))
    assert {n.pitch_midi for n in notes if n.layer == "part_1"} == {36, 48, 60}
    assert {n.pitch_midi for n in notes if n.layer == "kick"} == {None}
    assert "part_1" in CIRCLE.unpitched_layers
    assert "chords" not in CIRCLE.unpitched_layers


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        plan_notes(WALK, 1, 10, 9, ask())
    assert plan_notes(WALK, 1, 0, 0, ask()) == []
