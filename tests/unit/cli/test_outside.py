"""Instruments beside this one: a MIDI keyboard that plays in, MIDI and OSC that are told."""

from __future__ import annotations

import socket
import subprocess
import sys
from queue import SimpleQueue

import mido
import pytest

from biofeedback.cli.outside import (
    check_outside,
    hearing_keyboard,
    list_voices,
    read_key,
    tell_outside,
)
from biofeedback.errors import SettingsError
from biofeedback.messages import NS_PER_S, PlayNote
from biofeedback.music.styles import STYLES
from biofeedback.sound import open_null
from biofeedback.sound.midi_out import DRUM_CHANNEL


def press(note, velocity=64):
    return read_key(mido.Message("note_on", note=note, velocity=velocity))


def test_white_keys_are_the_steps_of_the_scale_and_middle_c_is_the_tonic():
    white = [60, 62, 64, 65, 67, 69, 71, 72]
    assert [press(note).degree for note in white] == list(range(8))
    assert press(48).degree == -7
    assert press(59).degree == -1
    assert press(61).degree == press(60).degree, "a black key plays the step below it"


def test_a_harder_touch_is_louder_and_a_release_is_nothing():
    assert press(60, 127).strength_ratio == 1.0
    assert 0.0 < press(60, 1).strength_ratio < press(60, 100).strength_ratio
    assert press(60, 0) is None
    assert read_key(mido.Message("note_off", note=60)) is None
    assert read_key(mido.Message("control_change", control=7, value=3)) is None


def test_every_style_is_told_in_general_midi_on_channels_of_its_own():
    for style in STYLES.values():
        orchestra = style.orchestra(click=True)
        voices = list_voices(orchestra)
        pitched = [voice.channel for voice in voices.values() if voice.keys is None]
        assert len(pitched) == len(set(pitched)), style.name
        assert DRUM_CHANNEL not in pitched
        assert set(orchestra) - set(voices) <= {"nature", "water", "wind"}, style.name


def test_nothing_outside_leaves_the_sound_as_it_is():
    sound = open_null()
    assert tell_outside(sound, {}, midi_out=None, osc_out=None) is sound
    with hearing_keyboard(None, SimpleQueue()):
        pass


def test_notes_are_told_by_osc():
    pytest.importorskip("pythonosc")
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(10.0)
    port = listener.getsockname()[1]
    sound = tell_outside(open_null(), {}, midi_out=None, osc_out=f"127.0.0.1:{port}")
    note = PlayNote(
        at_ns=0,
        start_ns=0,
        duration_ns=NS_PER_S,
        layer="melody",
        pitch_midi=72,
        velocity=0.5,
        tick=0,
    )
    sound.send([note])
    told = listener.recv(4096)
    assert told.startswith(b"/biofeedback/note")
    sound.close()
    listener.close()


def test_a_session_that_does_not_wait_has_nobody_outside():
    check_outside(fast=False, no_device=False, midi_in="piano", osc_out="127.0.0.1:9000")
    check_outside(fast=True, no_device=True)
    with pytest.raises(SettingsError, match=r"--midi-in .* leave out --fast"):
        check_outside(fast=True, no_device=False, midi_in="piano")


@pytest.mark.parametrize("option", ["midi_in", "midi_out", "osc_out"])
def test_without_a_sound_device_the_way_out_is_said(option):
    value = "127.0.0.1:9000"
    said = f"--{option.replace('_', '-')} .*without a sound device.* --sound null"
    with pytest.raises(SettingsError, match=said):
        check_outside(fast=False, no_device=True, **{option: value})


def test_a_wrong_address_is_told_before_what_the_session_lacks():
    with pytest.raises(SettingsError, match=r"HOST:PORT, as 127\.0\.0\.1"):
        check_outside(fast=True, no_device=True, osc_out="nowhere", midi_in="piano")


def test_a_wrong_address_and_a_missing_port_are_one_clear_line(tmp_path):
    for words, code in ((["--osc-out", "nowhere"], 2), (["--midi-out", "no such port"], 4)):
        done = subprocess.run(
            [sys.executable, "-m", "biofeedback", "play", "--sound", "null", *words],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            text=True,
        )
        assert done.returncode == code, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not list(tmp_path.rglob("*.trace.jsonl"))
