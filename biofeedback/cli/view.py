"""What a person reads of a session: its newest facts in words, or one line per event (``--plain``).

A view only reads messages. It shows unknown as unknown, a heart rate as a whole number with a
quality word, and nothing that looks like a clinical judgement.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Self

import msgspec

from biofeedback.cli.sitting import Sitting, say_outcome
from biofeedback.messages import (
    NS_PER_S,
    DecisionMade,
    EventDetected,
    Input,
    Limit,
    Measure,
    MeasureTaken,
    NoticeCode,
    NoticeGiven,
    OutcomesTold,
    Output,
    PacketReceived,
    PacketRejected,
    PhaseChanged,
    PlayNote,
    QuestionAsked,
    Reason,
    SensorAttached,
    SessionState,
    StateChanged,
    TakeKept,
)
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from biofeedback.ble.supervise import SensorStatus
    from biofeedback.trace.journal import JournalStatus

BLANK_AFTER_NS = {"heart_rate_bpm": 3 * NS_PER_S, "cadence_spm": 3 * NS_PER_S}
DEFAULT_BLANK_AFTER_NS = 3 * NS_PER_S

STATE_WORDS: Final[dict[SessionState, tuple[str, str]]] = {
    "INIT": ("getting ready", "white"),
    "CALIBRATE": ("settling in", "cyan"),
    "RUN": ("playing with you", "green"),
    "HOLD": ("holding the beat", "yellow"),
    "EASE": ("easing off", "yellow"),
    "STOP": ("stopped", "white"),
}
REASON_WORDS: Final[dict[Reason, str]] = {
    "calibrating": "a quiet start while the sensors settle",
    "resting": "you rest, so the music rests",
    "walking": "the beat follows your steps",
    "moving": "the sound follows your movement",
    "no_sensor": "no sensor yet",
    "stale_motion": "waiting for the sensor; the beat stays as it was",
    "motion_lost": "the sensor is gone; the music eases off",
    "paused": "paused",
    "heart_rate_high": "your heart rate is above the ceiling of this plan",
    "law_failed": "something went wrong inside; the beat stays as it was",
    "clock_jump": "this computer slept or stalled; please start again",
    "time_limit": "the time of this session is nearly over",
    "stopped": "stopped",
    "listening": "listening to how you go",
    "matching": "the beat goes with your steps",
    "leading": "the beat invites you to go on a little faster",
    "stepping_back": "one step back: the beat is a little easier",
    "freeze": "a steady pulse to start from again",
    "fading": "the beat leaves bit by bit; keep your pace",
    "uncued": "walking without the beat",
    "settling": "settling; the first minute is only listened to",
    "pacing": "breathe with the swell, if you like",
    "searching": "trying which breath suits you",
    "relaxing": "slower and thinner, bit by bit",
    "heart_rising": "your heart is a little faster; nothing rises",
    "meeting": "the music is where you are",
    "sloping": "the music goes ahead in small steps",
    "waiting": "the music waits for you",
    "diverging": "the music comes back half a step",
    "journey": "the journey goes on",
    "holding": "holding music: steady and near",
    "returning": "on the way back",
    "together": "you move together, and the sound opens",
    "baseline": "finding out how you usually do it",
    "working": "the music comes nearer as you do",
    "rewarded": "that's it: the whole music",
    "probing": "a little while without music",
    "playing": "your music",
    "answering": "your partner answers",
    "drawing": "your arm draws the melody",
    "asking": "first a few questions",
    "symptoms": "you don't feel well; the music eases off",
    "finished": "the session is over",
    "refused": "not today",
    "apart": "everybody finds their own way into the beat",
}
LIMIT_WORDS: Final[dict[Limit, str]] = {
    "tempo_absolute": "tempo range",
    "tempo_band": "tempo band of the plan",
    "tempo_slew": "tempo changes gently",
    "level_ceiling": "loudness ceiling",
    "level_rise": "loudness rises gently",
    "energy_rise": "energy rises gently",
    "frozen": "everything held",
    "easing": "easing off",
    "heart_rate_ceiling": "heart-rate ceiling",
    "not_finite": "a value was not usable",
    "breath_pace": "the breath changes gently",
}
NOTICE_WORDS: Final[dict[NoticeCode, str]] = {
    "sensor_joined": "joined",
    "sensor_left": "left",
    "no_signal": "nothing usable has come from the sensors yet",
    "sensor_stale": "is silent",
    "sensor_back": "is back",
    "contact_lost": "has no skin contact: put the band on",
    "battery_low": "battery is low",
    "battery_empty": "battery is nearly empty",
    "rate_mismatch": "sends at another rate than it says",
    "clipping": "is shaken beyond its range",
    "off_body": "has not moved at all for two minutes: is it worn?",
    "site_found": "where it is worn was found from the walk",
    "site_unknown": "where is it worn? say it with --from ble:NAME,site=SITE; it looks like",
    "device_clock_reset": "restarted its clock",
    "heart_rate_suspect": "heart rate can't be trusted now",
    "law_failed": "the control law failed and was held",
    "clock_jump": "this computer slept or stalled",
    "sound_late": "the sound came late",
    "link_lost": "lost its link; it is awaited",
    "link_often_lost": "loses its link again and again: does another app or phone take it over?",
    "sensor_in_use": "is in use by another app: close it there",
    "sensor_refused": "can't be used",
    "bluetooth_off": "is out of reach: Bluetooth is switched off or gone",
    "firmware_changed": "has a new firmware: watch whether it still behaves",
    "song_out_of_reach": "the song can't go that slow or fast: it stays as near as it can",
    "song_passed_over": "a song that doesn't fit this tempo is passed over",
    "gait_frozen": "no step for two seconds: a steady pulse sounds",
}


class Latest:
    """The newest facts of a session, whoever shows them."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.now_ns = 0
        self.state: SessionState = "INIT"
        self.is_paused = False
        self.decision: DecisionMade | None = None
        self.measures: dict[tuple[str, Measure], MeasureTaken] = {}
        self.signals: dict[tuple[str, str], MeasureTaken] = {}
        self.sensors: dict[tuple[str, str], SensorAttached] = {}
        self.last_packet_ns: dict[tuple[str, str], int] = {}
        self.notices: list[str] = []
        self.packets = self.rejected = self.notes = self.decisions = 0
        self._steps: Counter[tuple[str, str]] = Counter()
        self.limits: dict[Limit, int] = {}
        self.tempo_range_bpm: tuple[float, float] | None = None
        self.sitting = Sitting()

    def take(self, message: Input, outputs: Sequence[Output]) -> list[str]:
        """Take facts in; return new lines for a person who reads line by line."""
        if self.origin_ns is None:
            self.origin_ns = message.at_ns
        self.now_ns = max(self.now_ns, message.at_ns)
        if isinstance(message, PacketReceived):
            self.packets += 1
            self.last_packet_ns[message.wearer, message.sensor] = message.at_ns
        elif isinstance(message, SensorAttached):
            self.sensors[message.wearer, message.sensor] = message
        lines: list[str] = []
        self.sitting.take_input(message)
        for output in outputs:
            self._take_output(output, lines)
            said = self.sitting.take_output(output)
            if said is not None:
                lines.append(said)
        self.notices = [*self.notices, *lines][-3:]
        return lines

    def _take_output(self, output: Output, lines: list[str]) -> None:
        match output:
            case DecisionMade():
                self._take_decision(output)
            case MeasureTaken():
                self.measures[output.wearer, output.measure] = output
                if output.measure == "signal_quality":
                    self.signals[output.wearer, output.sensor] = output
            case StateChanged():
                self.state = output.after
                self.is_paused = output.after == "HOLD" and output.reason == "paused"
                lines.append(say_change(output))
            case NoticeGiven():
                who = " ".join(name for name in (output.wearer, output.sensor) if name)
                told = f": {output.detail}" if output.detail else ""
                lines.append(f"{who} {NOTICE_WORDS[output.code]}{told}".strip())
            case EventDetected(event="step"):
                self._steps[output.wearer, output.sensor] += 1
            case PlayNote():
                self.notes += 1
            case PacketRejected():
                self.rejected += 1
            case _:
                pass

    def _take_decision(self, decision: DecisionMade) -> None:
        self.decision = decision
        self.decisions += 1
        for limit in decision.limits_hit:
            self.limits[limit] = self.limits.get(limit, 0) + 1
        tempo_bpm = decision.allowed.tempo_bpm
        low, high = self.tempo_range_bpm or (tempo_bpm, tempo_bpm)
        self.tempo_range_bpm = (min(low, tempo_bpm), max(high, tempo_bpm))

    def count_steps(self) -> int:
        """Steps of all wearers; of one who wears several sensors, the sensor that saw most."""
        best: dict[str, int] = {}
        for (wearer, _), steps in self._steps.items():
            best[wearer] = max(best.get(wearer, 0), steps)
        return sum(best.values())

    def elapsed_s(self) -> float:
        """Time since the first message, in seconds."""
        return (self.now_ns - (self.origin_ns or 0)) / NS_PER_S

    def measure(self, wearer: str, name: Measure) -> MeasureTaken | None:
        """Return the newest value of a measure, or None when there is none or it is too old."""
        taken = self.measures.get((wearer, name))
        blank_ns = BLANK_AFTER_NS.get(name, DEFAULT_BLANK_AFTER_NS)
        return None if taken is None or self.now_ns - taken.at_ns > blank_ns else taken

    def signal(self, wearer: str, sensor: str) -> MeasureTaken | None:
        """Return the newest quality of one sensor's signal, under the same condition."""
        taken = self.signals.get((wearer, sensor))
        is_old = taken is None or self.now_ns - taken.at_ns > DEFAULT_BLANK_AFTER_NS
        return None if is_old else taken


