"""What is played is told to others at its time, and they can't stop the music."""

from __future__ import annotations

import socket

import mido
import pytest
from pythonosc.osc_message import OscMessage

from biofeedback.errors import SettingsError, SoundError
from biofeedback.messages import (
    NS_PER_MS,
    NS_PER_S,
    MusicParameters,
    Part,
    PlayNote,
    SteerSound,
    StopSound,
)
from biofeedback.sound.midi_out import MidiOut, MidiVoice, find_port
from biofeedback.sound.mirror import Mirror
from biofeedback.sound.osc_out import OscOut, parse_address
from biofeedback.sound.player import open_null

VOICES = {
    "melody": MidiVoice(channel=0, program=73),
    "kick": MidiVoice(channel=9, keys=(36, 36, 36)),
    "percussion": MidiVoice(channel=9, keys=(64, 63, 62)),
}


class Line:
    """A sender whose time is a list."""

    def __init__(self):
        self.waiting = []

    def add(self, due_ns, act):
        self.waiting.append((due_ns, len(self.waiting), act))

    def clear(self):
        self.waiting.clear()

    def end(self):
        self.waiting.clear()

    def run(self, until_ns=1 << 62):
        for entry in sorted(self.waiting):
            if entry[0] <= until_ns:
                self.waiting.remove(entry)
                entry[2]()


class Port:
    def __init__(self, *, breaks=False):
        self.sent, self.closed, self.breaks = [], False, breaks

    def send(self, message):
        if self.breaks:
            raise OSError("the cable was pulled")
        self.sent.append(message)

    def close(self):
        self.closed = True


def note(start_ms, *, layer="melody", pitch=72, ms=100, velocity=0.5):
    return PlayNote(
        at_ns=0,
        start_ns=start_ms * NS_PER_MS,
        duration_ns=ms * NS_PER_MS,
        layer=layer,
        pitch_midi=pitch,
        velocity=velocity,
        tick=0,
    )


def steer(sequence=1, *, parts=(), **changes):
    values = dict.fromkeys(
        ("energy", "density", "brightness", "articulation", "tension", "swell"), 0.5
    )
    values |= {"tempo_bpm": 100.0, "register": 0.0, "level_db": 0.0} | changes
    return SteerSound(
        at_ns=0,
        sequence=sequence,
        expires_ns=NS_PER_S,
        parameters=MusicParameters(**values),
        may_rise=True,
        parts=parts,
    )


def kinds(port):
    return [
        (m.type, m.channel, getattr(m, "note", getattr(m, "control", None)))
        for m in port.sent
        if m.type != "program_change"
    ]


def test_notes_begin_and_end_at_their_time_on_the_channel_of_their_layer():
    line, port = Line(), Port()
    midi = MidiOut(port, VOICES, sender=line)
    assert port.sent[0] == mido.Message("program_change", channel=0, program=73)
    midi.send([note(50), note(0, layer="kick", pitch=None), note(0, layer="bass")])
    line.run(10 * NS_PER_MS)
    assert kinds(port) == [("note_on", 9, 36)]
    line.run()
    assert kinds(port)[1:] == [("note_on", 0, 72), ("note_off", 9, 36), ("note_off", 0, 72)]
    assert port.sent[2].velocity == 64


def test_a_stroke_has_the_key_of_where_the_hand_strikes():
    line, port = Line(), Port()
    midi = MidiOut(port, VOICES, sender=line)
    midi.send([note(k, layer="percussion", pitch=p) for k, p in enumerate((36, 48, 60, None))])
    line.run(5 * NS_PER_MS)
    assert [key for kind, _, key in kinds(port) if kind == "note_on"] == [64, 63, 62, 63]


def test_the_same_key_again_is_let_go_before_and_its_old_end_does_nothing():
    line, port = Line(), Port()
    midi = MidiOut(port, VOICES, sender=line)
    midi.send([note(0, ms=100), note(50, ms=100)])
    line.run()
    assert [kind for kind, _, _ in kinds(port)] == ["note_on", "note_off", "note_on", "note_off"]


def test_a_stop_ends_all_notes_and_forgets_those_to_come():
    line, port = Line(), Port()
    midi = MidiOut(port, VOICES, sender=line)
    midi.send([note(0, ms=5000), note(1000)])
    line.run(10 * NS_PER_MS)
    midi.send([StopSound(at_ns=20 * NS_PER_MS, fade_ms=500)])
    line.run()
    assert kinds(port) == [
        ("note_on", 0, 72),
        ("note_off", 0, 72),
        ("control_change", 0, 123),
        ("control_change", 9, 123),
    ]
    midi.close()
    assert port.closed


