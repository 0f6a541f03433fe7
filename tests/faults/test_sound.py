"""Rows of the fault catalogue that the sound process answers for.

The performer is the product's; what renders the voices is a tone here, so that a test can break it.
"""

from __future__ import annotations

import math
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from scipy.signal import resample_poly

from biofeedback.errors import SoundError
from biofeedback.messages import (
    NS_PER_MS,
    NS_PER_S,
    MusicParameters,
    PlayNote,
    SteerSound,
    StopSound,
)
from biofeedback.sound import child, device, live, portaudio
from biofeedback.sound.clock import FrameClock
from biofeedback.sound.device import DeviceAnswer
from biofeedback.sound.frames import Ended, Open, Ready, encode_frame
from biofeedback.sound.live import LivePlayer
from biofeedback.sound.performer import Performer
from biofeedback.sound.player import open_live
from biofeedback.sound.scheduler import VoiceGroup
from biofeedback.sound.settings import SoundSettings

RATE_HZ = 48_000
FRAMES = 480
BLOCK_NS = FRAMES * NS_PER_S // RATE_HZ
ROOT = Path(__file__).resolve().parents[2]


class Tone:
    """A steady 440 Hz programme and a quieter 110 Hz bed; ``breaks`` makes it misbehave."""

    def __init__(self) -> None:
        self.groups = {
            layer: VoiceGroup(voices=4, one_shot=True, default_pitch_midi=60)
            for layer in ("kick", "bass")
        }
        self.breaks = None
        self.started: list[int] = []
        self.bed_ratio = 0.0
        self.programme_ratio = 0.0
        self.rebuilds = 0
        self._block = 0

    def rebuild(self):
        self.rebuilds += 1

    def begin_block(self):
        pass

    def start_voice(self, layer, voice, *, offset, sound):
        self.started.append(self._block * FRAMES + offset)

    def cut_voice(self, layer, voice, *, offset):
        pass

    def end_voice(self, layer, voice, *, offset):
        pass

    def steer(self, steered, *, programme_ratio, bed_ratio):
        self._ramps = (
            np.linspace(self.programme_ratio, programme_ratio, FRAMES + 1)[1:],
            np.linspace(self.bed_ratio, bed_ratio, FRAMES + 1)[1:],
        )
        self.programme_ratio, self.bed_ratio = programme_ratio, bed_ratio

    def render(self):
        at_s = (np.arange(FRAMES) + self._block * FRAMES) / RATE_HZ
        self._block += 1
        programme, bed = self._ramps
        wave = 0.1 * np.sin(2 * np.pi * 440 * at_s) * programme
        wave = wave + 0.015 * np.sin(2 * np.pi * 110 * at_s) * bed
        block = np.stack((wave, wave), axis=1)
        return block if self.breaks is None else self.breaks(block)


def parameters(**changes) -> MusicParameters:
    values = dict.fromkeys(
        ("energy", "density", "brightness", "articulation", "tension", "swell"), 0.5
    )
    values |= {"tempo_bpm": 100.0, "register": 0.0, "level_db": 0.0} | changes
    return MusicParameters(**values)


def steer(sequence, at_s, *, life_s=2.0, may_rise=True, **changes) -> SteerSound:
    at_ns = round(at_s * NS_PER_S)
    return SteerSound(
        at_ns=at_ns,
        sequence=sequence,
        expires_ns=at_ns + round(life_s * NS_PER_S),
        parameters=parameters(**changes),
        may_rise=may_rise,
    )


def note(start_ns, *, layer="kick", tick=0) -> PlayNote:
    return PlayNote(
        at_ns=0,
        start_ns=start_ns,
        duration_ns=100 * NS_PER_MS,
        layer=layer,
        pitch_midi=None,
        velocity=0.8,
        tick=tick,
    )


class Stage:
    """A performer on a tone, with seconds instead of blocks."""

    def __init__(self) -> None:
        self.tone = Tone()
        self.performer = Performer(
            self.tone, rate_hz=RATE_HZ, frames=FRAMES, origin_ns=0, target_lufs=-23.0
        )

    def play(self, seconds: float) -> np.ndarray:
        blocks = [self.performer.render() for _ in range(round(seconds * RATE_HZ / FRAMES))]
        return np.concatenate(blocks)

    def settle(self, *, life_s: float = 60.0) -> None:
        self.performer.obey(steer(1, 0.0, life_s=life_s))
        self.play(5.0)