TOLD_AS_JSON: Final = (
    StateChanged,
    NoticeGiven,
    PhaseChanged,
    QuestionAsked,
    OutcomesTold,
    TakeKept,
)


class PlainView:
    """One line per event, no cursor movement; ``as_json`` makes each line a JSON object."""

    def __init__(
        self,
        console: Console,
        *,
        as_json: bool,
        status: Callable[[], JournalStatus] | None = None,
        links: Callable[[], Sequence[SensorStatus]] = tuple,
    ) -> None:
        self.latest = Latest()
        self._links = links
        self._told: dict[str, str] = {}
        self._console = console
        self._json = as_json
        self._status = status
        self._said_of_trace: str | None = None
        self._next_s = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Take facts in; print what changed and, each second of the session, the decision."""
        lines = self.latest.take(message, outputs)
        self._tell_recording()
        if self._json:
            for output in outputs:
                if isinstance(output, TOLD_AS_JSON):
                    self._print(msgspec.json.encode(output).decode())
        else:
            for line in lines:
                self._print(f"{self.latest.elapsed_s():7.1f} s  {line}")
        decision = self.latest.decision
        if decision is not None and self.latest.elapsed_s() >= self._next_s:
            self._next_s = self.latest.elapsed_s() + 1.0
            self._tell_links()
            self._print(
                msgspec.json.encode(decision).decode() if self._json else self._line(decision)
            )

    def _tell_recording(self) -> None:
        """Tell when the trace can't be written, and when it can again (F72)."""
        reason = explain_not_recording(self._status)
        if reason == self._said_of_trace:
            return
        self._said_of_trace = reason
        if self._json:
            fact = {"type": "Recording", "recording": reason is None, "reason": reason}
            self._print(msgspec.json.encode(fact).decode())
        else:
            said = "recording again" if reason is None else f"not recording: {reason}"
            colour = "green" if reason is None else "red"
            self._print(f"{self.latest.elapsed_s():7.1f} s  {said}", style=colour)

    def _tell_links(self) -> None:
        """Tell what is new of the links to sensors."""
        for link in self._links():
            said = f"{link.state} {link.losses} {link.words()}"
            if self._told.get(link.sensor) != said:
                self._told[link.sensor] = said
                fact = {"type": "Link", "sensor": link.sensor, "said": describe_link(link)}
                self._print(
                    msgspec.json.encode(fact).decode()
                    if self._json
                    else f"{self.latest.elapsed_s():7.1f} s  {link.sensor} {describe_link(link)}"
                )

    def _line(self, decision: DecisionMade) -> str:
        wearers = dict.fromkeys(wearer for wearer, _ in self.latest.sensors)
        people = "  ".join(
            f"{wearer}: heart {whole(self.latest.measure(wearer, 'heart_rate_bpm'))}"
            f" steps {whole(self.latest.measure(wearer, 'cadence_spm'), '/min')}"
            for wearer in wearers
        )
        allowed = decision.allowed
        return (
            f"{self.latest.elapsed_s():7.1f} s  {decision.state}  tempo {allowed.tempo_bpm:5.1f}"
            f"  energy {allowed.energy:.2f}  {people}  {decision.reason}"
        )

    def _print(self, line: str, *, style: str | None = None) -> None:
        self._console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)


