"""A style keeps its own pace: what is too fast or too slow for it goes at half or double time.

The place in the style and the place among the felt beats are both counted in ticks; a style's tick
is a half, one or two of the felt ones. In 6/8 it may be three, and not two: a beat of three eighths
can't be halved, but each of its eighths can be felt as a beat. That changes only where a bar
begins, and not before the tempo is clearly outside the style's range. Where a beat of weight
begins is a *joint*: there, and nowhere else, instruments come in or leave, and where a phrase
begins the scene may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.music.form import phrase_ticks

if TYPE_CHECKING:
    from biofeedback.music.style import Style

_RELUCTANCE = 1.06
"""How far beyond its range the tempo has to be before the pace changes."""
_PLAIN, _FAST = 6, 12
"""Sixths of a tick of the style for each felt tick: as it is, at double time."""
_SLOW, _SLOW_IN_THREES = 3, 2


class Stride(msgspec.Struct, frozen=True, gc=False):
    """How the style's ticks lie among the felt ones while the pace doesn't change.

    ``time_ratio`` tells the felt beats in a beat of the style: 2 (in 6/8: 3) at half time, 0.5 at
    double time.
    """

    sixths: int
    time_ratio: float
    felt_origin: int
    style_origin: int

    def felt(self, style_tick: int) -> int:
        """Tell the felt tick of a place in the style."""
        return self.felt_origin + (style_tick - self.style_origin) * _PLAIN // self.sixths

    def felt_after(self, style_tick: int) -> int:
        """Tell the first felt tick at which a place in the style has been reached."""
        away = (style_tick - self.style_origin) * _PLAIN
        return self.felt_origin - (-away // self.sixths)

    def style_tick(self, felt_tick: int) -> int:
        """Tell the place in the style at a felt tick."""
        return self.style_origin + (felt_tick - self.felt_origin) * self.sixths // _PLAIN

    def style_after(self, felt_tick: int) -> int:
        """Tell the first place in the style that is not before a felt tick."""
        away = (felt_tick - self.felt_origin) * self.sixths
        return self.style_origin - (-away // _PLAIN)


def _stride(sixths: int, felt_origin: int, style_origin: int) -> Stride:
    return Stride(sixths, _PLAIN / sixths, felt_origin, style_origin)


FELT = _stride(_PLAIN, 0, 0)
"""Felt beats themselves."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the style between two joints, ``[start, end)`` in its own ticks."""

    start: int
    end: int
    at_joint: bool
    at_bar: bool
    stride: Stride


class Pace:
    """Where a style's bars lie among the felt beats."""

    def __init__(
        self,
        style: Style,
        tempo_bpm: float,
        *,
        felt_tick: int = 0,
        felt_origin: int = 0,
        style_origin: int = 0,
    ) -> None:
        """Begin at ``felt_tick``; a bar of the style begins where both origins are."""
        self._style = style
        self._slow = _SLOW_IN_THREES if style.meter.in_threes else _SLOW
        self._stride = _stride(_PLAIN, felt_origin, style_origin)
        sixths = self._choose(tempo_bpm, reluctance=1.0)
        self._stride = _stride(sixths, felt_origin, style_origin)
        self._cut_until = self._stride.style_after(felt_tick)

    @property
    def time_ratio(self) -> float:
        """Felt beats in a beat of the style: 2 (in 6/8: 3) at half time, 0.5 at double time."""
        return self._stride.time_ratio

    def style_tick(self, felt_tick: int) -> int:
        """Tell the place in the style at a felt tick of now."""
        return self._stride.style_tick(felt_tick)

    def hand_over(self, style: Style, felt_tick: int, tempo_bpm: float) -> Pace:
        """Let another style go on: a section of it begins with the bar after ``felt_tick``.

        What is left of this bar is the end of its section before, so that no place is negative.
        """
        bar, section = self._style.meter.ticks, 2 * phrase_ticks(style)
        style_tick = self._stride.style_after(felt_tick)
        opens = -(-style_tick // bar) * bar
        next_section = (-(-max(opens, 1) // section)) * section
        return Pace(
            style,
            tempo_bpm,
            felt_tick=felt_tick,
            felt_origin=self._stride.felt_after(opens),
            style_origin=next_section,
        )

    def cut(self, felt_end: int, tempo_bpm: float) -> list[Span]:
        """Cut at joints what lies between the last cut and the felt tick ``felt_end``.

        Returns:
            Spans whose ends meet.
        """
        spans: list[Span] = []
        meter = self._style.meter
        joint_ticks = meter.joint_ticks
        start, end = self._cut_until, self._stride.style_after(felt_end)
        while start < end:
            within = start % joint_ticks
            at_bar = within == 0 and start % meter.ticks == 0
            if at_bar and self._turn(start, self._choose(tempo_bpm)):
                end = self._stride.style_after(felt_end)
            joint = start - within + joint_ticks
            spans.append(Span(start, min(joint, end), within == 0, at_bar, self._stride))
            start = joint
        self._cut_until = end
        return spans

    def _turn(self, style_tick: int, sixths: int) -> bool:
        """Go on at another pace from the beginning of a bar; tell whether it is another."""
        if sixths == self._stride.sixths:
            return False
        self._stride = _stride(sixths, self._stride.felt_after(style_tick), style_tick)
        return True

    def _choose(self, tempo_bpm: float, *, reluctance: float = _RELUCTANCE) -> int:
        """Keep the pace while it fits, else take the one that does."""
        low_bpm, high_bpm = self._style.tempo_range_bpm

        def fits(sixths: int, spare: float) -> bool:
            own_bpm = tempo_bpm * sixths / _PLAIN
            return low_bpm / spare <= own_bpm <= high_bpm * spare

        if fits(self._stride.sixths, reluctance):
            return self._stride.sixths
        for sixths in (_PLAIN, self._slow, _FAST):
            if fits(sixths, 1.0):
                return sixths
        return self._slow if tempo_bpm > high_bpm else _FAST
