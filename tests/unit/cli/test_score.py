"""MIDI files open in an independent reader with the times, pitches and tempo that were played."""

from __future__ import annotations

import json

import mido
import pytest

from biofeedback.cli import score
from biofeedback.cli.general_midi import PROGRAMS, STRIKES
from biofeedback.cli.timeline import Timeline
from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, PlayNote
from biofeedback.music.beats import BeatClock
from biofeedback.music.form import key_at
from biofeedback.music.key_names import name_signature
from biofeedback.music.performer import Performer
from biofeedback.music.scales import SCALES, Key
from biofeedback.music.styles import STYLES, find_style
from biofeedback.sound.instruments import INSTRUMENTS
from tests.unit.music.plans import EVERY_STYLE, ask, name_style

ORIGIN_NS = 7 * NS_PER_S
START_NS = ORIGIN_NS + NS_PER_S // 5
STEP_NS = NS_PER_S // 10
WALK = STYLES["walk"]


def make_timeline(from_bpm, to_bpm, *, style=WALK, steps=399):
    timeline = Timeline(style, 1, start_ns=START_NS, tempo_bpm=from_bpm)
    for step in range(1, steps + 1):
        share = min(1.0, step / 200)
        timeline.extend(START_NS + step * STEP_NS, from_bpm + share * (to_bpm - from_bpm))
    return timeline


def write_midi(path, notes, timeline, *, style=WALK):
    score.write_midi(path, notes, origin_ns=ORIGIN_NS, style=style, timeline=timeline)