def say_change(change: StateChanged) -> str:
    """Say what a session does now, and why where that adds something."""
    word, reason = STATE_WORDS[change.after][0], REASON_WORDS[change.reason]
    if change.after == "STOP" and change.reason == "time_limit":
        reason = "the time of this session is over"
    # On the way into RUN the reason is only that the sensors are there.
    return word if change.after == "RUN" or reason == word else f"{word}: {reason}"


def list_outcomes(latest: Latest) -> list[tuple[str, str]]:
    """List the outcome table of a plan: name and value in words, what is unknown as unknown."""
    outcomes = latest.sitting.outcomes or {}
    return [say_outcome(name, value) for name, value in outcomes.items()]


def describe_link(link: SensorStatus) -> str:
    """Say how the link to a sensor is: state, signal, battery, losses, and what to do."""
    battery = link.found.battery_percent
    facts = [
        link.state,
        "" if link.rssi_dbm is None else f"signal {link.rssi_dbm} dBm",
        "battery unknown" if battery is None else f"battery {battery} %",
        f"lost {counted(link.losses, 'time')}" if link.losses else "",
        *(f"{name}: {refused}" for name, refused in link.found.refused.items()),
        link.words(),
    ]
    return ", ".join(fact for fact in facts if fact)


def explain_not_recording(status: Callable[[], JournalStatus] | None) -> str | None:
    """Say why the session is not being recorded; None while it is."""
    now = None if status is None else status()
    return None if now is None or now.recording else now.reason or "the trace is closed"


def whole(measure: MeasureTaken | None, unit: str = "") -> str:
    """Write a measure as a whole number with its unit, or that it is unknown."""
    return "unknown" if measure is None else f"{measure.value:z.0f}{unit}"


def quality_word(quality: float) -> str:
    """Say how far a value can be trusted."""
    for word, least in (("good", 0.75), ("fair", 0.5), ("weak", 0.25)):
        if quality >= least:
            return word
    return "poor"
