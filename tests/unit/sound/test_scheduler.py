from __future__ import annotations

from biofeedback.messages import NS_PER_MS, NS_PER_S, PlayNote
from biofeedback.sound.scheduler import REST_S, NoteScheduler, VoiceGroup

RATE_HZ = 48_000
FRAMES = 128


class Recorder:
    """Writes down what starts and ends, in absolute frames."""

    def __init__(self) -> None:
        self.first_frame = 0
        self.starts: list[tuple[int, str, int, float]] = []
        self.ends: list[tuple[int, str, int]] = []
        self.rests: list[tuple[int, str, int]] = []

    def start_voice(self, layer, voice, *, offset, sound):
        assert 0 <= offset < FRAMES
        self.starts.append((self.first_frame + offset, layer, voice, sound.pitch_hz))

    def cut_voice(self, layer, voice, *, offset):
        pass

    def rest_voice(self, layer, voice):
        self.rests.append((self.first_frame, layer, voice))

    def end_voice(self, layer, voice, *, offset):
        assert 0 <= offset < FRAMES
        self.ends.append((self.first_frame + offset, layer, voice))


def note(start_ns, *, layer="bass", pitch=57, ms=100, tick=0) -> PlayNote:
    return PlayNote(
        at_ns=0,
        start_ns=start_ns,
        duration_ns=ms * NS_PER_MS,
        layer=layer,
        pitch_midi=pitch,
        velocity=0.8,
        tick=tick,
    )


def run(notes, *, seconds=1.0, origin_ns=0, voices=2, first_block=0, muted=False):
    recorder = Recorder()
    groups = {
        "bass": VoiceGroup(voices=voices, one_shot=False, default_pitch_midi=40),
        "kick": VoiceGroup(voices=voices, one_shot=True, default_pitch_midi=36),
    }
    scheduler = NoteScheduler(recorder, groups, rate_hz=RATE_HZ)
    for each in notes:
        scheduler.add(each)
    for block in range(first_block, round(seconds * RATE_HZ / FRAMES)):
        recorder.first_frame = block * FRAMES
        scheduler.fill(
            origin_ns=origin_ns,
            first_frame=recorder.first_frame,
            frames=FRAMES,
            clock_error_ns=0,
            muted=muted,
        )
    return recorder, scheduler


def test_every_note_starts_at_its_frame():
    planned = [k * 7_654_321 + 13 for k in range(120)]
    recorder, scheduler = run([note(at) for at in planned])
    assert [start[0] for start in recorder.starts] == [
        (at * RATE_HZ + NS_PER_S // 2) // NS_PER_S for at in planned
    ]
    assert scheduler.counts.worst_ms <= 0.011
    assert scheduler.counts.late == 0


def test_a_note_ends_after_its_duration():
    recorder, _ = run([note(10 * NS_PER_MS, ms=50)])
    assert recorder.ends == [(2880, "bass", 0)]


def test_one_shot_voices_are_never_ended():
    recorder, _ = run([note(0, layer="kick")])
    assert recorder.ends == []


def test_a_note_without_pitch_has_the_instruments_own():
    recorder, _ = run([note(0, pitch=None)])
    assert round(recorder.starts[0][3], 2) == 82.41


def test_a_late_note_starts_with_the_block_and_counts():
    recorder, scheduler = run([note(0)], first_block=10)
    assert recorder.starts[0][0] == 1280
    assert (scheduler.counts.played, scheduler.counts.late) == (1, 1)
    assert scheduler.counts.worst_ms == 0.0


def test_an_answer_to_a_gesture_is_not_late():
    _, scheduler = run([note(0, tick=None)], first_block=10)
    assert scheduler.counts.late == 0
    assert scheduler.counts.played == 1


def test_a_note_of_long_ago_is_dropped():
    recorder, scheduler = run([note(0)], first_block=200)
    assert recorder.starts == []
    assert (scheduler.counts.dropped, scheduler.counts.late) == (1, 1)


def test_the_oldest_voice_is_stolen_and_its_end_forgotten():
    notes = [note(k * 10 * NS_PER_MS, ms=500) for k in range(3)]
    recorder, _ = run(notes, voices=2)
    assert [start[2] for start in recorder.starts] == [0, 1, 0]
    assert [end[2] for end in recorder.ends] == [1, 0]


def test_starts_shift_with_the_origin_bit_for_bit():
    planned = [k * 7_654_321 for k in range(50)]
    plain, _ = run([note(at) for at in planned])
    shift = 123_456_789_123_456_789
    moved, _ = run([note(at + shift) for at in planned], origin_ns=shift)
    assert plain.starts == moved.starts
    assert plain.ends == moved.ends


def test_muted_notes_pass_in_silence():
    recorder, scheduler = run([note(0)], muted=True)
    assert recorder.starts == []
    assert (scheduler.counts.dropped, scheduler.counts.late) == (1, 0)


def test_dropping_keeps_what_came_later():
    recorder = Recorder()
    scheduler = NoteScheduler(
        recorder,
        {"bass": VoiceGroup(voices=2, one_shot=False, default_pitch_midi=40)},
        rate_hz=RATE_HZ,
    )
    scheduler.add(note(0))
    before = scheduler.added
    scheduler.add(note(0, pitch=69))
    scheduler.drop_waiting(before=before)
    scheduler.fill(origin_ns=0, first_frame=0, frames=FRAMES, clock_error_ns=0, muted=False)
    assert [round(start[3]) for start in recorder.starts] == [440]


def test_percentile_of_no_notes_is_zero():
    _, scheduler = run([])
    assert scheduler.counts.percentile_ms(0.99) == 0.0


def test_a_voice_rests_when_it_has_rung_out():
    rung_out = 0.1 + REST_S
    recorder, _ = run([note(0, ms=100)], seconds=1.0)
    assert [(layer, voice) for _, layer, voice in recorder.rests] == [("bass", 0)]
    frame = recorder.rests[0][0]
    assert rung_out * RATE_HZ <= frame < rung_out * RATE_HZ + 2 * FRAMES


def test_a_voice_that_sounds_again_does_not_rest():
    notes = [note(n * 150 * NS_PER_MS, ms=100) for n in range(5)]
    recorder, _ = run(notes, seconds=2.0, voices=1)
    assert len(recorder.rests) == 1
    assert recorder.rests[0][0] >= (0.7 + REST_S) * RATE_HZ