def make_notes(tempo_from_bpm, tempo_to_bpm, *, beats=32):
    clock = BeatClock(START_NS, tempo_from_bpm)
    for step in range(1, 400):
        share = min(1.0, step / 200)
        tempo_bpm = tempo_from_bpm + share * (tempo_to_bpm - tempo_from_bpm)
        clock.extend(START_NS + step * STEP_NS, tempo_bpm)
    notes = []
    for beat in range(beats):
        tick = beat * TICKS_PER_BEAT
        shared = {"at_ns": 0, "duration_ns": NS_PER_S // 4, "velocity": 0.5}
        notes.append(
            PlayNote(
                start_ns=clock.time_ns(tick), layer="kick", pitch_midi=None, tick=tick, **shared
            )
        )
        half = tick + TICKS_PER_BEAT // 2
        notes.append(
            PlayNote(
                start_ns=clock.time_ns(half),
                layer="bass",
                pitch_midi=40 + beat % 5,
                tick=half,
                **shared,
            )
        )
    return notes


def read_starts(path):
    """Note-ons as (seconds, key), with times from the file's own tempo map."""
    starts, now_s = [], 0.0
    for message in mido.MidiFile(str(path)):
        now_s += message.time
        if message.type == "note_on" and message.velocity > 0:
            starts.append((now_s, message.note))
    return starts


@pytest.mark.parametrize(("from_bpm", "to_bpm"), [(100.0, 100.0), (80.0, 120.0)])
def test_every_note_of_a_midi_file_starts_when_it_was_played(tmp_path, from_bpm, to_bpm):
    notes = make_notes(from_bpm, to_bpm)
    write_midi(tmp_path / "out.mid", notes, make_timeline(from_bpm, to_bpm))
    starts = read_starts(tmp_path / "out.mid")
    assert len(starts) == len(notes)
    for (start_s, _), note in zip(starts, sorted(notes, key=lambda n: n.start_ns), strict=True):
        assert start_s == pytest.approx((note.start_ns - ORIGIN_NS) / NS_PER_S, abs=0.003)


def test_the_tempo_map_holds_the_tempo(tmp_path):
    write_midi(tmp_path / "out.mid", make_notes(96.0, 96.0), make_timeline(96.0, 96.0))
    tempi = [
        mido.tempo2bpm(message.tempo)
        for message in mido.MidiFile(str(tmp_path / "out.mid")).tracks[0]
        if message.type == "set_tempo"
    ]
    assert tempi[-1] == pytest.approx(96.0, abs=0.01)


def test_every_note_that_begins_also_ends(tmp_path):
    write_midi(tmp_path / "out.mid", make_notes(96.0, 110.0), make_timeline(96.0, 110.0))
    for track in mido.MidiFile(str(tmp_path / "out.mid")).tracks:
        kinds = [m.type for m in track]
        assert kinds.count("note_on") == kinds.count("note_off")


def test_a_file_without_notes_is_still_a_midi_file(tmp_path):
    write_midi(tmp_path / "out.mid", [], None)
    assert read_starts(tmp_path / "out.mid") == []


def test_an_answer_to_a_gesture_keeps_its_time(tmp_path):
    notes = make_notes(100.0, 100.0)
    at_ns = ORIGIN_NS + 5_123_000_000
    answer = PlayNote(
        at_ns=at_ns,
        start_ns=at_ns,
        duration_ns=NS_PER_S // 5,
        layer="accent",
        pitch_midi=76,
        velocity=0.8,
        tick=None,
    )
    write_midi(tmp_path / "out.mid", [*notes, answer], make_timeline(100.0, 100.0))
    accents = [start_s for start_s, key in read_starts(tmp_path / "out.mid") if key == 76]
    assert accents == [pytest.approx(5.123, abs=0.003)]


def perform(style, seconds, *, tempo_bpm):
    performer = Performer(style, 1, start_ns=START_NS, tempo_bpm=tempo_bpm)
    timeline = Timeline(style, 1, start_ns=START_NS, tempo_bpm=tempo_bpm)
    notes = []
    for step in range(round(seconds * 10)):
        until_ns = START_NS + (step + 1) * STEP_NS
        asked = ask(tempo_bpm=tempo_bpm, energy=0.9)
        notes += performer.play(START_NS + step * STEP_NS, until_ns, asked)
        timeline.extend(until_ns, tempo_bpm)
    return notes, timeline


@pytest.mark.parametrize("style", EVERY_STYLE, ids=name_style)
@pytest.mark.parametrize("tempo_bpm", [50.0, 90.0, 150.0])
def test_every_style_is_read_back_with_its_meter_its_tempo_and_its_keys(tmp_path, style, tempo_bpm):
    notes, timeline = perform(style, 40.0, tempo_bpm=tempo_bpm)
    write_midi(tmp_path / "out.mid", notes, timeline, style=style)
    file = mido.MidiFile(str(tmp_path / "out.mid"))
    conductor = file.tracks[0]
    (sign,) = [m for m in conductor if m.type == "time_signature"]
    numerator, denominator = map(int, style.meter.name.split("/"))
    ratio = Performer(style, 1, start_ns=0, tempo_bpm=tempo_bpm).time_ratio
    # Of notes three times as long as in 6/8 no power of two makes a bar: 18/8.
    longer = 3 if ratio == 3.0 else 1
    assert (sign.numerator, sign.denominator) == (numerator * longer, denominator * longer / ratio)
    tempi = [m.tempo for m in conductor if m.type == "set_tempo"]
    # A felt beat is a quarter, in 6/8 a dotted one.
    quarters_bpm = tempo_bpm * (1.5 if style.meter.name == "6/8" else 1.0)
    assert mido.tempo2bpm(tempi[-1]) == pytest.approx(quarters_bpm, abs=0.01)
    keys = [m.key for m in conductor if m.type == "key_signature"]
    assert keys[0] == name_signature(key_at(style, 1, 0))
    starts = read_starts(tmp_path / "out.mid")
    assert len(starts) == len(notes)
    for (start_s, _), note in zip(starts, sorted(notes, key=lambda n: n.start_ns), strict=True):
        assert start_s == pytest.approx((note.start_ns - ORIGIN_NS) / NS_PER_S, abs=0.005)


def test_bar_lines_of_the_file_lie_where_bars_of_the_music_begin(tmp_path):
    style = find_style("lullaby", "6/8")
    notes, timeline = perform(style, 60.0, tempo_bpm=50.0)
    write_midi(tmp_path / "out.mid", notes, timeline, style=style)
    file = mido.MidiFile(str(tmp_path / "out.mid"))
    opening = sum(m.time for m in file.tracks[0][: _place_of(file.tracks[0], "time_signature")])
    bar = file.ticks_per_beat * 3  # six eighths are three quarters
    bass = next(t for t in file.tracks if any(getattr(m, "name", "") == "bass" for m in t))
    ticks, now = [], 0
    for message in bass:
        now += message.time
        if message.type == "note_on":
            ticks.append(now)
    # The roots on the first beat are late by a human hair at most.
    late = [(tick - opening) % bar for tick in ticks]
    assert sum(value <= 0.012 * 50 / 60 * 480 + 1 for value in late) >= len(ticks) / 2


def _place_of(track, kind):
    return next(index for index, message in enumerate(track) if message.type == kind) + 1


@pytest.mark.parametrize("mode", sorted(SCALES))
def test_a_key_signature_has_the_notes_of_the_mode(mode):
    circle = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
    for tonic in range(12):
        key = Key(tonic=tonic, mode=mode)
        name = name_signature(key)
        if name.endswith("m"):
            assert mode == "aeolian"
            name = name_signature(Key(tonic=(tonic + 3) % 12, mode="ionian"))
        fifths = circle.index(name)
        assert Key(tonic=7 * fifths % 12, mode="ionian").pitch_classes() == key.pitch_classes()


def test_every_instrument_has_a_name_in_general_midi():
    assert INSTRUMENTS.keys() - STRIKES.keys() - PROGRAMS.keys() == {"wind", "water"}


def test_the_stroke_of_a_hand_drum_is_no_pitch(tmp_path):
    circle = STYLES["drum-circle"]
    notes, _ = perform(circle, 10.0, tempo_bpm=100.0)
    write_notes(tmp_path / "out.jsonl", notes, unpitched=circle.unpitched_layers)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["pitch_midi"] for row in rows if row["layer"] == "part_1"} == {None}
    assert None not in {row["pitch_midi"] for row in rows if row["layer"] == "chords"}


def write_notes(path, notes, *, unpitched=frozenset()):
    score.write_notes(path, notes, origin_ns=ORIGIN_NS, unpitched=unpitched)


def test_notes_are_json_lines_with_the_promised_keys(tmp_path):
    write_notes(tmp_path / "out.jsonl", make_notes(100.0, 100.0, beats=2))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[0] == {
        "start_s": 0.2,
        "duration_s": 0.25,
        "layer": "kick",
        "pitch_midi": None,
        "velocity": 0.5,
        "beat": 0.0,
    }
    assert rows[1]["beat"] == 0.5
