"""From what a person says (a name, an address, nothing) to exactly the sensors that are meant.

A name alone never decides between two devices, and nothing is connected on a guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, get_args

from biofeedback.ble.identify import pseudonym
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.scan import guess_profile
from biofeedback.ble.wanted import NOT_DATA, Wanted
from biofeedback.decode.profile import StreamName
from biofeedback.errors import DeviceNotFound, SettingsError
from biofeedback.messages import Axis, Site
from biofeedback.profiles import read_script
from biofeedback.settings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.ble.identify import Binding, Bindings
    from biofeedback.ble.scan import Sighting
    from biofeedback.decode.profile import Profile

DEFAULT_WEARER = "p1"
_SITE: Final = "site="
_LEFT: Final = "left="
_AXES: Final[dict[str, Axis]] = {axis: axis for axis in get_args(Axis)}
_SITES: Final[dict[str, Site]] = {site: site for site in get_args(Site)}
STREAM_NAMES: Final = tuple(name for name in get_args(StreamName) if name not in NOT_DATA)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person asked for: ``wearer=what,site=where,left=axis,stream=rate``.

    ``what`` is None for "my sensor", ``site`` and ``left_axis`` where nobody said it.

    ``streams`` are asked for beside those that are started anyhow: a rate in Hz, None for the usual
    one, 0 for none at all.
    """

    wearer: str | None
    what: str | None
    streams: tuple[tuple[str, float | None], ...] = ()
    site: Site | None = None
    left_axis: Axis | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A band in the air that can be read, and what is known of it."""

    sighting: Sighting
    profile: Profile
    code: str
    binding: Binding | None

    def answers_to(self, what: str) -> bool:
        """Tell whether this is meant by a name, an address or a code."""
        name, wanted = self.sighting.name.lower(), what.lower()
        exact = {name, self.sighting.address.lower(), self.code, self.profile.name}
        return wanted in exact or (len(wanted) > 2 and name.startswith(wanted))

    def wanted(self, wearer: str | None, site: Site | None = None) -> Wanted:
        """Say what it shall deliver, for whom, and where it is worn.

        Of a place that nobody said and that can be several, movement is left to find it.

        Raises:
            ProfileError: The script of its profile can't be read.
        """
        bound = self.binding
        return Wanted(
            wearer=wearer or (bound.wearer if bound else DEFAULT_WEARER),
            sensor=f"{self.profile.name}-{self.code[:4]}",
            address=self.sighting.address,
            profile=self.profile,
            site=site or (bound.site if bound else _only_site(self.profile)),
            firmware=bound.firmware if bound else None,
            script=read_script(self.profile),
        )


def parse_choice(text: str) -> Choice:
    """Read ``NAME_OR_ADDRESS`` or ``WEARER=NAME_OR_ADDRESS``; empty for "my sensor".

    Behind it may stand ``,site=SITE``, ``,left=AXIS`` (which of its axes points to the wearer's
    left: ``x``, ``-y``), ``,STREAM``, ``,STREAM=HZ`` and ``,STREAM=off``.

    Raises:
        SettingsError: A stream or a rate is none, or there is no such site or axis.
    """
    who, *parts = (part.strip() for part in text.split(","))
    asked = [part for part in parts if not part.startswith((_SITE, _LEFT))]
    sites = [part.removeprefix(_SITE) for part in parts if part.startswith(_SITE)]
    axes = [part.removeprefix(_LEFT) for part in parts if part.startswith(_LEFT)]
    wearer, equals, what = who.partition("=")
    if not equals:
        wearer, what = "", who
    streams = tuple(_parse_stream(part) for part in asked if part.strip())
    site = _parse_site(sites[-1]) if sites else None
    left_axis = _parse_axis(axes[-1]) if axes else None
    return Choice(wearer.strip() or None, what.strip() or None, streams, site, left_axis)


def _parse_axis(text: str) -> Axis:
    axis = _AXES.get(text.strip().lower())
    if axis is None:
        raise SettingsError(f"ble:...,{_LEFT}{text}: give one of {', '.join(_AXES)}")
    return axis


def _parse_site(text: str) -> Site:
    site = _SITES.get(text.strip().lower())
    if site is None:
        raise SettingsError(f"ble:...,{_SITE}{text}: give one of {', '.join(_SITES)}")
    return site


def _only_site(profile: Profile) -> Site:
    """Give the only place where such a sensor can be, or the usual one if it feels no movement."""
    known = [site for site in profile.sites if site != "unknown"]
    moves = any(stream.name == "acceleration" for stream in profile.streams)
    return "unknown" if moves and len(known) != 1 else profile.sites[0]


def _parse_stream(text: str) -> tuple[str, float | None]:
    name, equals, rate = text.partition("=")
    name = name.strip().replace(" ", "_").lower()
    if name not in STREAM_NAMES:
        near = did_you_mean(name, STREAM_NAMES)
        raise SettingsError(f"ble:...,{text}: there is no stream {name!r}.{near}")
    if not equals:
        return name, None
    if rate.strip() == "off":
        return name, 0.0
    try:
        rate_hz = float(rate)
    except ValueError:
        rate_hz = 0.0
    if not 0.0 < rate_hz < math.inf:
        raise SettingsError(f"ble:...,{text}: give {name}=HZ, {name}=off, or {name} alone")
    return name, rate_hz


def ask_streams(wanted: Wanted, streams: Sequence[tuple[str, float | None]]) -> Wanted:
    """Ask for other streams or rates than the usual ones.

    Raises:
        SettingsError: This wearable doesn't have one; the message lists what it has.
    """
    profile = wanted.profile
    chosen = {stream.name for stream, _ in wanted.chosen()}
    rates_hz = dict(wanted.rates_hz)
    for name, rate_hz in streams:
        stream = next((s for s in profile.streams if s.name == name), None)
        if stream is None or name in NOT_DATA:
            known = ", ".join(s.name for s in profile.streams if s.name not in NOT_DATA)
            raise SettingsError(f"{profile.title} has no stream {name!r}; it has: {known}.")
        if rate_hz == 0.0:
            chosen.discard(stream.name)
            rates_hz[stream.name] = 0.0
            continue
        chosen.add(stream.name)
        offered = sorted({start.rate_hz for start in stream.starts if start.rate_hz})
        if rate_hz is not None and rate_hz not in offered and rate_hz != stream.rate_hz:
            listed = ", ".join(f"{rate:g}" for rate in offered) or f"{stream.rate_hz or 1:g}"
            raise SettingsError(f"{profile.title}: {name}={rate_hz:g}: it can do {listed} Hz.")
        if rate_hz is not None:
            rates_hz[stream.name] = rate_hz
    return replace(wanted, rates_hz=rates_hz, streams=frozenset(chosen))


def list_candidates(
    sightings: Sequence[Sighting], profiles: Sequence[Profile], *, key: bytes, bindings: Bindings
) -> list[Candidate]:
    """List the bands in the air that can be read, nearest first."""
    candidates: list[Candidate] = []
    for sighting in sightings:
        profile = guess_profile(sighting, profiles)
        if profile is not None:
            code = pseudonym(key, sighting.address)
            candidates.append(Candidate(sighting, profile, code, bindings.of_address(code)))
    return candidates


def matching(choice: Choice, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Give the candidates that a choice may mean: the bound ones if any of them is bound.

    Raises:
        DeviceNotFound: None is meant.
    """
    what = choice.what
    meant = [c for c in candidates if what is None or c.answers_to(what)]
    if not meant:
        heard = ", ".join(c.sighting.name or c.code for c in candidates) or "no known band at all"
        raise DeviceNotFound(
            f"no sensor {'here' if what is None else repr(what)} (in the air: {heard}). Wear it, "
            "wake it up, close other apps that hold it, then: biofeedback scan"
        )
    bound = [
        c
        for c in meant
        if c.binding and (choice.wearer is None or c.binding.wearer == choice.wearer)
    ]
    return bound or meant


