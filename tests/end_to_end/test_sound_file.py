"""What orders sound like, rendered by the product's own sound process into a file."""

from __future__ import annotations

import hashlib
import math
import wave
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from biofeedback.messages import (
    NS_PER_MS,
    NS_PER_S,
    MusicParameters,
    PlayNote,
    SteerSound,
    StopSound,
)
from biofeedback.sound import SoundSettings, open_file

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 48_000
CHORDS = ((50, 53, 57, 60), (46, 50, 53, 57), (48, 52, 55, 59), (45, 48, 52, 55))


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype=np.uint8).reshape(-1, 3)
    padded = np.zeros((len(raw), 4), dtype=np.uint8)
    padded[:, 1:] = raw
    return (padded.view("<i4").reshape(-1, 2) / 2**31).astype(np.float64)


def steer(sequence, at_ns, *, life_ns=3 * NS_PER_S, energy=0.6) -> SteerSound:
    return SteerSound(
        at_ns=at_ns,
        sequence=sequence,
        expires_ns=at_ns + life_ns,
        may_rise=True,
        parameters=MusicParameters(
            tempo_bpm=110.0,
            energy=energy,
            density=energy,
            brightness=0.6,
            articulation=0.5,
            tension=0.2,
            swell=0.5,
            register=0.0,
            level_db=0.0,
        ),
    )


