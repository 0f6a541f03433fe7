"""What a person sees while a session runs: a calm live card, or one line per event (``--plain``).

A view only reads messages. It shows unknown as unknown, a heart rate as a whole number with a
quality word, and nothing that looks like a clinical judgement.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final, Self

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

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
    Output,
    PacketReceived,
    PacketRejected,
    PlayNote,
    Reason,
    SensorAttached,
    SessionState,
    StateChanged,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

REFRESH_S = 0.15
BLANK_AFTER_NS = {"heart_rate_bpm": 3 * NS_PER_S, "cadence_spm": 3 * NS_PER_S}
DEFAULT_BLANK_AFTER_NS = 3 * NS_PER_S
BAR_CELLS = 24

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
    "clock_jump": "this computer was asleep; please start again",
    "time_limit": "the time of this session is nearly over",
    "stopped": "stopped",
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
}
NOTICE_WORDS: Final[dict[NoticeCode, str]] = {
    "sensor_joined": "joined",
    "sensor_left": "left",
    "sensor_stale": "is silent",
    "sensor_back": "is back",
    "contact_lost": "has no skin contact: put the band on",
    "battery_low": "battery is low",
    "battery_empty": "battery is nearly empty",
    "rate_mismatch": "sends at another rate than it says",
    "clipping": "is shaken beyond its range",
    "device_clock_reset": "restarted its clock",
    "heart_rate_suspect": "heart rate can't be trusted now",
    "law_failed": "the control law failed and was held",
    "clock_jump": "this computer was asleep",
    "sound_late": "the sound came late",
}


class Latest:
    """The newest facts of a session, whoever shows them."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.now_ns = 0
        self.state: SessionState = "INIT"
        self.decision: DecisionMade | None = None
        self.measures: dict[tuple[str, Measure], MeasureTaken] = {}
        self.sensors: dict[tuple[str, str], SensorAttached] = {}
        self.last_packet_ns: dict[tuple[str, str], int] = {}
        self.notices: list[str] = []
        self.packets = self.rejected = self.notes = self.decisions = 0
        self._steps: Counter[tuple[str, str]] = Counter()
        self.limits: dict[Limit, int] = {}
        self.tempo_range_bpm: tuple[float, float] | None = None

    def take(self, message: Input, outputs: Sequence[Output]) -> list[str]:
        """Take facts in; return new lines for a person who reads line by line."""
        if self.origin_ns is None:
            self.origin_ns = message.at_ns
        self.now_ns = message.at_ns
        if isinstance(message, PacketReceived):
            self.packets += 1
            self.last_packet_ns[message.wearer, message.sensor] = message.at_ns
        elif isinstance(message, SensorAttached):
            self.sensors[message.wearer, message.sensor] = message
        lines: list[str] = []
        for output in outputs:
            self._take_output(output, lines)
        self.notices = [*self.notices, *lines][-3:]
        return lines

    def _take_output(self, output: Output, lines: list[str]) -> None:
        match output:
            case DecisionMade():
                self._take_decision(output)
            case MeasureTaken():
                self.measures[output.wearer, output.measure] = output
            case StateChanged():
                self.state = output.after
                lines.append(f"{STATE_WORDS[output.after][0]}: {REASON_WORDS[output.reason]}")
            case NoticeGiven():
                who = " ".join(name for name in (output.wearer, output.sensor) if name)
                lines.append(f"{who} {NOTICE_WORDS[output.code]}".strip())
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


