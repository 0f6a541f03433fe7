"""Options that several commands share: sources, durations, plans."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biofeedback.app import InboxSource
from biofeedback.cli.sensors import open_sensors
from biofeedback.errors import SettingsError
from biofeedback.plan_files import read_plan_text
from biofeedback.settings import (
    Settings,
    check_meter,
    check_meter_name,
    check_style,
    check_together,
    did_you_mean,
    parse_settings,
)
from biofeedback.simulate.recording import open_recording
from biofeedback.simulate.scenarios import SCENARIOS, make_scenario
from biofeedback.trace.reader import read_trace
from biofeedback.trace.source import TraceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.ble.source import BleSource
    from biofeedback.simulate.source import Source

_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>s|m|h|)")
_SECONDS = {"s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
ONE_WEARER = frozenset({"p1"})
_NAMES = {
    "sim": (f"the scenario ({', '.join(sorted(SCENARIOS))})", "sim:walk"),
    "recording": ("the file", "recording:walk.json"),
    "trace": ("the file", "trace:walk.trace.jsonl"),
}
SOURCE_KINDS = ("demo", "sim", "recording", "trace", "ble")


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source that is ready to run, what to call it, and how long it lasts if it ends by itself.

    ``kind_and_name`` fits a file name. ``left_out`` names what a recording holds and nobody plays.
    ``sensors`` push their messages by themselves. ``wearers`` is None when nobody knows yet who
    will join.
    """

    source: Source
    title: str
    kind_and_name: str
    duration_s: float | None
    wearers: frozenset[str] | None
    left_out: tuple[str, ...] = ()
    sensors: BleSource | None = None


def parse_duration_s(text: str, *, option: str = "--duration") -> float:
    """Read ``90s``, ``10m``, ``1.5h`` or plain seconds; ``option`` is what it was given to.

    Raises:
        SettingsError: It is something else, or not longer than zero.
    """
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match["number"]) * _SECONDS[match["unit"]] if match else 0.0
    if seconds <= 0:
        raise SettingsError(
            f"{option} {text}: give a number above zero with s, m or h: 90s, 10m, 1h."
        )
    return seconds


def open_source(text: str, *, seed: int, duration_s: float | None) -> OpenSource:
    """Open what ``--from`` names.

    Raises:
        SettingsError: There is no such kind of source or scenario.
        RecordingError: The recording can't be read.
        TraceError: The trace can't be read.
        DeviceError: Sensors in the air can't be had.
    """
    kind, _, name = text.partition(":")
    if kind in _NAMES and not name:
        what, example = _NAMES[kind]
        raise SettingsError(f"--from {kind}: {what} is missing after the colon: --from {example}")
    if kind == "demo" and not name:
        source = make_scenario("demo", seed=seed, duration_s=duration_s)
        return OpenSource(source, "a virtual person's story", "demo", source.duration_s, ONE_WEARER)
    if kind == "sim":
        source = make_scenario(name, seed=seed, duration_s=duration_s)
        return OpenSource(
            source, f"a virtual person: {name}", f"sim-{name}", source.duration_s, ONE_WEARER
        )
    if kind == "recording":
        recording = open_recording(Path(name))
        title = f"recording {Path(name).stem}: {recording.title}"
        stem, left_out = Path(name).stem, recording.left_out
        return OpenSource(recording, title, stem, recording.duration_s, ONE_WEARER, left_out)
    if kind == "trace":
        source = TraceSource(read_trace(Path(name)))
        stem = Path(name).name.removesuffix(".jsonl").removesuffix(".trace")
        title = f"the packets of {Path(name).name}"
        return OpenSource(source, title, stem, source.duration_s, source.wearers)
    if kind == "ble":
        return open_sources([text], seed=seed, duration_s=duration_s)
    raise SettingsError(
        f"--from {text}: give demo, sim:SCENARIO ({', '.join(sorted(SCENARIOS))}), "
        f"recording:FILE, trace:FILE or ble.{_hint(kind)}"
    )


def open_sources(
    texts: Sequence[str],
    *,
    seed: int,
    duration_s: float | None,
    even_if_empty: bool = False,
    even_if_denied: bool = False,
) -> OpenSource:
    """Open what one or several ``--from`` name; several only of sensors in the air.

    Raises:
        SettingsError: Sensors were mixed with something else.
        BiofeedbackError: As ``open_source``.
    """
    kinds = {text.partition(":")[0] for text in texts}
    if kinds != {"ble"}:
        if len(texts) > 1:
            raise SettingsError(
                "--from can be given several times for sensors only: --from ble:NAME "
                "--from ble:OTHER"
            )
        return open_source(texts[0], seed=seed, duration_s=duration_s)
    names = [text.partition(":")[2] for text in texts]
    sensors = open_sensors(names, even_if_empty=even_if_empty, even_if_denied=even_if_denied)
    return OpenSource(InboxSource(), "live sensors", "ble", None, None, sensors=sensors)


def check_persons(settings: Settings, opened: OpenSource) -> None:
    """Refuse a plan for somebody who isn't here: their limits would guard nobody.

    Raises:
        SettingsError: Who is missing, and who is here.
    """
    if opened.wearers is None:
        return
    for name in settings.persons:
        if name not in opened.wearers:
            here = ", ".join(sorted(opened.wearers)) or "nobody"
            raise SettingsError(
                f"the plan has limits for '{name}', who is not in this source. Here: {here}."
            )


def _hint(kind: str) -> str:
    near = did_you_mean(kind, SOURCE_KINDS)
    return near if near.startswith(" Did") else ""


def read_plan(
    path: Path | None, *, seed: int | None, style: str | None, meter: str | None = None
) -> Settings:
    """Read a plan (a file, or the name of one that comes along) and lay the other choices over it.

    Raises:
        SettingsError: The file or a value in it can't be used.
    """
    settings = Settings()
    if path is not None:
        settings = parse_settings(read_plan_text(path), source=str(path))
    if seed is not None:
        settings = msgspec.structs.replace(settings, seed=seed)
    music = settings.music
    if style is not None:
        music = msgspec.structs.replace(music, style=check_style(style))
    if meter is not None:
        music = msgspec.structs.replace(music, meter=check_meter_name(meter))
    check_meter(music, source="--style" if meter is None else "--meter")
    settings = msgspec.structs.replace(settings, music=music)
    check_together(settings, source=str(path or "command line"))
    return settings
