"""What is known of one wearable: how to find it, read it, start it, and what it can't do.

A profile is a TOML file in ``firmware_profiles/``. It is data, so it travels in the header of a
trace: an old session can be read again with the profile it was recorded with.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast, get_args

import msgspec
from msgspec import Meta

from biofeedback.decode.packets import DECODERS, PLAIN, make_decoder
from biofeedback.decode.plain import Feed, Field, Layout, Number, check_layout, decode_plain
from biofeedback.errors import ProfileError
from biofeedback.messages import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from biofeedback.decode.context import Context

MAX_PROFILE_BYTES = 1 << 20
SHORT_UUID = "0000{}-0000-1000-8000-00805f9b34fb"
MANUFACTURER = "manufacturer:"
"""Advertised data of a company stand among the characteristics as ``manufacturer:0157``."""

StreamName = Literal[
    "heart_rate",
    "rr_intervals",
    "pulse_intervals",
    "acceleration",
    "ecg",
    "ppg",
    "gyroscope",
    "magnetometer",
    "temperature",
    "cadence",
    "oxygen",
    "battery",
    "device_information",
]
HeartSource = Literal["electrical", "optical", "unknown"]
CadenceUnit = Literal["steps", "strides", "revolutions"]
Access = Literal["notify", "indicate", "read", "write", "advertisement"]
Answer = Literal["yes", "no", "some", "unknown"]
Certainty = Literal["confirmed", "documented", "reported"]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=400)]
Uuid = Annotated[
    str,
    Meta(pattern=r"^([0-9a-f]{4}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\Z"),
]
Source = Annotated[
    str,
    Meta(
        pattern=r"^((manufacturer:)?[0-9a-f]{4}|"
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\Z"
    ),
]
HexBytes = Annotated[str, Meta(pattern=r"^[0-9a-f]{2}( ?[0-9a-f]{2}){0,63}\Z")]
RateHz = Annotated[float, Meta(gt=0, le=10_000)]
FullScale = Annotated[float, Meta(gt=0, le=1_000_000)]


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a band is recognised in the air: any service, name pattern or company is enough.

    ``names`` are patterns with ``*``; a name alone never binds a person to a device.
    """

    services: tuple[Uuid, ...] = ()
    names: tuple[Text, ...] = ()
    manufacturers: tuple[Annotated[str, Meta(pattern=r"^[0-9a-f]{4}\Z")], ...] = ()


class Characteristic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One characteristic: what its value holds, and what a value written to it holds.

    The layouts are those of the format ``plain``.
    """

    uuid: Source
    service: Source
    access: tuple[Access, ...]
    format: str | None = None
    write_format: str | None = None
    layouts: tuple[Layout, ...] = ()
    write_layouts: tuple[Layout, ...] = ()


class Write(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes for one characteristic."""

    characteristic: Uuid
    value: HexBytes


class Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to start a stream: these bytes to ``Profile.control``, one after another.

    ``also`` goes first, for wearables with a characteristic for each setting. ``models`` are the
    model numbers (2A24) of those that need this start and take no other; others never get it.
    """

    rate_hz: RateHz | None = None
    full_scale: FullScale | None = None
    commands: tuple[HexBytes, ...]
    also: tuple[Write, ...] = ()
    models: tuple[Text, ...] = ()
    note: Text | None = None


class KeepAlive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has to be written again and again while a stream runs, or it ends by itself."""

    every_s: Annotated[float, Meta(ge=1, le=600)]
    commands: Annotated[tuple[HexBytes, ...], Meta(min_length=1)]


