"""The commands with bleak's own BlueZ backend, on a private D-Bus with a made-up org.bluez.

Needs the facade beside the checkout and the program dbus-daemon.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from biofeedback.messages import PacketReceived, SensorAttached
from biofeedback.trace.reader import read_trace

pytestmark = pytest.mark.shared
SCRIPT = """
import json, os, signal, socket, subprocess, sys, time

def fault(**order):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ["HARNESS_CONTROL"])
        control.sendall((json.dumps(order) + "\\n").encode())
        assert json.loads(control.recv(4096))["ok"]

def read_until(*words):
    for line in playing.stdout:
        print(line, end="", flush=True)
        if all(word in line for word in words):
            return
    sys.exit("never said: " + " and ".join(words))

playing = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
read_until("connected")
fault(cmd="fail", method="Connect", error="InProgress", message="", times=1)
fault(cmd="hang_up", i=0)
read_until("lost 1 time", " connected,")
playing.send_signal(signal.SIGINT)
read_until("trace")
sys.exit(0 if playing.wait(10) == 130 else 1)
"""


@pytest.fixture
def bluez(shared, tmp_path):
    """Run a command while a made-up BlueZ has two heart rate sensors in the air."""
    facade = shared / "ble" / "bluez_facade.py"
    if not facade.is_file() or shutil.which("dbus-daemon") is None:
        pytest.skip("the facade or dbus-daemon is missing")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(facade), "--count", "2", "--rate", "10", "--", *command],
            env={**os.environ, **home},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return run


def test_scan_lists_what_bluez_sees(bluez):
    done = bluez(sys.executable, "-m", "biofeedback", "scan", "--listen", "2s", "--json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert {band["name"] for band in listed} == {"Wearable-00", "Wearable-01"}
    assert {band["profile"] for band in listed} == {"sig_hrs"}
    assert all("heart_rate" in band["streams"] for band in listed)


def test_F05_a_session_survives_a_drop_and_a_busy_bluez_and_stops_on_ctrl_c(bluez, tmp_path):
    trace = tmp_path / "session.trace.jsonl"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    play = [sys.executable, "-m", "biofeedback", "play", "--from", "ble:mia=Wearable-00"]
    options = ["--sound", "null", "--plain", "--duration", "60s", "--trace", str(trace)]
    done = bluez(sys.executable, str(script), *play, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    messages = read_trace(trace).messages
    joined = [message for message in messages if isinstance(message, SensorAttached)]
    assert len(joined) == 2
    assert {message.wearer for message in joined} == {"mia"}
    assert len({message.sensor for message in joined}) == 1
    heart_rate = [
        m for m in messages if isinstance(m, PacketReceived) and "2a37" in m.characteristic
    ]
    assert heart_rate
    text = trace.read_text()
    assert "Wearable-0" not in text
    replayed = bluez(sys.executable, "-m", "biofeedback", "replay", str(trace))
    assert "identical" in replayed.stdout