def note(start_ns, layer, pitch, *, ms=200, velocity=0.7, pan=0.0) -> PlayNote:
    return PlayNote(
        at_ns=max(0, start_ns - NS_PER_S // 2),
        start_ns=start_ns,
        duration_ns=ms * NS_PER_MS,
        layer=layer,
        pitch_midi=pitch,
        velocity=velocity,
        tick=0,
        pan=pan,
    )


def arrange(seconds: float, *, beat_ms: int = 545) -> list:
    orders = [steer(k, k * NS_PER_S) for k in range(math.ceil(seconds))]
    for beat in range(int(seconds * 1000 / beat_ms)):
        start_ns = beat * beat_ms * NS_PER_MS
        half_ns = start_ns + beat_ms * NS_PER_MS // 2
        chord = CHORDS[beat // 4 % 4]
        orders.append(note(start_ns, "kick", None))
        orders += [note(at_ns, "hat", None, velocity=0.4, pan=0.3) for at_ns in (start_ns, half_ns)]
        orders += [note(at_ns, "bass", chord[0] - 12) for at_ns in (start_ns, half_ns)]
        if beat % 2:
            orders.append(note(start_ns, "snare", None, velocity=0.6))
            orders += [note(half_ns, "chords", pitch + 12, velocity=0.5) for pitch in chord]
            orders.append(note(start_ns, "melody", chord[beat % 4] + 24, ms=400))
        if beat % 4 == 0:
            orders += [note(start_ns, "pad", pitch, ms=4 * beat_ms) for pitch in chord]
        if beat % 8 == 5:
            orders.append(note(half_ns, "accent", chord[2] + 24))
    return sorted(orders, key=lambda order: order.at_ns)


def render(path, orders, *, until_ns, origin_ns=0, batch=20, settings=None):
    sound = open_file(path, origin_ns=origin_ns, settings=settings or SoundSettings())
    for start in range(0, len(orders), batch):
        part = orders[start : start + batch]
        sound.advance(origin_ns + part[0].at_ns)
        sound.send([shift(order, origin_ns) for order in part])
    sound.advance(origin_ns + until_ns)
    reports = sound.take_reports()
    return sound.close(), reports


def shift(order, by_ns):
    changes = {"at_ns": order.at_ns + by_ns}
    if isinstance(order, PlayNote):
        changes["start_ns"] = order.start_ns + by_ns
    if isinstance(order, SteerSound):
        changes["expires_ns"] = order.expires_ns + by_ns
    return msgspec.structs.replace(order, **changes)


@pytest.fixture(scope="module")
def arrangement(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "arrangement.wav"
    orders = arrange(30.0)
    summary, reports = render(path, orders, until_ns=30 * NS_PER_S)
    return path, summary, reports, orders


def test_every_note_is_played_on_time(arrangement):
    _, summary, _, orders = arrangement
    assert summary.failure is None
    assert summary.played_notes == sum(isinstance(order, PlayNote) for order in orders)
    assert (summary.late_notes, summary.dropped_notes, summary.ignored_orders) == (0, 0, 0)
    assert summary.timing_error_ms < 0.05


def test_it_is_as_loud_as_it_says_and_never_too_loud(arrangement):
    path, summary, _, _ = arrangement
    samples = read(path)
    measured = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    assert summary.integrated_lufs == pytest.approx(measured, abs=0.2)
    assert measured == pytest.approx(-23.0, abs=1.5)  # half a minute; a whole one is within 1
    peak = max(np.abs(resample_poly(samples[:, c], 4, 1)).max() for c in range(2))
    assert 20 * math.log10(peak) <= -1.0
    assert summary.true_peak_dbtp == pytest.approx(20 * math.log10(peak), abs=0.3)


def test_there_is_no_click_and_no_silence(arrangement):
    samples = read(arrangement[0])
    assert np.abs(np.diff(samples, axis=0)).max() < 0.25
    seconds = samples[: 30 * RATE_HZ].reshape(30, RATE_HZ, 2)
    loudness_db = 10 * np.log10((seconds**2).mean(axis=(1, 2)) + 1e-20)
    assert (loudness_db[1:] > -45.0).all()
    assert abs(samples.mean()) < 1e-3


def test_it_fades_in(arrangement):
    samples = read(arrangement[0])
    first = np.abs(samples[: RATE_HZ // 10]).max()
    later = np.abs(samples[3 * RATE_HZ : 4 * RATE_HZ]).max()
    assert first < 0.05 * later


def test_reports_come_while_it_renders(arrangement):
    reports = arrangement[2]
    assert len(reports) > 5
    assert all(report.late_notes == 0 and report.xruns == 0 for report in reports)
    assert reports[-1].short_term_lufs == pytest.approx(-23, abs=3)


def test_the_same_orders_give_the_same_bytes(arrangement, tmp_path):
    path, _, _, orders = arrangement
    again = tmp_path / "again.wav"
    # another origin and another cut of the orders change nothing
    render(again, orders, until_ns=30 * NS_PER_S, origin_ns=987_654_321_000_000_000, batch=7)
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashlib.sha256(again.read_bytes()).hexdigest() == first


@pytest.mark.parametrize("layer", ["kick", "snare", "hat", "bass", "accent"])
def test_a_layer_alone_sounds_within_3_ms_of_its_plan(layer, tmp_path):
    planned_ns = [3 * NS_PER_S + k * 937_654_321 + k * k * 1_234_567 for k in range(8)]
    orders = [steer(0, 0, life_ns=60 * NS_PER_S)]
    orders += [note(at_ns, layer, 57 if layer == "bass" else 76, ms=150) for at_ns in planned_ns]
    render(tmp_path / "a.wav", orders, until_ns=12 * NS_PER_S)
    loud = np.abs(read(tmp_path / "a.wav")).max(axis=1)
    for at_ns in planned_ns:
        planned = round(at_ns * RATE_HZ / NS_PER_S)
        before = loud[planned - 480 : planned].max()
        window = loud[planned : planned + 4800]
        threshold = max(2.0 * before, 0.03 * window.max())
        onset_ms = int(np.argmax(window > threshold)) / 48.0
        assert window.max() > threshold
        assert onset_ms <= 3.0


def test_stop_ends_the_file_in_silence_and_without_a_tail(tmp_path):
    orders = [*arrange(5.0), StopSound(at_ns=4 * NS_PER_S, fade_ms=1000)]
    orders.sort(key=lambda order: order.at_ns)
    summary, _ = render(tmp_path / "a.wav", orders, until_ns=round(5.2 * NS_PER_S))
    samples = read(tmp_path / "a.wav")
    assert summary.seconds < 5.5
    assert np.abs(samples[5 * RATE_HZ :]).max() == 0.0
    assert np.abs(samples[round(3.9 * RATE_HZ) : 4 * RATE_HZ]).max() > 0.01


def test_panned_notes_lean_to_their_side(tmp_path):
    orders = [steer(0, 0, life_ns=60 * NS_PER_S)]
    orders += [note((3 + k) * NS_PER_S, "kick", None, pan=pan) for k, pan in enumerate((-1.0, 1.0))]
    render(tmp_path / "a.wav", orders, until_ns=5 * NS_PER_S)
    power = (read(tmp_path / "a.wav").reshape(-1, 2)[3 * RATE_HZ : 5 * RATE_HZ] ** 2).reshape(
        2, RATE_HZ, 2
    )
    left, right = power.sum(axis=1)[:, 0], power.sum(axis=1)[:, 1]
    assert left[0] > 20 * right[0]
    assert right[1] > 20 * left[1]


def test_F64_at_another_rate_the_pitch_is_the_same(tmp_path):
    rate_hz = 44_100
    orders = [steer(0, 0, life_ns=60 * NS_PER_S), note(3 * NS_PER_S, "bass", 57, ms=4000)]
    settings = SoundSettings(sample_rate_hz=rate_hz)
    render(tmp_path / "a.wav", orders, until_ns=7 * NS_PER_S, settings=settings)
    wave_ = read(tmp_path / "a.wav")[round(3.5 * rate_hz) : round(6.5 * rate_hz), 0]
    # phase of the 220 Hz component over time gives its frequency
    at = np.arange(len(wave_))
    turned = wave_ * np.exp(-2j * np.pi * 220.0 * at / rate_hz)
    means = turned[: len(turned) // 20 * 20].reshape(20, -1).mean(axis=1)
    drift_hz = np.polyfit(
        np.arange(20) * (len(wave_) / 20 / rate_hz), np.unwrap(np.angle(means)), 1
    )[0] / (2 * np.pi)
    assert abs(1200 * math.log2((220.0 + drift_hz) / 220.0)) < 0.1


def test_F67_a_file_is_whole_when_nobody_finishes_it(tmp_path):
    sound = open_file(tmp_path / "a.wav", origin_ns=0, settings=SoundSettings())
    sound.send(arrange(4.0))
    sound.advance(4 * NS_PER_S)
    child = sound._child
    child._pipe.end()  # the pipe ends as if the session had died
    assert child.wait_until(lambda: child.summary is not None, seconds=30.0)
    sound.close()
    assert len(read(tmp_path / "a.wav")) / RATE_HZ == pytest.approx(4.0, abs=0.05)


def test_F67_a_killed_sound_process_ends_a_rendering_in_words(tmp_path):
    sound = open_file(tmp_path / "a.wav", origin_ns=0, settings=SoundSettings())
    sound._child._process.kill()
    assert sound._child.wait_until(lambda: sound._child.gone, seconds=10.0) is True
    sound.send(arrange(1.0))
    sound.advance(NS_PER_S)
    summary = sound.close()
    assert "ended by itself" in summary.failure
    assert sound.close() == summary