class Stream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the wearable delivers. ``rate_hz`` and ``full_scale`` are those of the first start.

    ``full_scale`` of one axis and ``factor`` (unit per count of a scaled frame) are in the
    ``unit`` of the stream. ``cadence_unit`` is None where products differ: it is then learned.
    ``by_default`` tells whether it is started although nobody asked for it; unless it says so,
    acceleration and heart rate are, which music needs. Others cost battery and air.
    """

    name: StreamName
    characteristic: Source
    unit: Text | None = None
    rate_hz: RateHz | None = None
    rates_hz: tuple[RateHz, ...] = ()
    full_scale: FullScale | None = None
    full_scales: tuple[FullScale, ...] = ()
    factor: Annotated[float, Meta(gt=0, le=1000)] | None = None
    cadence_unit: CadenceUnit | None = None
    samples_per_packet: Annotated[int, Meta(ge=1, le=4096)] | None = None
    starts: tuple[Start, ...] = ()
    stop: tuple[HexBytes, ...] = ()
    keep_alive: KeepAlive | None = None
    by_default: bool | None = None
    note: Text | None = None


class Broadcast(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a person switches the heart-rate broadcast of a product on."""

    product: Text
    steps: Text
    rr_intervals: Answer
    certainty: Certainty


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wearable, or one family that speaks the same.

    ``denied_firmwares`` are patterns with ``*`` of firmwares that are known to misbehave: a
    sensor with one is refused unless a person insists. ``script`` is a file beside the profile
    that is sent to ``control``, line by line, before any start. ``context`` is what holds when
    nothing else was learned.
    """

    name: Name
    title: Text
    maker: Text
    models: tuple[Text, ...]
    match: Match
    sites: Annotated[tuple[Site, ...], Meta(min_length=1)]
    heart_source: HeartSource
    min_mtu: Annotated[int, Meta(ge=23, le=517)] = 23
    denied_firmwares: tuple[Text, ...] = ()
    first_data_within_s: Annotated[float, Meta(gt=0, le=120)]
    control: Uuid | None = None
    script: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}\.js\Z")] | None = None
    context: dict[str, float] = {}
    characteristics: Annotated[tuple[Characteristic, ...], Meta(min_length=1)]
    streams: Annotated[tuple[Stream, ...], Meta(min_length=1)]
    broadcasts: tuple[Broadcast, ...] = ()
    quirks: tuple[Text, ...] = ()
    cannot: tuple[Text, ...] = ()
    sources: Annotated[tuple[Text, ...], Meta(min_length=1)]


def expand_uuid(uuid: str) -> str:
    """Return the full lower-case form; 16-bit numbers of the Bluetooth SIG may be short."""
    lower = uuid.strip().lower().removeprefix("0x")
    if lower.startswith(MANUFACTURER):
        return lower
    return SHORT_UUID.format(lower) if len(lower) == 4 else lower


def find_characteristic(profile: Profile, uuid: str) -> Characteristic | None:
    """Return the characteristic with this short or full UUID, None if the profile has none."""
    wanted = expand_uuid(uuid)
    for characteristic in profile.characteristics:
        if expand_uuid(characteristic.uuid) == wanted:
            return characteristic
    return None


def find_stream(profile: Profile, name: StreamName) -> Stream | None:
    """Return the stream with this name, None if the wearable doesn't deliver it."""
    return next((stream for stream in profile.streams if stream.name == name), None)


def find_decoder(
    characteristic: Characteristic, *, write: bool
) -> Callable[[bytes, Context], Any] | None:
    """Return what decodes the values of a characteristic, or those written to it; None if unknown.

    The decoder takes the payload and the context, and raises Malformed and nothing else.
    """
    packet_format = characteristic.write_format if write else characteristic.format
    if packet_format is None:
        return None
    if packet_format == PLAIN:
        return decode_plain(characteristic.write_layouts if write else characteristic.layouts)
    return make_decoder(packet_format)


def parse_profile(text: str, *, source: str) -> Profile:
    """Read and check a profile.

    Args:
        text: TOML.
        source: What the text came from, for the message.

    Raises:
        ProfileError: Names the source, the key, the value and what is allowed.
    """
    if len(text) > MAX_PROFILE_BYTES:
        raise ProfileError(f"{source}: larger than {MAX_PROFILE_BYTES} bytes: this is no profile")
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        hint = (
            " (it begins with a byte-order mark: save it without)" if text[:1] == "\ufeff" else ""
        )
        raise ProfileError(f"{source}: not valid TOML: {error}{hint}") from error
    for key, number in _numbers(raw, ""):
        if not math.isfinite(number):
            raise ProfileError(f"{source}: {key} = {number}: a finite number is needed")
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{source}: {_explain(str(error), raw)}") from error
    _check_references(profile, source)
    return profile


def _check_references(profile: Profile, source: str) -> None:
    """Check what one part of a profile says of another."""
    known = [expand_uuid(characteristic.uuid) for characteristic in profile.characteristics]
    names = [stream.name for stream in profile.streams]
    for key, values in (("characteristics", known), ("streams", names)):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ProfileError(f"{source}: {key}: {twice[0]!r} stands there twice")
    for key, value in _used_formats(profile):
        if value not in DECODERS and value != PLAIN:
            hint = _did_you_mean(value, [*DECODERS, PLAIN])
            raise ProfileError(f"{source}: {key} = {value!r}: not a known packet format{hint}")
    for complaint in _wrong_layouts(profile):
        raise ProfileError(f"{source}: {complaint}")
    for key, uuid in _used_characteristics(profile):
        if expand_uuid(uuid) not in known:
            raise ProfileError(f"{source}: {key} = {uuid!r}: not among the characteristics")
    if profile.control is None and any(stream.starts for stream in profile.streams):
        raise ProfileError(f"{source}: streams have start commands, but control is missing")


