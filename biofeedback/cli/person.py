"""``biofeedback person``: who is who, by pseudonyms, with limits and taste."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from biofeedback.cli.own_music import know_songs
from biofeedback.cli.recordkeeping import (
    AsJson,
    Folder,
    PersonName,
    Plain,
    Yes,
    ask_whether,
    check_number,
    delete_traces,
    read_person,
    tell,
    writing,
)
from biofeedback.cli.targets import check_targets
from biofeedback.control.limits import (
    HEART_RATE_CEILING_MAX_BPM,
    HEART_RATE_CEILING_MIN_BPM,
    TEMPO_MAX_BPM,
    TEMPO_MIN_BPM,
)
from biofeedback.errors import RecordsError, SettingsError
from biofeedback.records.export import export_person, list_traces
from biofeedback.records.goals import VERDICTS, describe_progress, follow_goal
from biofeedback.records.person import OwnSong, Person, describe_person
from biofeedback.records.rows import read_record
from biofeedback.records.store import Address, FileStore, change
from biofeedback.records.texts import check_pseudonym
from biofeedback.settings import check_style
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.records.rows import Record, Row

person_app = typer.Typer(
    help="Persons by pseudonyms: limits, answers, taste, sessions.\n\n"
    "Example: biofeedback person add p7 --ceiling 120",
    no_args_is_help=True,
)
FAILED = 1

Ceiling = Annotated[
    float | None, typer.Option(help="Heart rate above which nothing rises, 60-200.", metavar="BPM")
]
Tempo = Annotated[
    float | None, typer.Option(help="The prescribed tempo baseline, 40-180.", metavar="BPM")
]
Band = Annotated[
    float | None, typer.Option(help="Widest band round it, up to 40.", metavar="PERCENT")
]
Level = Annotated[float | None, typer.Option(help="Loudest level, -60 to 0.", metavar="DB")]
Minutes = Annotated[float | None, typer.Option(help="Longest session, 1 to 60.", metavar="MIN")]
BetaBlocker = Annotated[
    bool | None, typer.Option("--beta-blocker/--no-beta-blocker", help="Takes one, or doesn't.")
]
Fibrillation = Annotated[
    bool | None,
    typer.Option("--atrial-fibrillation/--no-atrial-fibrillation", help="Has it, or hasn't."),
]
Pacemaker = Annotated[
    bool | None, typer.Option("--pacemaker/--no-pacemaker", help="Has one, or hasn't.")
]
Style = Annotated[
    str | None, typer.Option(help="The favourite style; biofeedback styles lists them.")
]
Songs = Annotated[
    list[Path] | None,
    typer.Option(
        "--song", help="A recording that the person likes (several times).", metavar="FILE"
    ),
]


@person_app.command("add")
def add_command(
    person: PersonName,
    ceiling: Ceiling = None,
    tempo: Tempo = None,
    band: Band = None,
    level: Level = None,
    minutes: Minutes = None,
    beta_blocker: BetaBlocker = None,
    atrial_fibrillation: Fibrillation = None,
    pacemaker: Pacemaker = None,
    style: Style = None,
    song: Songs = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Add a person by a pseudonym. What isn't said stays unknown and can be said later.

    Example: biofeedback person add p7 --ceiling 120 --no-pacemaker --style acoustic
    """
    store = FileStore(records)
    check_pseudonym(person)
    if person in store.people():
        raise RecordsError(f"{person} exists already: biofeedback person change {person} ...")
    said = _gather(
        ceiling, tempo, band, level, minutes, beta_blocker, atrial_fibrillation, pacemaker, style
    )
    made = _build(Person(pseudonym=person), said, _know(song, quiet=as_json or plain))
    store.add(Address(person), [made], seen=0)
    _show(read_person(store, person), as_json=as_json)


