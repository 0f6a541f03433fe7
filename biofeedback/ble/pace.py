"""How long things may take; tests are in a hurry, people are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Pace:
    """Time limits of a link, in seconds.

    ``silence_s`` is how long a sensor that sent may send nothing; ``first_packet_s`` when a
    silent subscription is made again; ``listen_s`` how long one look for a lost sensor lasts.
    """

    connect_s: float = 20.0
    setup_s: float = 30.0
    disconnect_s: float = 5.0
    stop_s: float = 1.5
    close_s: float = 3.0
    reply_s: float = 5.0
    settle_s: float = 0.3
    stagger_s: float = 0.2
    listen_s: float = 15.0
    first_packet_s: float = 5.0
    silence_s: float = 6.0
    check_s: float = 0.5
    battery_every_s: float = 300.0
    first_delay_s: float = 0.25
    longest_delay_s: float = 15.0
    in_use_delay_s: float = 10.0
    adapter_delay_s: float = 3.0
    often_within_s: float = 300.0


class BackOff:
    """Delays between attempts: 0.25, 0.5, 1, 2, 4 ... 15 s, each 20 % shorter or longer."""

    JITTER = 0.2

    def __init__(self, pace: Pace, rng: random.Random) -> None:
        self._pace = pace
        self._rng = rng
        self._delay_s = pace.first_delay_s

    def reset(self) -> None:
        """Begin anew: the sensor delivers."""
        self._delay_s = self._pace.first_delay_s

    def next_s(self) -> float:
        """Say how long to wait before the next attempt."""
        delay_s = self._delay_s
        self._delay_s = min(2 * delay_s, self._pace.longest_delay_s)
        return delay_s * self._rng.uniform(1 - self.JITTER, 1 + self.JITTER)