def _used_formats(profile: Profile) -> Iterator[tuple[str, str]]:
    for position, characteristic in enumerate(profile.characteristics):
        if characteristic.format is not None:
            yield f"characteristics[{position}].format", characteristic.format
        if characteristic.write_format is not None:
            yield f"characteristics[{position}].write_format", characteristic.write_format


def _wrong_layouts(profile: Profile) -> Iterator[str]:
    for position, part in enumerate(profile.characteristics):
        for key, packet_format, layouts in (
            ("layouts", part.format, part.layouts),
            ("write_layouts", part.write_format, part.write_layouts),
        ):
            where = f"characteristics[{position}].{key}"
            if bool(layouts) != (packet_format == PLAIN):
                yield f"{where}: the format {PLAIN!r} has layouts, and no other has"
            for number, layout in enumerate(layouts):
                yield from (f"{where}[{number}]: {wrong}" for wrong in check_layout(layout))


def _used_characteristics(profile: Profile) -> Iterator[tuple[str, str]]:
    for position, stream in enumerate(profile.streams):
        yield f"streams[{position}].characteristic", stream.characteristic
        for number, start in enumerate(stream.starts):
            for write in start.also:
                yield f"streams[{position}].starts[{number}].also", write.characteristic
    if profile.control is not None:
        yield "control", profile.control


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    """Walk over all floats of parsed TOML with their keys."""
    if isinstance(value, dict):
        for key, part in cast("dict[str, Any]", value).items():
            yield from _numbers(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for position, part in enumerate(cast("list[Any]", value)):
            yield from _numbers(part, f"{path}[{position}]")
    elif isinstance(value, float):
        yield path, value


def _explain(message: str, raw: dict[str, Any]) -> str:
    """Turn a validation message into: key = value: what is allowed (did you mean ...)."""
    complaint, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    value = _value_at(raw, path)
    where = f"{path} = {value!r}: " if isinstance(value, (str, int, float)) else f"{path}: "
    key = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    hint = ""
    unknown = re.search(r"unknown field `(.*)`", complaint)
    if unknown:
        hint = _did_you_mean(unknown[1], _field_names())
    elif "Invalid enum value" in complaint:
        allowed = ALLOWED_WORDS.get(key, ())
        hint = f"; allowed: {', '.join(allowed)}{_did_you_mean(str(value), allowed)}"
    elif "matching regex" in complaint:
        complaint = next((words for words, keys in PATTERNS.items() if key in keys), complaint)
    return f"{where if path else ''}{complaint}{hint}"


def _value_at(raw: Any, path: str) -> Any:
    """Return what stands at a path such as ``streams[1].rate_hz``, None if nothing does."""
    value = raw
    for key in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list) and key.isdecimal():
            parts = cast("list[Any]", value)
            value = parts[int(key)] if int(key) < len(parts) else None
        elif isinstance(value, dict):
            value = cast("dict[str, Any]", value).get(key)
        else:
            return None
    return value


def _field_names() -> list[str]:
    parts = (
        Profile,
        Match,
        Characteristic,
        Layout,
        Field,
        Stream,
        Start,
        Write,
        KeepAlive,
        Broadcast,
    )
    return sorted({name for part in parts for name in part.__struct_fields__})


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


ALLOWED_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "sites": get_args(Site),
    "name": get_args(StreamName),
    "heart_source": get_args(HeartSource),
    "access": get_args(Access),
    "rr_intervals": get_args(Answer),
    "certainty": get_args(Certainty),
    "cadence_unit": get_args(CadenceUnit),
    "type": get_args(Number),
    "feeds": get_args(Feed),
}

PATTERNS: Final[dict[str, frozenset[str]]] = {
    "expected a UUID in lower case, four digits or full": frozenset(
        {"uuid", "service", "services", "characteristic", "control"}
    ),
    "expected bytes in lower-case hex, at most 64": frozenset({"commands", "stop", "value"}),
    "expected 2 to 40 lower-case letters, digits or _": frozenset({"name"}),
}
"""What a pattern means -> the keys that have it."""