def choose(choices: Sequence[Choice], candidates: Sequence[Candidate]) -> list[Wanted]:
    """Find the sensor that each choice means.

    Without a name, every sensor that is bound is meant, or the only one that is there.

    Raises:
        DeviceNotFound: One isn't in the air, or one sensor is all there is for two people.
        SensorFailure: One could be several.
        SettingsError: One has no such stream or rate.
    """
    chosen: dict[str, Wanted] = {}
    for choice in choices:
        meant = matching(choice, candidates)
        all_mine = choice.what is None and all(c.binding for c in meant)
        if len(meant) > 1 and not all_mine:
            seen = ", ".join(
                f"{c.sighting.name or 'no name'} [{c.code}] {c.sighting.rssi_dbm} dBm"
                for c in meant
            )
            raise SensorFailure(Reason.AMBIGUOUS, seen)
        for candidate in meant:
            wanted = candidate.wanted(choice.wearer, choice.site)
            if choice.left_axis is not None:
                wanted = replace(wanted, left_axis=choice.left_axis)
            if choice.streams:
                wanted = ask_streams(wanted, choice.streams)
            other = chosen.get(wanted.address)
            if other is not None and other.wearer != wanted.wearer:
                raise DeviceNotFound(
                    f"one sensor for two people: {candidate.sighting.name or 'no name'} "
                    f"[{candidate.code}] is all that is there for {other.wearer} and "
                    f"{wanted.wearer}. Wake the other one up, then: biofeedback scan"
                )
            chosen[wanted.address] = wanted
    return list(chosen.values())
