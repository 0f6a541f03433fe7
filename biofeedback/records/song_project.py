"""A song in the making: words, form, chords, key, tempo, takes. It lives over sessions.

Whatever is said about a song is a fact in a row; the newest of its kind holds. An accepted take
that another one replaces, and whatever was rejected, stays in the history.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Meta

from biofeedback.control.limits import TempoBpm
from biofeedback.control.songwrite import SongwritePlan
from biofeedback.control.songwriting import Groove
from biofeedback.errors import RecordsError
from biofeedback.music.scales import FUNCTIONS, Mode
from biofeedback.records.texts import check_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biofeedback.records.rows import Row

NOTES_PER_BAR: Final = 8
"""A drawing has an eighth note for each of four beats' halves."""
LONGEST_LINE: Final = 80
MOST_LINES: Final = 16
LOWEST_DEGREE, HIGHEST_DEGREE = -7, 14
SongStyle = Literal["acoustic", "calm", "walk", "dance", "drum-circle"]
"""Styles in bars of four that have a voice for a melody."""

Slot = Annotated[str, Meta(pattern=r"^[a-z][a-z -]{0,23}\Z")]
Degree = Annotated[int, Meta(ge=LOWEST_DEGREE, le=HIGHEST_DEGREE)]


class SongSettings(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """What holds for a whole song. ``form`` is the order of slots; the same may come again.

    ``tonic`` is 0 for C. Without a tempo the next session finds one.
    """

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    form: Annotated[tuple[Slot, ...], Meta(min_length=1, max_length=16)] = (
        "verse",
        "chorus",
        "verse",
        "chorus",
    )
    bars: Annotated[int, Meta(ge=1, le=8)] = 2
    tonic: Annotated[int, Meta(ge=0, le=11)] = 0
    mode: Mode = "ionian"
    tempo_bpm: TempoBpm | None = None
    style: SongStyle = "acoustic"
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}\Z")] = "en"


class LyricsWritten(
    msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True
):
    """The words of a part: a slot, or one of its places in the form (``verse 2``)."""

    part: Annotated[str, Meta(min_length=1, max_length=32)]
    lines: Annotated[tuple[str, ...], Meta(max_length=MOST_LINES)]


class Drawing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A melody: a scale step or a rest for each eighth note, and the groove that went with it."""

    slot: Slot
    degrees: Annotated[tuple[Degree | None, ...], Meta(min_length=8, max_length=64)]
    groove: Groove


class Drawn(Protocol):
    """A take as a session tells it: the law's own, or the message that keeps it."""

    @property
    def slot(self) -> str:
        """Which part it is for."""
        ...

    @property
    def degrees(self) -> tuple[int | None, ...]:
        """A scale step or a rest for each eighth note."""
        ...

    @property
    def groove(self) -> str:
        """How full the band plays."""
        ...


