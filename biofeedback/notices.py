"""What a person should know: each thing once in half a minute, and when a sensor falls silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S, NoticeGiven

if TYPE_CHECKING:
    from biofeedback.messages import LinkFact, NoticeCode, Output

NOTICE_EVERY_NS = 30 * NS_PER_S
SILENT_NS = 3 * NS_PER_S

LINK_NOTICES: dict[LinkFact, NoticeCode] = {
    "lost": "link_lost",
    "often_lost": "link_often_lost",
    "in_use": "sensor_in_use",
    "refused": "sensor_refused",
    "bluetooth_off": "bluetooth_off",
    "firmware_changed": "firmware_changed",
}


class Notices:
    """Thins notices out (H28), and watches the packets of the sensors."""

    def __init__(self) -> None:
        self._told_ns: dict[tuple[NoticeCode, str | None, str | None], int] = {}
        self._last_packet_ns: dict[tuple[str, str], int] = {}
        self._silent: set[tuple[str, str]] = set()  # and it was told

    def tell(self, notice: NoticeGiven, outputs: list[Output]) -> bool:
        """Give a notice, unless the same was given within the last 30 s; say whether it was."""
        key = (notice.code, notice.wearer, notice.sensor)
        if self._was_told(*key, notice.at_ns):
            return False
        self._told_ns[key] = notice.at_ns
        outputs.append(notice)
        return True

    def hear(self, wearer: str, sensor: str, at_ns: int) -> None:
        """Note that a packet came."""
        self._last_packet_ns[wearer, sensor] = at_ns

    def forget(self, wearer: str, sensor: str) -> None:
        """Forget a sensor that left for good."""
        self._last_packet_ns.pop((wearer, sensor), None)
        self._silent.discard((wearer, sensor))

    def watch(self, at_ns: int, outputs: list[Output]) -> None:
        """Tell when a sensor has fallen silent, and when it is back.

        Only silence is thinned out: it waits until neither of the two was told of this sensor for
        30 s, and is told then if it still lasts. So a return follows each told silence at once,
        and still comes once in 30 s at most: nobody is left with a silence that is over.
        """
        for key, last_ns in self._last_packet_ns.items():
            silent = at_ns - last_ns > SILENT_NS
            if silent == (key in self._silent):
                continue
            if silent and self._was_told("sensor_back", *key, at_ns):
                continue
            code: NoticeCode = "sensor_stale" if silent else "sensor_back"
            wearer, sensor = key
            notice = NoticeGiven(at_ns=at_ns, code=code, wearer=wearer, sensor=sensor)
            if self.tell(notice, outputs):
                self._silent ^= {key}

    def _was_told(
        self, code: NoticeCode, wearer: str | None, sensor: str | None, at_ns: int
    ) -> bool:
        last_ns = self._told_ns.get((code, wearer, sensor))
        return last_ns is not None and at_ns - last_ns < NOTICE_EVERY_NS
