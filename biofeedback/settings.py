"""The person, the plan and the limits: TOML -> validated, frozen settings.

Hard bounds stand here, beside the fields, and no plan gets past them (safety.md, section 0). TOML
lets ``nan`` and ``inf`` in and msgspec's bounds let NaN through, so finiteness is checked first.
"""

from __future__ import annotations

import math
import tomllib
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

import msgspec
from msgspec import Meta

from biofeedback.control import LawName
from biofeedback.control.effort import choose_ceiling_bpm
from biofeedback.control.limits import HeartRateBpm, Limits, RestingHeartRateBpm, TempoBpm
from biofeedback.errors import SettingsError
from biofeedback.music.meter import MeterName
from biofeedback.music.performer import GestureGrid
from biofeedback.music.song_map import SongMap, check_song_map
from biofeedback.music.song_reach import natural_tempo_bpm, why_out_of_reach
from biofeedback.music.styles import STYLES, StyleName, list_meters
from biofeedback.settings_errors import did_you_mean, explain
from biofeedback.therapies.check import find_problems
from biofeedback.therapies.plan import (
    EndsBy,
    Form,
    Mode,
    Phase,
    PhaseMusic,
    Plan,
    StartValues,
    TherapyName,
)
from biofeedback.vocabulary import Check, PhaseKind, Rating

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

