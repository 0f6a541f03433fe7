"""What goes wrong when, as words: ``drop@10``, ``silence@20+5``, ``clock_jump@30``.

``WHAT@SECONDS`` or ``WHAT@SECONDS+FOR``, in the body's time. What strikes bytes and times becomes
a fault of ``simulate.faults``; what strikes the link is done to the peripheral when it is due.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from biofeedback.decode.polar_pmd_control import Status
from biofeedback.errors import SettingsError
from biofeedback.simulate import packets
from biofeedback.simulate.faults import (
    ClockJump,
    ClockReset,
    ContactLost,
    Corrupt,
    Duplicate,
    Silence,
    Stall,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.simulate.faults import Fault
    from biofeedback.virtual.peripheral import Peripheral

_WORDS = re.compile(
    r"(?P<what>[a-z][a-z0-9_]*)(:(?P<value>-?[\w.]+))?@(?P<at>\d+(\.\d+)?)(\+(?P<last>\d+(\.\d+)?))?"
)
_DEFAULT_LAST_S = 5.0
_JUMP_S = 3600.0
_SEED = 1


@dataclass(frozen=True, slots=True)
class Mishap:
    """One thing that goes wrong; ``value`` is its own number or word, if it has one."""

    what: str
    at_s: float
    last_s: float
    value: str | None


PACKET_MISHAPS: Final[dict[str, Callable[[Mishap], Fault]]] = {
    "silence": lambda m: Silence(from_s=m.at_s, to_s=m.at_s + m.last_s),
    "burst": lambda m: Stall(from_s=m.at_s, to_s=m.at_s + m.last_s),
    "duplicate": lambda m: Duplicate(from_s=m.at_s, to_s=m.at_s + m.last_s),
    "corrupt": lambda m: Corrupt(from_s=m.at_s, to_s=m.at_s + m.last_s, share=0.3, seed=_SEED),
    "contact_lost": lambda m: ContactLost(from_s=m.at_s, to_s=m.at_s + m.last_s),
    "clock_2019": lambda m: ClockReset(at_s=m.at_s),
    "clock_jump": lambda m: ClockJump(at_s=m.at_s, by_s=_number(m, _JUMP_S)),
}

LINK_MISHAPS: Final = (
    "drop",
    "out_of_range",
    "cut_packet",
    "wrong_mtu",
    "device_stop",
    "already_in_state",
    "refuse_start",
    "battery",
)


def parse_mishap(text: str) -> Mishap:
    """Read one mishap.

    Raises:
        SettingsError: It isn't one; the message lists them.
    """
    match = _WORDS.fullmatch(text.strip())
    known = [*PACKET_MISHAPS, *LINK_MISHAPS]
    if match is None or match["what"] not in known:
        raise SettingsError(
            f"--fault {text}: give WHAT@SECONDS or WHAT@SECONDS+FOR, where WHAT is one of "
            f"{', '.join(known)} (battery:9@0, refuse_start:in_charger@0, clock_jump:-5@30)"
        )
    mishap = Mishap(
        what=match["what"],
        at_s=float(match["at"]),
        last_s=float(match["last"] or _DEFAULT_LAST_S),
        value=match["value"],
    )
    if mishap.what == "refuse_start" and mishap.value not in {None, *get_args(Status)}:
        raise SettingsError(
            f"--fault {text}: a start is refused with {', '.join(get_args(Status))}"
        )
    if mishap.what in {"battery", "clock_jump"}:
        _number(mishap, 0.0)
    return mishap


def packet_faults(mishaps: Sequence[Mishap]) -> list[Fault]:
    """Give the faults that strike packets."""
    return [PACKET_MISHAPS[m.what](m) for m in mishaps if m.what in PACKET_MISHAPS]


async def strike_link(peripheral: Peripheral, mishaps: Sequence[Mishap]) -> None:
    """Do to the link what is due, until all is done."""
    for mishap in sorted(mishaps, key=lambda m: m.at_s):
        if mishap.what in PACKET_MISHAPS:
            continue
        delay_s = peripheral.host_s(mishap.at_s) - asyncio.get_running_loop().time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        await _strike(peripheral, mishap)


async def _strike(peripheral: Peripheral, mishap: Mishap) -> None:
    control = getattr(peripheral.device, "control", None)
    match mishap.what:
        case "drop":
            await peripheral.hang_up()
        case "out_of_range":
            peripheral.leave()
            loop = asyncio.get_running_loop()
            end_s = peripheral.host_s(mishap.at_s + mishap.last_s)
            loop.call_at(end_s, peripheral.come_back)
        case "cut_packet":
            peripheral.cut_next_packet()
        case "wrong_mtu":
            peripheral.refuse_mtu()
        case "device_stop":
            peripheral.stop_measurements()
        case "already_in_state" if control is not None:
            control.refuse_next = "already_in_state"
        case "refuse_start" if control is not None:
            control.refuse_always = mishap.value or "invalid_parameter"
        case "battery":
            percent = max(0, min(255, int(_number(mishap, 9.0))))
            peripheral.device.values[packets.BATTERY_UUID] = packets.encode_battery(percent)
            peripheral.send(packets.BATTERY_UUID, packets.encode_battery(percent))
        case _:
            pass


def _number(mishap: Mishap, default: float) -> float:
    if mishap.value is None:
        return default
    try:
        return float(mishap.value)
    except ValueError as error:
        raise SettingsError(f"--fault {mishap.what}:{mishap.value}: a number is needed") from error
