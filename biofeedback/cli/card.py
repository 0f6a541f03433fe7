"""The live card: a session at a glance. Lines keep their places, so that the eye can rest.

Top to bottom: what the session does and why, the music, each person, each sensor, what happened
last, the keys. Figures stay on the right of their names; unknown is said, never left blank.
In a low window lines give way, those first that matter least: head, phase, questions and keys stay.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from biofeedback.cli.sitting import Sitting, minutes, say_question
from biofeedback.cli.view import (
    LIMIT_WORDS,
    REASON_WORDS,
    STATE_WORDS,
    Latest,
    describe_link,
    explain_not_recording,
    quality_word,
    whole,
)
from biofeedback.messages import NS_PER_S, SensorAttached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import ConsoleOptions

    from biofeedback.ble.supervise import SensorStatus
    from biofeedback.messages import DecisionMade, Input, Output
    from biofeedback.trace.journal import JournalStatus

REFRESH_S: Final = 0.15
SILENT_AFTER_S: Final = 2.0
NOTICE_LINES: Final = 3
_LABEL_CELLS: Final = 14
_BAR_CELLS: Final = 24
_FRAME_LINES: Final = 2
_FRAME_CELLS: Final = 6

STAYS: Final = 0
SAY, TEMPO, PERSON, WARNING, WHY, LIMITS, NOTICE, BARS, SENSOR, EMPTY, BETWEEN, EDGE = range(1, 13)
"""Which lines give way in a low window: the highest number first."""


class Line(NamedTuple):
    """A line of the card, and how early it gives way."""

    what: Text | Table
    gives_way: int = STAYS

    def measure(self, console: Console, cells: int) -> int:
        """Tell how many lines of the window it takes."""
        if isinstance(self.what, Table) or self.what.no_wrap:
            return 1
        return max(1, len(self.what.wrap(console, cells)))


class Card:
    """Lines in a frame; as many as the window has room for."""

    def __init__(self, lines: Sequence[Line], title: str) -> None:
        self._lines = lines
        self._title = title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Panel]:
        """Lay the lines out."""
        cells = max(1, options.max_width - _FRAME_CELLS)
        counts = [line.measure(console, cells) for line in self._lines]
        over = sum(counts) + _FRAME_LINES - options.max_height
        kept = set(range(len(counts)))
        for number in sorted(kept, key=lambda n: (self._lines[n].gives_way, n), reverse=True):
            if over <= 0 or self._lines[number].gives_way == STAYS:
                break
            kept.remove(number)
            over -= counts[number]
        shown = (line.what for number, line in enumerate(self._lines) if number in kept)
        yield Panel(Group(*shown), title=self._title, title_align="left", padding=(0, 2))


class LiveView:
    """A card that redraws a few times a second."""

    def __init__(
        self,
        console: Console,
        title: str,
        *,
        duration_s: float | None,
        status: Callable[[], JournalStatus] | None = None,
        keys: bool = False,
        links: Callable[[], Sequence[SensorStatus]] = tuple,
    ) -> None:
        self.latest = Latest()
        self._title = title
        self._duration_s = duration_s
        self._status = status
        self._keys = keys
        self._links = links
        self._drawn_s = 0.0
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Draw the last card and leave it standing."""
        self._live.update(self.draw(), refresh=True)
        self._live.stop()

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Take facts in and redraw when it is time."""
        self.latest.take(message, outputs)
        now_s = time.monotonic()
        if now_s - self._drawn_s >= REFRESH_S:
            self._drawn_s = now_s
            self._live.update(self.draw(), refresh=True)

    def draw(self) -> Card:
        """Draw the card as of now."""
        latest = self.latest
        is_over = latest.state == "STOP"
        lines = [Line(Text(), EDGE), Line(self._head())]
        reason = None if is_over else explain_not_recording(self._status)
        if reason is not None:
            lines.append(Line(Text(f"not recording: {reason}", style="bold red")))
        decision = latest.decision
        if not is_over:
            lines += _sitting(latest.sitting)
            lines.append(Line(Text("" if decision is None else _why(decision), "italic"), WHY))
            lines.append(Line(Text(), BETWEEN))
            lines += _music(decision)
        lines.append(Line(Text(), BETWEEN))
        lines += self._people()
        lines.append(Line(Text(), BETWEEN))
        notices = [Line(_one_line(f"· {line}", style="dim"), NOTICE) for line in latest.notices]
        lines += [*notices, *[Line(Text(), EMPTY)] * NOTICE_LINES][:NOTICE_LINES]
        if self._keys and not is_over:
            lines.append(Line(Text(), BETWEEN))
            lines += [Line(_one_line(line, style="dim")) for line in _keys(latest)]
        lines.append(Line(Text(), EDGE))
        return Card(lines, self._title)

    def _head(self) -> Table:
        word, colour = STATE_WORDS[self.latest.state]
        head = Table.grid(expand=True)
        head.add_column(no_wrap=True)
        head.add_column(justify="right", no_wrap=True)
        head.add_row(Text(f"● {word}", style=f"bold {colour}"), Text(self._clock(), style="dim"))
        return head

    def _clock(self) -> str:
        elapsed_s = self.latest.elapsed_s()
        if self._duration_s is None:
            return minutes(elapsed_s)
        # The last packet comes a little before the end: a whole session shows its whole time.
        if self.latest.state == "STOP" and self._duration_s - elapsed_s < 1.0:
            elapsed_s = self._duration_s
        return f"{minutes(min(elapsed_s, self._duration_s))} of {minutes(self._duration_s)}"

    def _people(self) -> list[Line]:
        lines: list[Line] = []
        for wearer in dict.fromkeys(wearer for wearer, _ in self.latest.sensors):
            lines.append(_row(wearer, self._person(wearer), PERSON, style="bold"))
            for (name, sensor), attached in self.latest.sensors.items():
                if name == wearer:
                    lines.append(self._sensor(wearer, sensor, attached))
        links = self._links()
        lines += [
            _row(link.sensor, _one_line(describe_link(link), style="dim"), WARNING)
            for link in links
        ]
        if not self.latest.sensors and not links:
            lines.append(_row("", Text("no sensor yet", style="dim"), PERSON))
        return lines

    def _person(self, wearer: str) -> Text:
        heart = self.latest.measure(wearer, "heart_rate_bpm")
        cadence = self.latest.measure(wearer, "cadence_spm")
        activity = self.latest.measure(wearer, "activity_mps2")
        trust = f" ({quality_word(heart.quality)})" if heart else ""
        moved = f"{activity.value:.1f} m/s²" if activity else "unknown"
        # Columns of fixed width: a value that becomes unknown doesn't push the next one.
        cells = (
            f"heart {whole(heart)}{trust}".ljust(19),
            f"steps {whole(cadence, '/min')}".ljust(17),
            f"movement {moved}",
        )
        return _one_line("".join(cells))

    def _sensor(self, wearer: str, sensor: str, attached: SensorAttached) -> Line:
        where = f"{attached.profile} at the {attached.site}".ljust(36)
        last_ns = self.latest.last_packet_ns.get((wearer, sensor))
        if last_ns is None:
            return _row(sensor, _one_line(f"{where}nothing heard yet", style="dim"), WARNING)
        silent_s = (self.latest.now_ns - last_ns) / NS_PER_S
        if silent_s >= SILENT_AFTER_S and self.latest.state != "STOP":
            silent = _one_line(f"{where}silent for {silent_s:.0f} s", style="yellow")
            return _row(sensor, silent, WARNING)
        signal = self.latest.signal(wearer, sensor)
        said = f"signal {quality_word(signal.value)}" if signal else "signal unknown"
        return _row(sensor, _one_line(f"{where}{said}", style="dim"), SENSOR)


def _row(name: str, what: Text, gives_way: int, *, style: str = "dim") -> Line:
    label = _one_line(name, style=style)
    label.truncate(_LABEL_CELLS, overflow="ellipsis")
    label.align("right", _LABEL_CELLS)
    row = _one_line("")
    return Line(row.append_text(label).append("  ").append_text(what), gives_way)


def _sitting(sitting: Sitting) -> list[Line]:
    """Show the phase of a plan, what to say, and what is asked."""
    phase = sitting.phase
    if phase is None or phase.phase is None:
        return []
    left = "" if sitting.left_s is None else f"   {minutes(sitting.left_s)} left"
    lines = [Line(_one_line(f"  {phase.number} of {phase.of}: {phase.phase}{left}", style="bold"))]
    if phase.say:
        lines.append(Line(Text(f"  {phase.say}", style="cyan"), SAY))
    if sitting.question is not None:
        asked = f"  {say_question(sitting.question)}"
        lines.append(Line(Text(f"{asked}  {sitting.typed}", style="bold yellow")))
    return lines


def _keys(latest: Latest) -> list[str]:
    if latest.state == "EASE":
        return ["s start again   q stop"]
    first = ("space go on" if latest.is_paused else "space pause") + "   q stop"
    if latest.sitting.phase is None:
        return [first]
    return [f"{first}   ! unwell", "k skip   m marker   + - loudness   < > tempo"]


def _why(decision: DecisionMade) -> str:
    return "  " + REASON_WORDS[decision.reason]


def _music(decision: DecisionMade | None) -> list[Line]:
    if decision is None:
        return [_row("tempo", Text("unknown"), TEMPO)]
    wanted, allowed = decision.wanted, decision.allowed
    tempo = Text(f"{allowed.tempo_bpm:.0f} bpm", style="bold")
    if abs(wanted.tempo_bpm - allowed.tempo_bpm) >= 1:
        tempo.append(f"   towards {wanted.tempo_bpm:.0f}", style="not bold dim")
    limits = ", ".join(LIMIT_WORDS[limit] for limit in decision.limits_hit)
    return [
        _row("tempo", tempo, TEMPO),
        _row("energy", _bar(allowed.energy), BARS),
        _row("brightness", _bar(allowed.brightness), BARS),
        _row("limits", _one_line(limits or "none met", style="dim"), LIMITS),
    ]


def _bar(ratio: float) -> Text:
    full = round(min(max(ratio, 0.0), 1.0) * _BAR_CELLS)
    return Text.assemble(
        ("━" * full, "green"), ("╌" * (_BAR_CELLS - full), "dim"), f"  {ratio:.2f}"
    )


def _one_line(text: str, *, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