@person_app.command("change")
def change_command(
    person: PersonName,
    ceiling: Ceiling = None,
    tempo: Tempo = None,
    band: Band = None,
    level: Level = None,
    minutes: Minutes = None,
    beta_blocker: BetaBlocker = None,
    atrial_fibrillation: Fibrillation = None,
    pacemaker: Pacemaker = None,
    style: Style = None,
    song: Songs = None,
    unset: Annotated[
        list[str] | None,
        typer.Option(help="Make a fact unknown again (several times): ceiling, tempo ..."),
    ] = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Change what is known of a person; what isn't mentioned stays.

    Example: biofeedback person change p7 --ceiling 115 --unset tempo
    """
    store = FileStore(records)
    said = _gather(
        ceiling, tempo, band, level, minutes, beta_blocker, atrial_fibrillation, pacemaker, style
    )
    for name in unset or ():
        if name not in _FIELDS:
            raise SettingsError(f"--unset {name}: known are {', '.join(_FIELDS)}.")
        said[_FIELDS[name]] = () if name == "song" else None
    songs = _know(song, quiet=as_json or plain)

    def decide(rows: tuple[Row, ...]) -> Sequence[Row]:
        before = read_record(rows).person
        after = _build(before, said, songs)
        return () if after == before else (after,)

    change(store, Address(person), decide)
    _show(read_person(store, person), as_json=as_json)


@person_app.command("list")
def list_command(records: Folder = None, as_json: AsJson = False, plain: Plain = False) -> None:
    """List persons. Exit code 1 if the record of one can't be read; the others are listed.

    Example: biofeedback person list
    """
    del plain
    store = FileStore(records)
    failed = False
    names = store.people()
    for name in names:
        try:
            record = read_person(store, name)
        except RecordsError as error:
            failed = True
            if as_json:
                tell({"pseudonym": name, "error": str(error)})
            else:
                typer.echo(str(error), err=True)
            continue
        last = record.sessions[-1].started_iso[:10] if record.sessions else None
        songs = store.songs(name)
        if as_json:
            counts = {"sessions": len(record.sessions), "last_session": last}
            tell({"pseudonym": name, **counts, "goals": list(record.goals), "songs": songs})
        else:
            seen = f", last on {last}" if last else ""
            typer.echo(
                f"{name}: {counted(len(record.sessions), 'session')}{seen}, "
                f"{counted(len(record.goals), 'goal')}, {counted(len(songs), 'song project')}"
            )
    if not names and not as_json:
        typer.echo("Nobody yet: biofeedback person add NAME")
    if failed:
        raise typer.Exit(FAILED)


@person_app.command("show")
def show_command(
    person: PersonName, records: Folder = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """Show what is known of a person: limits, answers, goals, the latest sessions.

    Example: biofeedback person show p7
    """
    del plain
    _show(read_person(FileStore(records), person), as_json=as_json)


@person_app.command("export")
def export_command(
    person: PersonName,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the JSON file goes.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Write all that is kept of a person into one JSON file: facts, sessions, songs, history.

    Example: biofeedback person export p7 -o p7.json
    """
    del plain
    store = FileStore(records)
    table = export_person(store, person)
    check_targets([output], inputs=[], overwrite=overwrite)
    with writing(output) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")
        partial.chmod(0o600)
    if as_json:
        tell(
            {"file": str(output), "sessions": len(table["sessions"]), "songs": len(table["songs"])}
        )
        return
    sessions = counted(len(table["sessions"]), "session")
    typer.echo(f"{output}: {sessions}, {counted(len(table['songs']), 'song')}")
    for trace in list_traces(store.read(Address(person)).rows):
        typer.echo(f"not in it, a file of its own: {trace}")


@person_app.command("forget")
def forget_command(
    person: PersonName,
    traces: Annotated[
        bool, typer.Option("--traces", help="Delete the traces of the sessions too.")
    ] = False,
    yes: Yes = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Delete all that is kept of a person, song projects included. This can't be undone.

    Exit code 1 if --traces was given and a trace may still be there; which one is said.

    Example: biofeedback person forget p7 --traces
    """
    del plain
    store = FileStore(records)
    unknown = False
    try:
        named = list_traces(store.read(Address(person)).rows)
    except RecordsError:
        # A damaged record can be forgotten too; which traces it named isn't known then.
        if person not in store.people():
            raise
        named, unknown = [], True
    ask_whether(f"Delete all that is kept of {person}?", sure=yes)
    store.forget(Address(person))
    kept = dict.fromkeys(named, "still there, if it hasn't been moved")
    gone, left = delete_traces(named) if traces else ([], kept)
    if as_json:
        tell({"forgotten": person, "traces_deleted": gone, "traces_left": list(left)})
    else:
        typer.echo(f"Nothing of {person} is kept any more.")
        for name in gone:
            typer.echo(f"deleted: {name}")
        for name, why in left.items():
            typer.echo(f"{why}: {name}")
    if unknown:
        typer.echo(
            f"The record was damaged: which traces of {person} there are isn't known.", err=True
        )
    if traces and (left or unknown):
        raise typer.Exit(FAILED)


@person_app.command("repair")
def repair_command(
    person: PersonName, records: Folder = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """Keep every whole line of a damaged record; the damaged file is put aside.

    Exit code 1 if lines were lost.

    Example: biofeedback person repair p7
    """
    del plain
    tell_repair(FileStore(records), Address(person), as_json=as_json)


def tell_repair(store: FileStore, address: Address, *, as_json: bool) -> None:
    """Repair a record and tell what became of it.

    Raises:
        Exit: With 1 when something was lost.
        RecordsError: It can't be done.
    """
    done = store.repair(address)
    aside = None if done.aside is None else str(done.aside)
    entries = counted(done.kept, "entry", "entries")
    if as_json:
        tell({"kept": done.kept, "lost": done.lost, "aside": aside, "renewed": done.renewed})
    elif aside is None:
        typer.echo(f"{address}: nothing is wrong, {entries}")
    else:
        typer.echo(f"{address}: {entries} kept, {done.lost} lost. The old file: {aside}")
        what = "limits and answers" if address.song is None else "title, form, key and tempo"
        verb = "person" if address.song is None else "song-project"
        typer.echo(f"Look whether {what} are still right: biofeedback {verb} show {address}")
    if done.lost:
        raise typer.Exit(FAILED)


_FIELDS = {
    "ceiling": "heart_rate_ceiling_bpm",
    "tempo": "tempo_baseline_bpm",
    "band": "tempo_band_ratio",
    "level": "level_max_db",
    "minutes": "time_limit_s",
    "beta-blocker": "beta_blocker",
    "atrial-fibrillation": "atrial_fibrillation",
    "pacemaker": "pacemaker",
    "style": "style",
    "song": "songs",
}


def _gather(
    ceiling: float | None,
    tempo: float | None,
    band: float | None,
    level: float | None,
    minutes: float | None,
    beta_blocker: bool | None,
    atrial_fibrillation: bool | None,
    pacemaker: bool | None,
    style: str | None,
) -> dict[str, Any]:
    low_bpm, high_bpm = HEART_RATE_CEILING_MIN_BPM, HEART_RATE_CEILING_MAX_BPM
    band = check_number(band, 1.0, 40.0, option="--band")
    minutes = check_number(minutes, 1.0, 60.0, option="--minutes")
    said = {
        "heart_rate_ceiling_bpm": check_number(ceiling, low_bpm, high_bpm, option="--ceiling"),
        "tempo_baseline_bpm": check_number(tempo, TEMPO_MIN_BPM, TEMPO_MAX_BPM, option="--tempo"),
        "tempo_band_ratio": None if band is None else band / 100.0,
        "level_max_db": check_number(level, -60.0, 0.0, option="--level"),
        "time_limit_s": None if minutes is None else minutes * 60.0,
        "beta_blocker": beta_blocker,
        "atrial_fibrillation": atrial_fibrillation,
        "pacemaker": pacemaker,
        "style": None if style is None else check_style(style),
    }
    return {name: value for name, value in said.items() if value is not None}


def _build(before: Person, said: dict[str, Any], songs: tuple[OwnSong, ...]) -> Person:
    table = msgspec.to_builtins(before) | said
    known = {song["sha256"]: song for song in msgspec.to_builtins(table["songs"])}
    known |= {song.sha256: msgspec.to_builtins(song) for song in songs}
    table["songs"] = list(known.values())
    try:
        return msgspec.convert(table, Person)
    except msgspec.ValidationError as error:
        raise SettingsError(f"person {before.pseudonym}: {error}.") from error


def _know(files: Sequence[Path] | None, *, quiet: bool) -> tuple[OwnSong, ...]:
    known = know_songs(files, quiet=quiet) if files else []
    return tuple(OwnSong(sha256=one.sha256, title=one.map.title[:200]) for one in known)


def _show(record: Record, *, as_json: bool) -> None:
    progress = [follow_goal(goal, record.sessions) for goal in record.goals.values()]
    if as_json:
        tell({"person": record.person, "goals": progress, "sessions": record.sessions})
        return
    typer.echo(record.person.pseudonym)
    for line in describe_person(record.person):
        typer.echo(f"  {line}")
    for one in progress:
        typer.echo(f"  goal {describe_progress(one)[0]}, {VERDICTS[one.verdict]}")
    for note in record.sessions[-5:]:
        typer.echo(f"  {note.started_iso[:16]} {note.therapy}, {note.minutes:.0f} min")
