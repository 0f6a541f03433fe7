"""Where beats, bars and keys of a piece lie: told again from the tempi that were decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import TICKS_PER_BEAT, DecisionMade
from biofeedback.music.beats import BeatClock
from biofeedback.music.form import key_at
from biofeedback.music.key_names import name_signature
from biofeedback.music.pace import Pace
from biofeedback.musician import LOOKAHEAD_NS, STEP_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.style import Style

_IN_THREES = 3.0


class Timeline:
    """Follows the tempo as the performer did.

    ``beats`` are (tick, instant in ns), ``meters`` (tick, numerator, denominator), ``keys`` (tick,
    name of the signature); ticks are those of the notes.
    """

    def __init__(self, style: Style, seed: int, *, start_ns: int, tempo_bpm: float) -> None:
        self._style = style
        self._seed = seed
        self._clock = BeatClock(start_ns, tempo_bpm)
        self._pace = Pace(style, tempo_bpm)
        self._next_tick = 0
        self.beats: list[tuple[int, int]] = []
        self.meters: list[tuple[int, int, int]] = []
        self.keys: list[tuple[int, str]] = []

    def restyle(self, style: Style) -> None:
        """Let another style take over at the next bar, as the performer does."""
        if style is not self._style:
            tempo_bpm = self._clock.tempo_bpm(self._clock.end_ns)
            self._pace = self._pace.hand_over(style, self._next_tick, tempo_bpm)
            self._style = style

    def extend(self, until_ns: int, tempo_bpm: float) -> None:
        """Let the tempo move linearly to ``tempo_bpm`` at ``until_ns``."""
        if until_ns <= self._clock.end_ns:
            return
        first, end = self._next_tick, self._clock.extend(until_ns, tempo_bpm)
        self._next_tick = end
        for tick in range(-(-first // TICKS_PER_BEAT) * TICKS_PER_BEAT, end, TICKS_PER_BEAT):
            self.beats.append((tick, self._clock.time_ns(tick)))
        for span in self._pace.cut(end, tempo_bpm):
            if span.at_bar:
                self._open_bar(span.stride.felt(span.start), span.start)

    def _open_bar(self, tick: int, style_tick: int) -> None:
        numerator, denominator = map(int, self._style.meter.name.split("/"))
        # At half time the bar's notes are twice as long, at double time half as long. Three times
        # as long (6/8 whose eighths are felt as beats) there is no note: the bar has 18 eighths.
        ratio = self._pace.time_ratio
        longer = 3 if ratio == _IN_THREES else 1
        meter = (numerator * longer, round(denominator * longer / ratio))
        if not self.meters or self.meters[-1][1:] != meter:
            self.meters.append((tick, *meter))
        name = name_signature(key_at(self._style, self._seed, style_tick))
        if not self.keys or self.keys[-1][1] != name:
            self.keys.append((tick, name))


def retrace(
    decided: Sequence[DecisionMade | Style], style: Style, seed: int, *, start_bpm: float
) -> Timeline | None:
    """Follow the decisions of a session; None when nothing was decided.

    Args:
        decided: All decisions in order; a style among them took over there.
        style: What was played first.
        seed: The session's seed.
        start_bpm: The tempo at which the music began.
    """
    first = next((one for one in decided if isinstance(one, DecisionMade)), None)
    if first is None:
        return None
    timeline = Timeline(style, seed, start_ns=first.tempo_from_ns, tempo_bpm=start_bpm)
    for decision in decided:
        if not isinstance(decision, DecisionMade):
            timeline.restyle(decision)
            continue
        timeline.extend(decision.at_ns + STEP_NS + LOOKAHEAD_NS, decision.allowed.tempo_bpm)
    return timeline
