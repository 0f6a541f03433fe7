"""How scan and the views tell of sensors in the air."""

from __future__ import annotations

import io

import pytest
from bleak.backends.device import BLEDevice
from rich.console import Console

from biofeedback.ble.choose import list_candidates
from biofeedback.ble.identify import Bindings
from biofeedback.ble.link import Found
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.scan import Sighting
from biofeedback.ble.supervise import SensorStatus
from biofeedback.cli.card import LiveView
from biofeedback.cli.scan import describe, show, signal_word
from biofeedback.cli.view import PlainView, describe_link
from biofeedback.engine import Engine
from biofeedback.messages import CommandGiven, DecisionMade
from biofeedback.profiles import list_profiles
from biofeedback.settings import Settings

ADDRESS = "C0:FF:EE:00:00:01"


def candidates():
    sighting = Sighting(BLEDevice(ADDRESS, "Polar H10 1", None), "Polar H10 1", -58, ())
    return list_candidates([sighting], list_profiles(), key=bytes(32), bindings=Bindings())


def spoken(candidates_) -> str:
    console = Console(file=io.StringIO(), record=True, width=160)
    show(candidates_, console)
    return console.export_text()


def test_a_band_is_listed_with_what_it_delivers_and_without_its_address():
    text = spoken(candidates())
    for word in ("Polar H10 1", "strong (-58 dBm)", "polar_h10", "acceleration"):
        assert word in text
    assert ADDRESS not in text
    assert ADDRESS not in str(describe(candidates()[0]))


def test_an_empty_air_is_told_with_the_next_step():
    assert "Wear it" in spoken([])


@pytest.mark.parametrize(
    ("rssi_dbm", "word"), [(-40, "strong"), (-70, "good"), (-80, "weak"), (-99, "very weak")]
)
def test_signals_have_words(rssi_dbm, word):
    assert signal_word(rssi_dbm) == word


def make_link(**known) -> SensorStatus:
    return SensorStatus("p1", "polar_h10-ab12", "polar_h10", **known)


def test_a_link_is_told_with_state_battery_losses_and_the_next_step():
    found = Found(battery_percent=42)
    found.refused["acceleration"] = SensorFailure(Reason.MTU_TOO_SMALL)
    link = make_link(state="waiting", reason=Reason.DROPPED, rssi_dbm=-70, losses=2, found=found)
    told = describe_link(link)
    for part in ("waiting", "-70 dBm", "battery 42 %", "lost 2 times", "too small", "taken off"):
        assert part in told
    assert describe_link(make_link(state="looking")) == "looking, battery unknown"


def test_the_plain_view_tells_what_changed_once_and_the_card_shows_it():
    link = make_link(state="connected")
    console = Console(file=io.StringIO(), record=True, width=160)
    view = PlainView(console, as_json=False, links=lambda: [link])
    engine = Engine(Settings(calibrate_s=0.0), {})
    for step in range(40):
        if step == 20:
            link.state, link.reason = "waiting", Reason.SILENT
        message = CommandGiven(at_ns=step * 100_000_000, command="start")
        outputs = engine.handle(message)
        view.see(message, outputs)
    told = [line for line in console.export_text().splitlines() if "polar_h10-ab12" in line]
    assert [("connected" in line, "nothing comes" in line) for line in told] == [
        (True, False),
        (True, True),
    ]
    assert any(isinstance(output, DecisionMade) for output in outputs)
    card_console = Console(file=io.StringIO(), width=160)
    card = LiveView(card_console, "live sensors", duration_s=None, links=lambda: [link])
    with card:
        card.see(message, outputs)
    assert "polar_h10-ab12" in card_console.file.getvalue()
