"""A song project as it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from biofeedback.cli.recordkeeping import tell
from biofeedback.music.key_names import name_chord, name_key
from biofeedback.music.scales import Key
from biofeedback.records.song_project import TakeAccepted, list_places, plan_next, words_at

if TYPE_CHECKING:
    from biofeedback.records.song_project import Drawing, SongProject
    from biofeedback.records.store import Address


def describe_song(address: Address, project: SongProject) -> dict[str, Any]:
    """Gather what holds of a song, and its history."""
    return {
        "song": str(address),
        "settings": project.settings,
        "key": name_key(Key(tonic=project.settings.tonic, mode=project.settings.mode)),
        "lyrics": project.lyrics,
        "takes": project.takes,
        "chords": project.chords,
        "history": project.history,
        "open_slots": project.open_slots,
        "is_whole": project.is_whole,
    }


def show_song(address: Address, project: SongProject, *, as_json: bool) -> None:
    """Print a song: parts, words, chords, takes, what is next."""
    if as_json:
        tell(describe_song(address, project))
        return
    settings = project.settings
    key = Key(tonic=settings.tonic, mode=settings.mode)
    tempo = "no tempo yet" if settings.tempo_bpm is None else f"{settings.tempo_bpm:g} bpm"
    typer.echo(f"{address}: {settings.title}")
    typer.echo(f"  {name_key(key)}, {tempo}, {settings.style}, {settings.bars} bars to a melody")
    for place, slot in zip(list_places(settings.form), settings.form, strict=True):
        drawing = project.takes.get(slot)
        kept = "no melody yet" if drawing is None else f"melody kept ({drawing.groove})"
        typer.echo(f"  {place}: {kept}")
        for line in words_at(project, place, slot):
            typer.echo(f"    {line}")
    for slot, roots in project.chords.items():
        typer.echo(f"  chords of {slot}: {' '.join(name_chord(key, root) for root in roots)}")
    for number, row in enumerate(project.history, start=1):
        verb = "accepted" if isinstance(row, TakeAccepted) else "rejected"
        when = "" if row.at_iso is None else f" {row.at_iso[:16]}"
        typer.echo(f"  take {number}, {row.drawing.slot}: {verb}{when} {_draw(row.drawing)}")
    if project.open_slots:
        typer.echo(f"  next session: {plan_next(project)[1]}")
    elif project.is_whole:
        typer.echo(f"  whole: biofeedback song-project export {address} --wav FILE.wav")


def _draw(drawing: Drawing) -> str:
    """Write a melody as it is typed."""
    return " ".join("-" if degree is None else str(degree + 1) for degree in drawing.degrees)