SETTINGS_VERSION = 1
RESTING_TEMPO_BPM = 80.0


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one wearer. Without a ceiling the heart rate is shown but never a limit.

    ``heart_rate_ceiling_bpm`` is what staff have set. The three questions are about what makes
    formulas of age wrong; one that wasn't asked has no answer.
    """

    heart_rate_ceiling_bpm: HeartRateBpm | None = None
    resting_heart_rate_bpm: RestingHeartRateBpm | None = None
    age_years: Annotated[float, Meta(ge=5, le=120)] | None = None
    takes_beta_blockers: bool | None = None
    has_atrial_fibrillation: bool | None = None
    has_pacemaker: bool | None = None

    @property
    def ceiling_bpm(self) -> float | None:
        """The ceiling that holds; None when nothing gives one."""
        return choose_ceiling_bpm(
            staff_bpm=self.heart_rate_ceiling_bpm,
            resting_bpm=self.resting_heart_rate_bpm,
            age_years=self.age_years,
            rules_formula_out=(
                self.takes_beta_blockers,
                self.has_atrial_fibrillation,
                self.has_pacemaker,
            ),
        )


class Music(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Taste: the style, and the pulse to which the music settles when nobody walks.

    ``resting_tempo_bpm`` is 80, or what of the plan's tempo band is nearest, unless it is given.
    ``output_delay_ms`` is what lies behind the sound device (Bluetooth headphones 100-300 ms).
    ``meter`` is the style's own unless it is given. ``click`` lays a click on every beat.
    ``gesture_grid``: answers to gestures come at once (free), or wait for the next step of the grid
    if it is near (soft). ``fade_out_s``: after that time the music has fallen silent by itself.
    ``songs`` are the person's own, played in place of the style; commands fill them in from files.
    """

    style: StyleName = "walk"
    meter: MeterName | None = None
    click: bool = False
    gesture_grid: GestureGrid = "free"
    fade_out_s: Annotated[float, Meta(ge=60, le=3600)] | None = None
    resting_tempo_bpm: TempoBpm | None = None
    output_delay_ms: Annotated[float, Meta(ge=0, le=500)] = 0.0
    songs: tuple[SongMap, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that decides what a session does, besides its inputs.

    With a ``plan`` its phases name the laws; without one ``law`` goes on throughout.
    """

    version: Literal[1] = SETTINGS_VERSION
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 1
    law: LawName = "follow"
    calibrate_s: Annotated[float, Meta(ge=0, le=300)] = 6.0
    music: Music = Music()
    limits: Limits = Limits()
    persons: dict[str, Person] = {}
    plan: Plan | None = None

    @property
    def started_limits(self) -> Limits:
        """The limits of this session: round the prescribed cadence, if records have told one."""
        cadence_spm = None if self.plan is None else self.plan.start.cadence_spm
        if cadence_spm is None:
            return self.limits
        return msgspec.structs.replace(self.limits, tempo_baseline_bpm=cadence_spm)

    @property
    def styles(self) -> list[StyleName]:
        """All styles that may sound, the first that begins with."""
        phases = () if self.plan is None else self.plan.phases
        named = [phase.music.style for phase in phases]
        found: list[StyleName] = [self.music.style]
        for name in STYLES:
            if name in named and name not in found:
                found.append(name)
        return found

    @property
    def feels_axes(self) -> bool:
        """Whether some style wants the axes of a movement told apart."""
        return any(STYLES[name].parts == "axes" for name in self.styles)

    @property
    def resting_tempo_bpm(self) -> float:
        """The pulse to which the music settles, inside the plan's tempo band.

        A song of the person's own settles to its own tempo.
        """
        limits = self.started_limits
        low_bpm, high_bpm = limits.tempo_low_bpm, limits.tempo_high_bpm
        wanted_bpm = self.music.resting_tempo_bpm or RESTING_TEMPO_BPM
        if self.music.songs and self.music.resting_tempo_bpm is None:
            wanted_bpm = natural_tempo_bpm(
                self.music.songs[0],
                low_bpm=low_bpm,
                high_bpm=high_bpm,
                near_bpm=limits.tempo_baseline_bpm,
            )
        return min(max(wanted_bpm, low_bpm), high_bpm)


def parse_settings(text: str, *, source: str) -> Settings:
    """Read settings from TOML.

    Args:
        text: The document.
        source: Its name, for messages (a file, "command line").

    Raises:
        SettingsError: What is wrong, in which field, which values are allowed.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: this is not TOML: {error}. Decimals use a point, texts need quotes."
        raise SettingsError(message) from error
    return build_settings(document, source=source)


def build_settings(document: dict[str, Any], *, source: str) -> Settings:
    """Check a nested dictionary against hard bounds and make settings of it.

    Raises:
        SettingsError: As ``parse_settings``.
    """
    _refuse_not_finite(document, "", source)
    persons = document.get("persons")
    named: dict[str, Any] = cast("dict[str, Any]", persons) if isinstance(persons, dict) else {}
    # One by one, because a path through a table of free names doesn't tell the name.
    for name, person in named.items():
        _convert(person, Person, f"{source}: [persons.{name}]")
    settings = _convert(document, Settings, source)
    check_together(settings, source=source)
    return settings


def _convert(value: Any, kind: type[_Struct], source: str) -> _Struct:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said = explain(
            error,
            value,
            kind=kind,
            structs=_STRUCTS,
            choices=_CHOICES,
            version=SETTINGS_VERSION,
        )
        raise SettingsError(f"{source}: {said}") from error


def _refuse_not_finite(value: object, path: str, source: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{source}: {path} is {value}; it has to be a finite number.")
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            _refuse_not_finite(inner, f"{path}.{key}" if path else str(key), source)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            _refuse_not_finite(inner, f"{path}[{index}]", source)


def check_together(settings: Settings, *, source: str) -> None:
    """Refuse what is right by itself and wrong together: meter, band, songs, phases.

    Raises:
        SettingsError: What doesn't fit what.
    """
    check_meter(settings.music, source=source)
    limits = settings.limits
    low, high = limits.tempo_low_bpm, limits.tempo_high_bpm
    resting_bpm = settings.music.resting_tempo_bpm
    if resting_bpm is not None and not low <= resting_bpm <= high:
        raise SettingsError(
            f"{source}: music.resting_tempo_bpm is {resting_bpm:g}, outside "
            f"the band {low:g}..{high:g} that limits.tempo_baseline_bpm and "
            "limits.tempo_band_ratio allow.",
        )
    check_songs(settings, source=source)
    if settings.plan is not None:
        _check_plan(settings, settings.plan, source)


def _check_plan(settings: Settings, plan: Plan, source: str) -> None:
    """Refuse a plan that breaks a limit or can't be played; all problems at once."""
    problems = [str(problem) for problem in find_problems(plan, settings.started_limits)]
    for index, phase in enumerate(plan.phases):
        name = phase.music.style
        if name is not None and name not in STYLES:
            near = did_you_mean(name, get_args(StyleName))
            problems.append(f"plan.phases[{index}].music.style: there is no '{name}'.{near}")
    if not problems:
        problems += _find_clashes(settings)
    if problems:
        raise SettingsError("\n".join(f"{source}: {problem}" for problem in problems))


def _find_clashes(settings: Settings) -> list[str]:
    """Say which styles of a plan want different players for the parts of wearers or axes."""
    players: dict[str, tuple[str, StyleName]] = {}
    problems: list[str] = []
    for name in settings.styles:
        for layer, player in STYLES[name].instruments.items():
            other, owner = players.setdefault(layer, (player, name))
            if layer.startswith("part_") and other != player:
                problems.append(
                    f"plan.phases: '{owner}' and '{name}' can't follow each other in one session: "
                    f"their {layer} is played by {other} and by {player}. Choose one of them."
                )
                break
    return problems


def check_songs(settings: Settings, *, source: str) -> None:
    """Refuse a song that can't be played within this plan's tempi.

    Raises:
        SettingsError: Which song, and why.
    """
    low_bpm, high_bpm = settings.limits.tempo_low_bpm, settings.limits.tempo_high_bpm
    for song in settings.music.songs:
        problem = check_song_map(song) or why_out_of_reach(song, low_bpm=low_bpm, high_bpm=high_bpm)
        if problem is not None:
            raise SettingsError(f"{source}: '{song.title}' can't be played: {problem}.")


_CHOICES: dict[str, tuple[str, ...]] = {
    "law": get_args(LawName),
    "style": get_args(StyleName),
    "meter": get_args(MeterName),
    "gesture_grid": get_args(GestureGrid),
    "therapy": get_args(TherapyName),
    "mode": get_args(Mode),
    "form": get_args(Form),
    "ends": get_args(EndsBy),
    "kind": get_args(PhaseKind),
    "checks": get_args(Check),
    "ask_before": get_args(Rating),
    "ask_after": get_args(Rating),
}
_STRUCTS = (Settings, Music, Limits, Person, Plan, Phase, PhaseMusic, StartValues)


def check_style(name: str) -> StyleName:
    """Return ``name`` if there is such a style.

    Raises:
        SettingsError: There is none; the message lists them.
    """
    known = get_args(StyleName)
    if name not in known:
        raise SettingsError(f"--style {name}: there is no such style.{did_you_mean(name, known)}")
    return name  # pyright: ignore[reportReturnType] - just checked


def check_meter(music: Music, *, source: str) -> None:
    """Refuse a meter that the style doesn't know.

    Raises:
        SettingsError: The message lists those it knows.
    """
    meters = list_meters(music.style)
    if music.meter is not None and music.meter not in meters:
        raise SettingsError(
            f"{source}: the style '{music.style}' isn't played in {music.meter}. "
            f"It knows: {', '.join(meters)}."
        )


def check_meter_name(name: str) -> MeterName:
    """Return ``name`` if there is such a meter.

    Raises:
        SettingsError: There is none; the message lists them.
    """
    known = get_args(MeterName)
    if name not in known:
        raise SettingsError(f"--meter {name}: there is no such meter.{did_you_mean(name, known)}")
    return name  # pyright: ignore[reportReturnType] - just checked