def level_db(samples: np.ndarray) -> float:
    return 10 * math.log10(float((samples**2).mean()) + 1e-20)


def levels_db(samples: np.ndarray, *, step_s: float = 0.1) -> np.ndarray:
    size = round(step_s * RATE_HZ)
    return np.array([level_db(samples[i : i + size]) for i in range(0, len(samples), size)])


def true_peak_db(samples: np.ndarray) -> float:
    return 20 * math.log10(max(np.abs(resample_poly(samples[:, c], 4, 1)).max() for c in (0, 1)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_H07_nan_and_infinity_are_mute_within_20_ms(value):
    stage = Stage()
    stage.settle()
    stage.tone.breaks = lambda block: np.full_like(block, value)
    broken = stage.play(0.5)
    assert np.isfinite(broken).all()
    assert np.abs(broken[round(0.02 * RATE_HZ) :]).max() == 0.0
    stage.tone.breaks = None
    back = levels_db(stage.play(3.0))
    assert back[0] < back[-1] - 30  # it fades in, it doesn't jump
    assert back[-1] > -40


def test_H07_a_source_that_stays_broken_is_built_anew_and_fades_in():
    stage = Stage()
    stage.settle()
    before = level_db(stage.play(0.5))
    # as a filter does that has seen NaN: broken until it is built anew
    stage.tone.breaks = lambda block: block if stage.tone.rebuilds else np.full_like(block, np.nan)
    after = levels_db(stage.play(4.0), step_s=0.05)
    assert stage.performer.rebuilds == 1
    assert after[10:].min() > before - 30  # heard again within half a second
    assert np.diff(after[2:]).max() < 20
    assert after[-1] == pytest.approx(before, abs=1)


def test_H07_a_source_that_always_breaks_is_given_up_more_and_more_slowly():
    stage = Stage()
    stage.settle()
    stage.tone.breaks = lambda block: np.full_like(block, math.nan)
    assert np.abs(stage.play(8.0)[960:]).max() == 0.0
    assert 3 <= stage.performer.rebuilds <= 5
    stage.tone.breaks = None
    assert levels_db(stage.play(4.0))[-1] > -40


@pytest.mark.parametrize("field", ["velocity", "pan"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_H07_a_note_with_a_broken_number_is_ignored(field, value):
    stage = Stage()
    stage.settle()
    bad = msgspec.structs.replace(note(5 * NS_PER_S), **{field: value})
    stage.performer.obey(bad)
    stage.play(1.0)
    assert stage.performer.ignored_orders == 1
    assert stage.tone.started == []


BROKEN_SYNTHESIS = """
import hashlib, math, os, sys
import numpy as np
from biofeedback.messages import NS_PER_S, MusicParameters, PlayNote, SteerSound
from biofeedback.sound.performer import Performer
from biofeedback.sound.settings import DEFAULT_ORCHESTRA
from biofeedback.sound.synthesis import Synthesis

RATE_HZ, FRAMES = 48_000, 512
synthesis = Synthesis(DEFAULT_ORCHESTRA, rate_hz=RATE_HZ, frames=FRAMES)
player = Performer(
    synthesis, rate_hz=RATE_HZ, frames=FRAMES, origin_ns=0, target_lufs=-23.0
)
player.obey(
    SteerSound(
        at_ns=0,
        sequence=1,
        expires_ns=60 * NS_PER_S,
        may_rise=True,
        parameters=MusicParameters(
            tempo_bpm=100.0, energy=0.5, density=0.5, brightness=0.5, articulation=0.5,
            tension=0.5, swell=0.5, register=0.0, level_db=0.0,
        ),
    )
)
for k in range(60):
    player.obey(
        PlayNote(
            at_ns=0, start_ns=k * NS_PER_S // 8, duration_ns=NS_PER_S // 8, layer="melody",
            pitch_midi=60 + k % 12, velocity=0.7, tick=k,
        )
    )

def play(seconds):
    return np.concatenate([player.render() for _ in range(round(seconds * RATE_HZ / FRAMES))])

def level_db(samples):
    return 10 * math.log10(float((samples**2).mean()) + 1e-20)

before = play(4.0)
# a NaN in a voice's loudness gets into its glide, the room and the tone filter
synthesis.begin_block()
for column in synthesis._layers["melody"].columns:
    synthesis._bus._views[column][:] = math.nan
broken = play(0.1)
after = play(3.0)
assert player.rebuilds == 1, player.rebuilds
assert np.isfinite(broken).all()
assert np.abs(broken[-FRAMES:]).max() < 0.01
at_half = level_db(after[RATE_HZ * 3 // 10 : RATE_HZ // 2])
assert at_half > level_db(before[-RATE_HZ:]) - 35, at_half
assert abs(level_db(after[-RATE_HZ:]) - level_db(before[-RATE_HZ:])) < 3.0
print(hashlib.sha256(np.concatenate((before, broken, after)).tobytes()).hexdigest())
sys.stdout.flush()
os._exit(0)
"""


def test_H07_nan_inside_the_synthesis_is_survived_and_the_same_each_time():
    hashes = [
        subprocess.run(
            [sys.executable, "-c", BROKEN_SYNTHESIS],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).stdout
        for _ in range(2)
    ]
    assert hashes[0] == hashes[1] != ""


NAN_SIGNAL = """
import math, os, sys
import numpy as np
from biofeedback.sound.settings import DEFAULT_ORCHESTRA
from biofeedback.sound.synthesis import Synthesis
from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.effects import drop_nan

synthesis = Synthesis(DEFAULT_ORCHESTRA, rate_hz=48_000, frames=64)
table = pyo.DataTable(64)
values = np.linspace(-1.0, 1.0, 64, dtype=np.float32)
values[[3, 40]] = math.nan
np.asarray(table.getBuffer())[:] = values
signal = pyo.TableRead(table, freq=48_000 / 64, loop=1, interp=1).play()
cleaned = drop_nan(signal)
heard = pyo.DataTable(64)
writer = pyo.TableFill(cleaned, heard)
for _ in range(4):
    synthesis.render()
got = np.asarray(heard.getBuffer())
assert got[3] == got[40] == 0.0, got
assert np.array_equal(got, np.where(np.isnan(values), 0.0, values)), got
print("clean")
sys.stdout.flush()
os._exit(0)
"""


def test_H07_a_single_nan_of_a_voice_gets_into_no_filter():
    done = subprocess.run(
        [sys.executable, "-c", NAN_SIGNAL],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    # pyo itself may print that there is no window toolkit.
    assert done.stdout.splitlines()[-1:] == ["clean"], done.stderr


@pytest.mark.parametrize("kind", ["1e9", "square", "impulses", "constant"])
def test_H07_absurd_input_stays_below_the_ceiling(kind):
    stage = Stage()
    stage.settle()
    stage.tone.breaks = {
        "1e9": lambda block: block * 1e10,
        "square": lambda block: 20.0 * np.sign(block),
        "impulses": lambda block: np.where(np.arange(FRAMES)[:, None] == 7, 1e6, block),
        "constant": lambda block: np.full_like(block, 100.0),
    }[kind]
    out = stage.play(2.0)
    assert np.isfinite(out).all()
    assert true_peak_db(out) <= -1.0


def test_H10_orders_that_end_lead_to_a_quiet_bed_and_never_to_more():
    stage = Stage()
    stage.performer.obey(steer(1, 0.0, life_s=8.0))
    before = levels_db(stage.play(8.0))[-1]
    after = levels_db(stage.play(30.0))
    assert after.max() <= before + 0.5
    assert (after[70:] < before - 6.0).all()  # neutral long before 30 s
    assert (after > before - 40.0).all()  # but never silence
    assert stage.tone.programme_ratio == 0.0
    assert stage.tone.bed_ratio == 1.0


def test_H10_a_fresh_order_brings_the_music_back_slowly():
    stage = Stage()
    stage.settle(life_s=5.0)
    stage.play(20.0)
    stage.performer.obey(steer(2, 25.0, life_s=60.0))
    back = levels_db(stage.play(8.0))
    assert stage.tone.programme_ratio > 0.9
    assert np.diff(back).max() < 6.0


@pytest.mark.parametrize("may_rise", [True, False])
def test_H06_a_frozen_level_does_not_rise(may_rise):
    stage = Stage()
    stage.performer.obey(steer(1, 0.0, life_s=60, level_db=-20.0))
    stage.play(5.0)
    stage.performer.obey(steer(2, 5.0, life_s=60, level_db=0.0, energy=1.0, may_rise=may_rise))
    levels = levels_db(stage.play(5.0))
    rise = levels[-1] - levels[0]
    assert (rise > 10.0) if may_rise else (rise < 0.5)


def test_H09_stop_is_silent_within_its_time_and_stays():
    stage = Stage()
    stage.settle()
    before = level_db(stage.play(0.5))
    stage.performer.obey(StopSound(at_ns=0, fade_ms=1000))
    stage.performer.obey(steer(2, 6.0, life_s=60, may_rise=False))
    for k in range(50):
        stage.performer.obey(note(k * 100 * NS_PER_MS))
    fading = stage.play(1.0)
    assert levels_db(fading)[-1] < before - 40.0
    assert np.abs(np.diff(fading, axis=0)).max() < 0.05
    assert np.abs(stage.play(5.0)).max() == 0.0
    assert stage.tone.started == []


def test_H09_after_a_stop_only_a_new_order_that_may_rise_opens_again():
    stage = Stage()
    stage.settle()
    stage.performer.obey(StopSound(at_ns=0, fade_ms=500))
    stage.play(2.0)
    stage.performer.obey(steer(2, 7.0, life_s=60))
    opening = levels_db(stage.play(3.0))
    assert opening[0] < opening[-1] - 20
    assert opening[-1] > -40


def test_F60_expired_repeated_and_older_orders_are_ignored():
    stage = Stage()
    stage.settle()
    level = levels_db(stage.play(1.0))[-1]
    orders = [
        steer(0, 5.9, level_db=-40.0),  # older
        steer(1, 5.9, level_db=-40.0),  # repeated
        steer(7, 1.0, life_s=1.0, level_db=-40.0),  # expired
        steer(8, 5.9, level_db=math.nan),
        steer(9, 5.9, level_db=12.0),  # a boost is no order
        steer(10, 5.9, energy=math.inf),
    ]
    for order in orders:
        stage.performer.obey(order)
    assert levels_db(stage.play(2.0))[-1] == pytest.approx(level, abs=1.5)
    assert stage.performer.ignored_orders == len(orders)


def test_F62_without_a_device_the_start_is_refused_with_the_next_step(monkeypatch, tmp_path):
    # no card and no sound server in this environment: PortAudio finds nothing
    config = tmp_path / "asound.conf"
    config.write_text("")
    for name, value in {
        "ALSA_CONFIG_PATH": str(config),
        "PULSE_SERVER": "unix:/nowhere",
        "JACK_NO_START_SERVER": "1",
    }.items():
        monkeypatch.setenv(name, value)
    if sys.platform != "linux":
        pytest.skip("the environment can hide sound devices on Linux only")
    with pytest.raises(SoundError, match=r"render to a file|install"):
        open_live(origin_ns=0, settings=SoundSettings())


def test_F98_an_answer_about_the_device_never_ends_the_one_who_asks(monkeypatch):
    monkeypatch.setattr(device.sys, "executable", "/bin/false")
    answer = device.ask_for_device()
    assert isinstance(answer, DeviceAnswer)
    assert answer.name is None
    assert "render to a file" in answer.problem


class Orders(list):
    """What would come over the pipe."""

    ended = False

    def take(self):
        taken = list(self)
        self.clear()
        return taken


def live_player(stage: Stage, orders=()) -> LivePlayer:
    return LivePlayer(stage.performer, Orders(orders), rate_hz=RATE_HZ)


def call(player: LivePlayer, now_ns: int) -> np.ndarray:
    out = np.zeros((FRAMES, 2), dtype=np.float32)
    player.render(out, now_ns=now_ns, latency_ns=10 * NS_PER_MS, underflow=False)
    return out


def test_F66_after_a_stall_of_two_seconds_it_fades_in_and_nothing_comes_in_a_burst():
    stage = Stage()
    start_ns = 10**12
    notes = [note(start_ns + k * 20 * NS_PER_MS) for k in range(500)]
    player = live_player(stage, [steer(1, 1000.0, life_s=60), *notes])
    now_ns = start_ns
    for _ in range(300):
        call(player, now_ns)
        now_ns += BLOCK_NS
    played = len(stage.tone.started)
    assert played == pytest.approx(150, abs=3)
    now_ns += 2 * NS_PER_S
    blocks = []
    for _ in range(250):
        blocks.append(call(player, now_ns))
        now_ns += BLOCK_NS
    # 100 notes fell into the stall; the last quarter second of them may still come
    in_first_block = sum(frame < 301 * FRAMES for frame in stage.tone.started[played:])
    assert in_first_block <= 14
    assert len(stage.tone.started) - played <= 125 + 14
    levels = levels_db(np.concatenate(blocks))
    assert levels[0] < levels[-1] - 20
    assert levels[-1] > -40


def test_F61_a_device_that_comes_back_starts_20_db_down_and_fades_in():
    stage = Stage()
    player = live_player(stage, [steer(1, 1000.0, life_s=60)])
    now_ns = 10**12
    for _ in range(500):
        before = call(player, now_ns)
        now_ns += BLOCK_NS
    player.come_back()
    now_ns += 2 * NS_PER_S
    blocks = []
    for _ in range(300):
        blocks.append(call(player, now_ns))
        now_ns += BLOCK_NS
    levels = levels_db(np.concatenate(blocks))
    assert levels[0] == pytest.approx(level_db(before) - 20, abs=5)
    assert (np.diff(levels[:20]) > -0.5).all()
    assert levels[-1] == pytest.approx(level_db(before), abs=2)


class FrozenList:
    """Stands for PortAudio, which lists devices once, when it is loaded."""

    class PortAudioError(Exception):
        pass

    def __init__(self):
        self.is_plugged = self.is_listed = self.opens = True

    def _terminate(self):
        self.is_listed = False

    def _initialize(self):
        self.is_listed = self.is_plugged

    def query_devices(self, _device=None, *, kind):
        if not self.is_listed:
            raise self.PortAudioError("no device")
        return {"name": kind, "default_samplerate": RATE_HZ}

    def check_output_settings(self, **_settings):
        pass

    def OutputStream(self, **_settings):
        self.stream = LateStream(self)
        return self.stream


class LateStream:
    def __init__(self, library):
        self.library = library
        self.closed = False

    def start(self):
        if not self.library.opens:
            raise self.library.PortAudioError("busy")

    def close(self, *, ignore_errors):
        self.closed = ignore_errors


@pytest.fixture
def frozen_list(monkeypatch):
    library = FrozenList()
    for place in (device, portaudio):
        monkeypatch.setattr(place, "load_sounddevice", lambda: library)
    return library


@pytest.mark.parametrize("wanted", [None, "speaker"])
def test_F61_a_device_that_comes_back_later_is_found(frozen_list, wanted):
    settings = SoundSettings(device=wanted)
    output = portaudio.PortAudioOutput(settings)
    frozen_list.is_plugged = False
    output.close()
    for _ in range(3):
        with pytest.raises(SoundError):
            portaudio.PortAudioOutput(settings)
    frozen_list.is_plugged = True
    with pytest.raises(SoundError):
        portaudio.PortAudioOutput(settings)  # it looks again for the next time
    assert portaudio.PortAudioOutput(settings).name == "output"


def test_F61_a_stream_that_does_not_start_is_closed(frozen_list):
    frozen_list.opens = False
    output = portaudio.PortAudioOutput(SoundSettings())
    with pytest.raises(SoundError, match="busy"):
        output.start(None)
    assert frozen_list.stream.closed
    assert not output.is_running()


class LostDevice:
    """A device that is gone after a second."""

    rate_hz, channels, name = RATE_HZ, 2, "lost"

    def __init__(self, _settings, **later):
        if later:
            raise SoundError("no device")

    def start(self, player):
        for block in range(100):
            call(player, 10**12 + block * BLOCK_NS)

    def is_running(self):
        return False

    def close(self):
        pass


class LastOrders:
    """Whoever gave orders dies after one."""

    def __init__(self):
        self.orders = [steer(1, 1000.0, life_s=60)]

    @property
    def ended(self):
        return not self.orders

    def take(self):
        orders, self.orders = self.orders, []
        return orders

    def start_polling(self):
        pass


def test_F67_without_a_feeder_and_without_a_device_the_process_ends(monkeypatch):
    monkeypatch.setattr("biofeedback.sound.synthesis.Synthesis", lambda *_, **_more: Tone())
    told = []
    writer = SimpleNamespace(send=told.append)
    opening = Open(mode="live", origin_ns=0, settings=SoundSettings(block_frames=FRAMES))
    playing = threading.Thread(
        target=live.play_live,
        args=(opening, LastOrders(), writer),
        kwargs={"open_output": LostDevice},
        daemon=True,
    )
    playing.start()
    playing.join(timeout=30.0)
    assert not playing.is_alive()
    assert type(told[-1]) is Ended


def test_F67_a_child_that_was_ended_writes_into_nobodys_file():
    code = f"import os; os.write(1, {encode_frame(Ready(output='x'))!r}); os.read(0, 10)"
    gone = child.Child(
        Open(mode="live", origin_ns=0, settings=SoundSettings()), command=("-c", code)
    )
    gone.end(seconds=1.0)
    with ExitStack() as stack:
        # As many files as it takes to get the number of its pipe.
        files = [stack.enter_context(TemporaryFile()) for _ in range(20)]
        gone.send(b"late")
        gone.end(seconds=0.0)
        for file in files:
            file.seek(0)
            assert file.read() == b""


def test_F66_the_clock_follows_drift_and_tells_a_jump():
    clock = FrameClock(rate_hz=RATE_HZ)
    rng = np.random.default_rng(1)
    for k in range(2000):
        heard_ns = 5 * NS_PER_S + round(k * FRAMES / RATE_HZ * 1.0002 * NS_PER_S)
        heard_ns += round(rng.normal(0, NS_PER_MS))
        assert not clock.update(heard_ns=heard_ns, frame=k * FRAMES)
    truth_ns = 5 * NS_PER_S + round(2000 * FRAMES / RATE_HZ * 0.0002 * NS_PER_S)
    assert abs(clock.origin_ns - truth_ns) < NS_PER_MS
    assert clock.update(heard_ns=heard_ns + NS_PER_S, frame=2000 * FRAMES)


def test_F67_without_a_feeder_the_bed_comes_at_once_and_silence_within_30_s():
    stage = Stage()
    stage.settle()
    for k in range(100):
        stage.performer.obey(note(5 * NS_PER_S + k * 100 * NS_PER_MS))
    stage.performer.abandon()
    stage.play(0.5)
    assert stage.tone.bed_ratio > 0.0
    assert stage.tone.started == []
    stage.play(10.0)
    assert stage.tone.bed_ratio == 1.0
    assert stage.tone.programme_ratio == 0.0
    stage.play(18.0)
    assert stage.performer.silent
    assert np.abs(stage.play(0.5)).max() == 0.0


def test_F71_a_thousand_level_steps_a_second_make_no_zipper_noise():
    stage = Stage()
    stage.settle()
    for k in range(4000):
        at_s = 5.0 + k / 1000
        stage.performer.obey(steer(2 + k, at_s, level_db=-12.0 * (k % 2), energy=float(k % 2)))
    out = stage.play(4.0)[RATE_HZ : 3 * RATE_HZ, 0]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out))))
    hz = np.fft.rfftfreq(len(out), 1 / RATE_HZ)
    away = np.abs(hz - 440) > 100
    assert spectrum[away].max() < spectrum.max() * 10 ** (-60 / 20)


@pytest.mark.live
def test_F67_a_killed_parent_leaves_a_child_that_ends_by_itself(tmp_path):
    if shutil.which("pulseaudio") is None:
        pytest.skip("PulseAudio is not installed")
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        "from biofeedback.sound import SoundSettings, open_live\n"
        "sound = open_live(origin_ns=time.monotonic_ns(), settings=SoundSettings())\n"
        "print(sound._child._process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    launcher = ROOT / "benchmarks" / "with-null-sink.sh"
    process = subprocess.Popen(
        [str(launcher), sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        start_new_session=True,
    )
    try:
        child = int(process.stdout.readline())
        parent = int(Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(parent, signal.SIGKILL)
        # nothing was played yet, so the orphan has nothing to fade
        ended = os.pidfd_open(child)
        assert select.select([ended], [], [], 30.0)[0]
        os.close(ended)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()
