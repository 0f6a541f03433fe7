"""``biofeedback virtual``: a virtual wearable that other computers, phones and programs can see."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from biofeedback.cli.options import parse_duration_s
from biofeedback.errors import BluetoothUnavailable, SettingsError
from biofeedback.profiles import load_profile
from biofeedback.settings import did_you_mean
from biofeedback.simulate.body import Body
from biofeedback.simulate.scenarios import SCENARIOS, draw_person
from biofeedback.simulate.story import Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.virtual.mishaps import Mishap
    from biofeedback.virtual.peripheral import Peripheral

ADDRESS = "C0:FF:EE:00:00:01"
RANDOM_STATIC: Final = re.compile(r"[C-Fc-f][0-9A-Fa-f](:[0-9A-Fa-f]{2}){5}")
RADIOS: Final = frozenset({"usb", "pyusb", "hci-socket"})
REPORT_EVERY_S = 1.0


def virtual_command(
    profile: Annotated[str, typer.Argument(help="As in: biofeedback profiles list.")],
    transport: Annotated[
        str, typer.Option(help="Where the radio is, as bumble calls it: usb:0, hci-socket:0.")
    ] = "usb:0",
    scenario: Annotated[str, typer.Option(help="What the wearer does.")] = "walk",
    seed: Annotated[int, typer.Option(help="Same seed, same person.", min=0)] = 1,
    serial: Annotated[str, typer.Option(help="The number in its name.")] = "00000001",
    address: Annotated[str, typer.Option(help="Its random static address.")] = ADDRESS,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong when: drop@10, silence@20+5 (several times)."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(help="End after this time.", metavar="TIME")
    ] = None,
) -> None:
    """Be a wearable: advertise, accept connections, send what its wearer would feel.

    It needs a Bluetooth adapter that the system doesn't use itself, and the extra ``virtual``.

    Example: biofeedback virtual polar_h10 --scenario walk --transport usb:0 --fault drop@30
    """
    seconds = None if duration is None else parse_duration_s(duration)
    if RANDOM_STATIC.fullmatch(address) is None:
        raise SettingsError(
            f"--address {address}: give six bytes, the first of them C0 or more: {ADDRESS}."
        )
    try:
        from biofeedback.virtual.mishaps import packet_faults, parse_mishap  # noqa: PLC0415 - optional
        from biofeedback.virtual.peripheral import Peripheral  # noqa: PLC0415 - same
        from biofeedback.virtual.wearables import make_device  # noqa: PLC0415 - same
    except ImportError as error:
        raise SettingsError(
            f"virtual wearables need the extra 'virtual': pip install 'biofeedback[virtual]' "
            f"({error.name} is missing)"
        ) from error
    if scenario not in SCENARIOS:
        near = did_you_mean(scenario, tuple(SCENARIOS))
        raise SettingsError(f"--scenario {scenario}: there is no such scenario.{near}")
    mishaps = [parse_mishap(text) for text in fault or ()]
    known = load_profile(profile)
    body = Body(draw_person(seed), Story(SCENARIOS[scenario]), seed=seed)
    device = make_device(known, body, known.sites[0], serial=serial)
    peripheral = Peripheral(
        known, device, name=device.local_name(serial), faults=packet_faults(mishaps)
    )
    asyncio.run(be_wearable(peripheral, mishaps, transport, address, seconds, Console()))


async def be_wearable(
    peripheral: Peripheral,
    mishaps: Sequence[Mishap],
    transport: str,
    address: str,
    seconds: float | None,
    console: Console,
) -> None:
    """Be on the air until the time is over or somebody says stop.

    Raises:
        BluetoothUnavailable: The transport can't be opened.
    """
    from biofeedback.virtual.mishaps import strike_link  # noqa: PLC0415 - an optional extra

    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there Ctrl-C ends the program by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, until.set)
    try:
        await peripheral.start_on(transport, address=address)
    except Exception as error:
        step = "Who listens at its other end? Else give usb:0"
        if transport.partition(":")[0] in RADIOS:
            step = (
                "Plug in an adapter that the system doesn't use (Linux: rmmod btusb, or hciconfig "
                "hci0 down)"
            )
        raise BluetoothUnavailable(
            f"--transport {transport} can't be opened: {error or type(error).__name__}. {step}",
            reason="transport",
        ) from error
    striking = asyncio.create_task(strike_link(peripheral, mishaps))
    console.print(f"{peripheral.name} is in the air on {transport}. Ctrl-C ends it.")
    shown = ""
    try:
        async with asyncio.timeout(seconds):
            while not until.is_set():
                said = f"{len(peripheral.connections)} connected, {peripheral.packets} packets sent"
                if said != shown:
                    console.print(said)
                    shown = said
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(until.wait(), REPORT_EVERY_S)
    except TimeoutError:
        console.print("the time is over")
    finally:
        striking.cancel()
        await peripheral.stop()