class TakeAccepted(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Staff and person keep a drawing."""

    drawing: Drawing
    at_iso: str | None = None
    session: str | None = None


class TakeRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """A drawing isn't wanted; it is remembered all the same."""

    drawing: Drawing
    at_iso: str | None = None
    session: str | None = None


class ChordsChosen(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Somebody chose a slot's chords, a root (0 is the tonic) for each bar; None: no longer."""

    slot: Slot
    roots: Annotated[tuple[Annotated[int, Meta(ge=0, le=6)], ...], Meta(min_length=1)] | None


SongRow: TypeAlias = SongSettings | LyricsWritten | TakeAccepted | TakeRejected | ChordsChosen


class SongProject(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of a song now, and what was.

    ``takes`` are by slot. ``history`` has every take that was ever accepted or rejected, in order.
    """

    settings: SongSettings
    lyrics: dict[str, tuple[str, ...]]
    takes: dict[str, Drawing]
    chords: dict[str, tuple[int, ...]]
    history: tuple[TakeAccepted | TakeRejected, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """Each slot once, in the order of the form."""
        return tuple(dict.fromkeys(self.settings.form))

    @property
    def open_slots(self) -> tuple[str, ...]:
        """Slots that have no accepted take."""
        return tuple(slot for slot in self.slots if slot not in self.takes)

    @property
    def is_whole(self) -> bool:
        """Every slot has a take, and the tempo is known."""
        return not self.open_slots and self.settings.tempo_bpm is not None

    @property
    def rejected(self) -> tuple[TakeRejected, ...]:
        """What wasn't wanted."""
        return tuple(row for row in self.history if isinstance(row, TakeRejected))


def read_project(rows: Sequence[Row]) -> SongProject:
    """Work out what holds now.

    Raises:
        RecordsError: There are no settings: it is no project.
    """
    settings: SongSettings | None = None
    lyrics: dict[str, tuple[str, ...]] = {}
    chords: dict[str, tuple[int, ...]] = {}
    history: list[TakeAccepted | TakeRejected] = []
    for row in rows:
        match row:
            case SongSettings():
                settings = row
            case LyricsWritten():
                lyrics[row.part] = row.lines
            case TakeAccepted() | TakeRejected():
                history.append(row)
            case ChordsChosen():
                chords[row.slot] = row.roots or ()
            case _:
                pass
    if settings is None:
        raise RecordsError("this song project says nothing about its song.")
    return SongProject(
        settings=settings,
        lyrics={part: lines for part, lines in lyrics.items() if lines},
        takes=_keep_takes(history),
        chords={slot: roots for slot, roots in chords.items() if roots},
        history=tuple(history),
    )


def _keep_takes(history: Sequence[TakeAccepted | TakeRejected]) -> dict[str, Drawing]:
    """Of each slot the newest accepted drawing holds, unless it was rejected afterwards."""
    takes: dict[str, Drawing] = {}
    for row in history:
        slot = row.drawing.slot
        if isinstance(row, TakeAccepted):
            takes[slot] = row.drawing
        elif takes.get(slot) == row.drawing:
            del takes[slot]
    return takes


def list_places(form: Sequence[str]) -> tuple[str, ...]:
    """Name the places of a form: ``verse 1``, ``chorus``, ``verse 2`` ..."""
    count: dict[str, int] = {}
    names: list[str] = []
    for slot in form:
        count[slot] = count.get(slot, 0) + 1
        names.append(slot if form.count(slot) == 1 else f"{slot} {count[slot]}")
    return tuple(names)


def words_at(project: SongProject, place: str, slot: str) -> tuple[str, ...]:
    """Give the lines of a place in the form: its own, or those of its slot."""
    return project.lyrics.get(place) or project.lyrics.get(slot, ())


def write_lyrics(project: SongProject, part: str, lines: Sequence[str]) -> LyricsWritten:
    """Write the words of a slot or of one place in the form; no lines take them away.

    Raises:
        RecordsError: There is no such part, or a line can't be used.
    """
    known = tuple(dict.fromkeys((*project.slots, *list_places(project.settings.form))))
    if part not in known:
        raise RecordsError(f"the song has no part {part!r}. Parts: {', '.join(known)}.")
    if len(lines) > MOST_LINES:
        raise RecordsError(f"{part}: at most {MOST_LINES} lines.")
    kept = tuple(
        check_text(line, what=f"{part}, line {number}", longest=LONGEST_LINE)
        for number, line in enumerate(lines, start=1)
    )
    return LyricsWritten(part=part, lines=kept)


def add_takes(
    project: SongProject,
    takes: Sequence[Drawn],
    *,
    rejected: Sequence[Drawn] = (),
    outcomes: Mapping[str, float | None] | None = None,
    session: str | None = None,
    at_iso: str | None = None,
) -> tuple[SongRow, ...]:
    """Make the rows of what a session of the songwriting law brought.

    With a session's id it may be called after every accepted take with all takes so far: each is
    added once.

    Args:
        project: The song as it was.
        takes: What was accepted.
        rejected: What was drawn and not wanted, if that is known.
        outcomes: The law's outcome table: its tempo becomes the song's, if the song has none.
        session: The session's id.
        at_iso: When, ISO 8601 with offset.

    Raises:
        RecordsError: A take doesn't belong to this song.
    """
    rows: list[SongRow] = []
    tempo_bpm = (outcomes or {}).get("tempo_bpm")
    if project.settings.tempo_bpm is None and tempo_bpm is not None:
        rows.append(change_settings(project.settings, tempo_bpm=round(tempo_bpm, 1)))
    known = {
        (type(row), row.session, row.drawing) for row in project.history if session is not None
    }
    told = [(TakeRejected, take) for take in rejected] + [(TakeAccepted, take) for take in takes]
    for kind, take in told:
        drawing = check_take(project, take)
        if (kind, session, drawing) not in known:
            rows.append(kind(drawing=drawing, session=session, at_iso=at_iso))
    return tuple(rows)


def check_take(project: SongProject, take: Drawn) -> Drawing:
    """Return a take as it is kept, if it belongs to the song.

    Raises:
        RecordsError: It doesn't; the text says why.
    """
    if take.slot not in project.slots:
        raise RecordsError(
            f"the song has no slot {take.slot!r}. Slots: {', '.join(project.slots)}."
        )
    if len(take.degrees) % NOTES_PER_BAR:
        raise RecordsError(f"{take.slot}: {len(take.degrees)} eighth notes are no whole bars of 8.")
    table = {"slot": take.slot, "degrees": take.degrees, "groove": take.groove}
    try:
        return msgspec.convert(table, Drawing)
    except msgspec.ValidationError as error:
        raise RecordsError(f"{take.slot}: this can't be a melody: {error}.") from error


def reject_take(
    project: SongProject, slot: str, *, session: str | None = None, at_iso: str | None = None
) -> TakeRejected:
    """Take an accepted drawing back; its slot is open again.

    Raises:
        RecordsError: There is none.
    """
    drawing = project.takes.get(slot)
    if drawing is None:
        kept = ", ".join(project.takes) or "none yet"
        raise RecordsError(f"no take of {slot!r} has been accepted. Accepted: {kept}.")
    return TakeRejected(drawing=drawing, session=session, at_iso=at_iso)


def restore_take(project: SongProject, number: int, *, at_iso: str | None = None) -> TakeAccepted:
    """Accept a take of the history again, counted from 1 as ``show`` lists them.

    Raises:
        RecordsError: There is no such take.
    """
    if not 1 <= number <= len(project.history):
        raise RecordsError(f"take {number}: there are takes 1 to {len(project.history)}.")
    drawing = project.history[number - 1].drawing
    if drawing.slot not in project.slots:
        raise RecordsError(f"take {number}: the song has no slot {drawing.slot!r} any more.")
    return TakeAccepted(drawing=drawing, at_iso=at_iso)


def choose_chords(project: SongProject, slot: str, roots: Sequence[int] | None) -> ChordsChosen:
    """Choose the chords of a slot by hand, a scale step (0 is the tonic) for each bar.

    Raises:
        RecordsError: There is no such slot, or a chord that the key doesn't have.
    """
    if slot not in project.slots:
        raise RecordsError(f"the song has no slot {slot!r}. Slots: {', '.join(project.slots)}.")
    if roots is None:
        return ChordsChosen(slot=slot, roots=None)
    known = sorted({root for kind in FUNCTIONS[project.settings.mode].values() for root in kind})
    if not roots or len(roots) > 8 or any(root not in known for root in roots):
        steps = ", ".join(str(root + 1) for root in known)
        raise RecordsError(f"{slot}: give one to eight chords on the steps {steps} of the key.")
    return ChordsChosen(slot=slot, roots=tuple(roots))


def change_settings(settings: SongSettings, **changes: object) -> SongSettings:
    """Change what holds for the whole song.

    Raises:
        RecordsError: A value can't be used.
    """
    title = changes.get("title")
    if isinstance(title, str):
        changes["title"] = check_text(title, what="title")
    tempo_bpm = changes.get("tempo_bpm")
    if isinstance(tempo_bpm, float) and not math.isfinite(tempo_bpm):
        raise RecordsError(f"a song can't go at {tempo_bpm} bpm.")
    made = msgspec.structs.replace(settings, **changes)
    try:
        return msgspec.convert(msgspec.to_builtins(made), SongSettings)
    except msgspec.ValidationError as error:
        raise RecordsError(f"this can't hold for a song: {error}.") from error


def plan_next(
    project: SongProject, *, tempo_from: Literal["taps", "walking", "heart"] = "taps"
) -> tuple[SongwritePlan, str]:
    """Plan the next session of a song: its open slots, at its tempo once that is known.

    Returns:
        The plan, and why it is so in plain words.

    Raises:
        RecordsError: Nothing is open.
    """
    slots = project.open_slots
    if not slots:
        raise RecordsError(
            "every part of this song has its melody; take one back to draw it anew: "
            "biofeedback song-project reject NAME SLOT"
        )
    settings = project.settings
    done = len(project.slots) - len(slots)
    reason = f"{done} of {len(project.slots)} parts are kept; {slots[0]} is next"
    if settings.tempo_bpm is None:
        plan = SongwritePlan(tempo_from=tempo_from, slots=slots, bars=settings.bars)
        return plan, f"{reason}. The tempo comes from {tempo_from}."
    plan = SongwritePlan(
        tempo_from="plan", tempo_bpm=settings.tempo_bpm, slots=slots, bars=settings.bars
    )
    return plan, f"{reason}, at {settings.tempo_bpm:g} bpm as before."
