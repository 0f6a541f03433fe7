"""What is found of one sensor of one wearer, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from biofeedback.messages import EventDetected, MeasureTaken, NoticeGiven

if TYPE_CHECKING:
    from biofeedback.messages import Direction, Event, Measure, NoticeCode, Side

Finding: TypeAlias = MeasureTaken | EventDetected | NoticeGiven


class Teller:
    """Knows whose findings they are."""

    def __init__(self, wearer: str, sensor: str) -> None:
        self._wearer = wearer
        self._sensor = sensor

    def measure(self, measure: Measure, value: float, quality: float, at_ns: int) -> MeasureTaken:
        """Tell a value that became known at ``at_ns``; ``quality`` is 0..1."""
        return MeasureTaken(
            at_ns=at_ns,
            wearer=self._wearer,
            sensor=self._sensor,
            measure=measure,
            value=value,
            quality=quality,
        )

    def event(
        self,
        event: Event,
        event_ns: int,
        quality: float,
        at_ns: int,
        *,
        strength: float | None = None,
        direction: Direction | None = None,
        side: Side | None = None,
    ) -> EventDetected:
        """Tell something that was at ``event_ns`` and became known at ``at_ns``."""
        return EventDetected(
            at_ns=at_ns,
            wearer=self._wearer,
            sensor=self._sensor,
            event=event,
            event_ns=event_ns,
            strength=strength,
            quality=quality,
            direction=direction,
            side=side,
        )

    def notice(self, code: NoticeCode, at_ns: int, *, detail: str | None = None) -> NoticeGiven:
        """Tell something that a person should know."""
        return NoticeGiven(
            at_ns=at_ns, code=code, wearer=self._wearer, sensor=self._sensor, detail=detail
        )
