"""Who somebody is, as far as a session has to know: never by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Meta

from biofeedback.control.limits import HeartRateBpm, TempoBpm
from biofeedback.music.styles import StyleName
from biofeedback.records.texts import Name
from biofeedback.settings import Person as WearerLimits

if TYPE_CHECKING:
    from biofeedback.settings import Settings

_Number = TypeVar("_Number", int, float)


class OwnSong(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recording that the person likes; ``songs list`` knows where it lies."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    title: Annotated[str, Meta(max_length=200)]


class Person(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """A person's own limits, answers and taste. None is: not said.

    The limits are what staff set for this person; a plan can only be stricter. The tempo baseline
    is the one that staff prescribe. The last three flags are asked because a heart that is slowed
    by medicine or led by a device doesn't follow effort.
    """

    pseudonym: Name
    heart_rate_ceiling_bpm: HeartRateBpm | None = None
    tempo_baseline_bpm: TempoBpm | None = None
    tempo_band_ratio: Annotated[float, Meta(gt=0, le=0.4)] | None = None
    level_max_db: Annotated[float, Meta(ge=-60, le=0)] | None = None
    time_limit_s: Annotated[float, Meta(ge=60, le=3600)] | None = None
    beta_blocker: bool | None = None
    atrial_fibrillation: bool | None = None
    pacemaker: bool | None = None
    style: StyleName | None = None
    songs: tuple[OwnSong, ...] = ()


def lay_limits(settings: Settings, *, wearer: str, person: Person) -> Settings:
    """Lay a person's limits and answers over a plan: of each limit the stricter one holds.

    The prescribed tempo baseline is a fact about the person and takes the plan's place.
    """
    replace = msgspec.structs.replace
    limits = settings.limits
    limits = replace(
        limits,
        tempo_baseline_bpm=_or(person.tempo_baseline_bpm, limits.tempo_baseline_bpm),
        tempo_band_ratio=_least(person.tempo_band_ratio, limits.tempo_band_ratio),
        level_max_db=_least(person.level_max_db, limits.level_max_db),
        time_limit_s=_least(person.time_limit_s, limits.time_limit_s),
    )
    planned = settings.persons.get(wearer, WearerLimits())
    ceiling_bpm = planned.heart_rate_ceiling_bpm
    if person.heart_rate_ceiling_bpm is not None:
        ceiling_bpm = _least(ceiling_bpm, person.heart_rate_ceiling_bpm)
    guarded = replace(
        planned,
        heart_rate_ceiling_bpm=ceiling_bpm,
        takes_beta_blockers=_known(person.beta_blocker, planned.takes_beta_blockers),
        has_atrial_fibrillation=_known(person.atrial_fibrillation, planned.has_atrial_fibrillation),
        has_pacemaker=_known(person.pacemaker, planned.has_pacemaker),
    )
    return replace(settings, limits=limits, persons={**settings.persons, wearer: guarded})


def describe_person(person: Person) -> list[str]:
    """Tell in words what is known, one line for each fact."""
    lines = [
        f"heart rate ceiling: {_say(person.heart_rate_ceiling_bpm, 'bpm')}",
        f"prescribed tempo: {_say(person.tempo_baseline_bpm, 'bpm')}",
    ]
    if person.tempo_band_ratio is not None:
        lines.append(f"band round it: {100 * person.tempo_band_ratio:g} % at most")
    if person.level_max_db is not None:
        lines.append(f"loudest level: {person.level_max_db:g} dB")
    if person.time_limit_s is not None:
        lines.append(f"longest session: {person.time_limit_s / 60:g} min")
    for name, answer in (
        ("beta-blocker", person.beta_blocker),
        ("atrial fibrillation", person.atrial_fibrillation),
        ("pacemaker", person.pacemaker),
    ):
        said = "not asked" if answer is None else "yes" if answer else "no"
        lines.append(f"{name}: {said}")
    lines.append(f"favourite style: {person.style or 'not said'}")
    lines += [f"own song: {song.title}" for song in person.songs]
    return lines


def _say(value: float | None, unit: str) -> str:
    return "not set" if value is None else f"{value:g} {unit}"


def _known(answer: bool | None, planned: bool | None) -> bool | None:  # noqa: FBT001
    """Join two answers to one question: a yes anywhere is a yes."""
    if answer is None or planned is None:
        return planned if answer is None else answer
    return answer or planned


def _or(value: _Number | None, other: _Number) -> _Number:
    return other if value is None else value


def _least(value: _Number | None, other: _Number) -> _Number:
    return other if value is None else min(value, other)