def test_a_parameter_is_told_when_it_has_changed_only():
    line, port = Line(), Port()
    midi = MidiOut(port, {"melody": VOICES["melody"]}, sender=line)
    midi.send([steer(1), steer(2), steer(3, brightness=1.0), steer(4, brightness=float("nan"))])
    line.run()
    told = [(m.control, m.value) for m in port.sent if m.type == "control_change"]
    assert told == [(74, 64), (1, 64), (11, 64), (7, 127), (74, 127)]


def test_a_port_that_breaks_stops_nothing():
    line, port = Line(), Port(breaks=True)
    midi = MidiOut(port, VOICES, sender=line)
    midi.send([note(0)])
    line.run()
    midi.close()


def test_an_unknown_port_or_a_system_without_midi_is_one_clear_line():
    pytest.importorskip("rtmidi")
    with pytest.raises(
        SoundError, match=r"there is no MIDI output|MIDI can't be used here"
    ) as told:
        find_port("no such synthesiser", "output")
    assert "\n" not in str(told.value)


def test_a_real_port_takes_notes():
    rtmidi = pytest.importorskip("rtmidi")
    try:
        listener = rtmidi.MidiIn()
        listener.open_virtual_port("biofeedback test")
    except (rtmidi.RtMidiError, NotImplementedError) as error:
        pytest.skip(f"no MIDI in this system: {error}")
    line = Line()
    midi = MidiOut(find_port("biofeedback test", "output"), VOICES, sender=line)
    midi.send([note(0)])
    line.run()
    got = [listener.get_message() for _ in range(3)]
    midi.close()
    assert any(message and message[0][0] & 0xF0 == 0x90 for message in got)


def receive(listener):
    listener.settimeout(5.0)
    message = OscMessage(listener.recv(4096))
    return message.address, list(message.params)


@pytest.fixture
def listener():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


def test_osc_tells_notes_parameters_parts_and_the_stop(listener):
    osc = OscOut("127.0.0.1", listener.getsockname()[1])
    osc.send([note(0, velocity=0.25)])
    address, values = receive(listener)
    assert (address, values[:2]) == ("/biofeedback/note", ["melody", 72])
    assert values[2:] == pytest.approx([0.25, 0.1, 0.0])
    osc.send([steer(1, parts=(Part(energy=0.75, place=-0.5),))])
    told = dict(receive(listener) for _ in range(13))
    assert told["/biofeedback/tempo_bpm"] == [100.0]
    assert told["/biofeedback/part/1"] == [0.75, -0.5]
    assert told["/biofeedback/swell_wave"] == [0.5]
    osc.send([steer(2, energy=0.25, parts=(Part(energy=0.75, place=-0.5),))])
    assert receive(listener) == ("/biofeedback/energy", [0.25])
    osc.send([StopSound(at_ns=0, fade_ms=800)])
    assert receive(listener) == ("/biofeedback/stop", [800])
    osc.close()


def test_osc_sends_a_note_at_its_time_and_not_before(listener):
    line = Line()
    osc = OscOut("127.0.0.1", listener.getsockname()[1], sender=line)
    osc.send([note(500)])
    line.run(499 * NS_PER_MS)
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(4096)
    line.run(500 * NS_PER_MS)
    assert receive(listener)[0] == "/biofeedback/note"
    osc.close()


def test_nobody_listening_stops_nothing():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    line = Line()
    osc = OscOut("127.0.0.1", port, sender=line)
    osc.send([note(0), note(1), note(2)])
    line.run()
    osc.close()


@pytest.mark.parametrize("text", ["", "here", ":9000", "host:", "host:0", "host:70000", "host:x"])
def test_an_address_that_is_none_is_refused_in_words(text):
    with pytest.raises(SettingsError, match="HOST:PORT"):
        parse_address(text)


def test_addresses_of_both_kinds_are_understood():
    assert parse_address("127.0.0.1:9000") == ("127.0.0.1", 9000)
    assert parse_address("[::1]:57120") == ("::1", 57120)


def test_a_mirror_is_the_sound_and_tells_the_others():
    line, port = Line(), Port()
    mirror = Mirror(open_null(), [MidiOut(port, VOICES, sender=line)])
    mirror.send([note(0)])
    line.run()
    assert ("note_on", 0, 72) in kinds(port)
    assert mirror.close().played_notes == 1
    assert port.closed