class LiveView:
    """A card that redraws a few times a second."""

    def __init__(self, console: Console, title: str, *, duration_s: float | None) -> None:
        self.latest = Latest()
        self._title = title
        self._duration_s = duration_s
        self._drawn_s = 0.0
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Draw the last card and leave it standing."""
        self._live.update(self._card(), refresh=True)
        self._live.stop()

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Take facts in and redraw when it is time."""
        self.latest.take(message, outputs)
        now_s = time.monotonic()
        if now_s - self._drawn_s >= REFRESH_S:
            self._drawn_s = now_s
            self._live.update(self._card(), refresh=True)

    def _card(self) -> Panel:
        latest = self.latest
        word, colour = STATE_WORDS[latest.state]
        head = Text.assemble((f"{word}", f"bold {colour}"), "   ", (self._clock(), "dim"))
        decision = latest.decision
        parts: list[Text | Table] = [head]
        if decision is not None:
            parts.append(Text(self._why(decision), style="italic"))
            parts.append(self._music(decision))
        parts.append(self._people())
        parts.extend(Text(f"· {line}", style="dim") for line in latest.notices)
        return Panel(Group(*parts), title=self._title, title_align="left", padding=(1, 2))

    def _clock(self) -> str:
        elapsed = _minutes(self.latest.elapsed_s())
        return elapsed if self._duration_s is None else f"{elapsed} of {_minutes(self._duration_s)}"

    @staticmethod
    def _why(decision: DecisionMade) -> str:
        limits = ", ".join(LIMIT_WORDS[limit] for limit in decision.limits_hit)
        return REASON_WORDS[decision.reason] + (f"  ({limits})" if limits else "")

    @staticmethod
    def _music(decision: DecisionMade) -> Table:
        wanted, allowed = decision.wanted, decision.allowed
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="dim", min_width=11)
        table.add_column(min_width=9)
        table.add_column()
        towards = ""
        if abs(wanted.tempo_bpm - allowed.tempo_bpm) >= 1:
            towards = f"towards {wanted.tempo_bpm:.0f}"
        table.add_row("tempo", f"{allowed.tempo_bpm:.0f} bpm", Text(towards, style="dim"))
        for name in ("energy", "brightness"):
            value: float = getattr(allowed, name)
            table.add_row(name, f"{value:.2f}", Text(_bar(value), style="green"))
        return table

    def _people(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="dim", min_width=11)
        for _ in range(4):
            table.add_column(min_width=12)
        for wearer in dict.fromkeys(wearer for wearer, _ in self.latest.sensors):
            table.add_row(wearer, *self._person(wearer))
        for (wearer, sensor), attached in self.latest.sensors.items():
            table.add_row("", Text(f"{sensor}: {self._age(wearer, sensor, attached)}", style="dim"))
        return table

    def _person(self, wearer: str) -> list[str]:
        heart = self.latest.measure(wearer, "heart_rate_bpm")
        cadence = self.latest.measure(wearer, "cadence_spm")
        activity = self.latest.measure(wearer, "activity_mps2")
        quality = self.latest.measure(wearer, "signal_quality")
        return [
            f"heart {_whole(heart)}" + (f" ({_quality_word(heart.quality)})" if heart else ""),
            f"steps {_whole(cadence)}/min",
            f"movement {activity.value:.1f} m/s²" if activity else "movement unknown",
            f"signal {_quality_word(quality.value)}" if quality else "signal unknown",
        ]

    def _age(self, wearer: str, sensor: str, attached: SensorAttached) -> str:
        last_ns = self.latest.last_packet_ns.get((wearer, sensor))
        where = f"{attached.profile} at the {attached.site}"
        if last_ns is None:
            return f"{where}, waiting for the first packet"
        return f"{where}, last packet {(self.latest.now_ns - last_ns) / NS_PER_S:.1f} s ago"


class PlainView:
    """One line per event, no cursor movement; ``as_json`` makes each line a JSON object."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self.latest = Latest()
        self._console = console
        self._json = as_json
        self._next_s = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Take facts in; print what changed and, each second of the session, the decision."""
        lines = self.latest.take(message, outputs)
        if self._json:
            for output in outputs:
                if isinstance(output, (StateChanged, NoticeGiven)):
                    self._print(msgspec.json.encode(output).decode())
        else:
            for line in lines:
                self._print(f"{self.latest.elapsed_s():7.1f} s  {line}")
        decision = self.latest.decision
        if decision is not None and self.latest.elapsed_s() >= self._next_s:
            self._next_s = self.latest.elapsed_s() + 1.0
            self._print(
                msgspec.json.encode(decision).decode() if self._json else self._line(decision)
            )

    def _line(self, decision: DecisionMade) -> str:
        wearers = dict.fromkeys(wearer for wearer, _ in self.latest.sensors)
        people = "  ".join(
            f"{wearer}: heart {_whole(self.latest.measure(wearer, 'heart_rate_bpm'))}"
            f" steps {_whole(self.latest.measure(wearer, 'cadence_spm'))}/min"
            for wearer in wearers
        )
        allowed = decision.allowed
        return (
            f"{self.latest.elapsed_s():7.1f} s  {decision.state}  tempo {allowed.tempo_bpm:5.1f}"
            f"  energy {allowed.energy:.2f}  {people}  {decision.reason}"
        )

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _whole(measure: MeasureTaken | None) -> str:
    return "unknown" if measure is None else f"{measure.value:.0f}"


def _quality_word(quality: float) -> str:
    for word, least in (("good", 0.75), ("fair", 0.5), ("weak", 0.25)):
        if quality >= least:
            return word
    return "poor"


def _bar(ratio: float) -> str:
    full = round(min(max(ratio, 0.0), 1.0) * BAR_CELLS)
    return "━" * full + "╌" * (BAR_CELLS - full)
