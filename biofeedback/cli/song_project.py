"""``biofeedback song-project``: a song that is written over sessions, and taken home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from biofeedback.cli.person import tell_repair
from biofeedback.cli.recordkeeping import (
    AsJson,
    Folder,
    Plain,
    Yes,
    ask_whether,
    check_number,
    check_word,
    find_song,
    read_clock,
    tell,
    writing,
)
from biofeedback.cli.song_view import describe_song, show_song
from biofeedback.cli.targets import check_targets, check_wav
from biofeedback.control.limits import TEMPO_MAX_BPM, TEMPO_MIN_BPM
from biofeedback.control.songwrite import Take
from biofeedback.control.songwriting import GROOVES
from biofeedback.errors import RecordsError, SettingsError
from biofeedback.music.key_names import parse_key
from biofeedback.records.lyric_sheet import write_blank_page
from biofeedback.records.song_project import (
    SongProject,
    SongSettings,
    SongStyle,
    add_takes,
    change_settings,
    choose_chords,
    read_project,
    reject_take,
    restore_take,
    write_lyrics,
)
from biofeedback.records.store import Address, FileStore, change
from biofeedback.records.templates import TEMPLATES, fill_blanks, find_template
from biofeedback.records.texts import check_name, check_text, suggest_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.records.rows import Row
    from biofeedback.records.song_project import SongRow

song_project_app = typer.Typer(
    help="Songs written over sessions: words, takes, chords, export.\n\n"
    'Example: biofeedback song-project new "River" --person p7',
    no_args_is_help=True,
)
FAILED = 1

SongName = Annotated[
    str, typer.Argument(metavar="SONG", help="Its name, or PERSON/NAME if several have one.")
]
FormOption = Annotated[
    str | None, typer.Option(help="The order of the parts.", metavar="PART,PART,...")
]
KeyOption = Annotated[str | None, typer.Option(help="C, F# minor, Bb, D dorian ...")]
TempoOption = Annotated[
    float | None, typer.Option(help="40 to 180; without one a session finds it.", metavar="BPM")
]
StyleOption = Annotated[
    str | None, typer.Option(help=f"The band: {', '.join(get_args(SongStyle))}.")
]
LanguageOption = Annotated[
    str | None, typer.Option(help="Of the words, two letters: en, de, fr ...")
]


@song_project_app.command("new")
def new_command(
    title: Annotated[str, typer.Argument(help="What the song is called.")],
    person: Annotated[str, typer.Option(help="Whose song it is.")],
    name: Annotated[
        str | None,
        typer.Option(help="A short name for commands; made from the title if not given."),
    ] = None,
    form: FormOption = None,
    bars: Annotated[int, typer.Option(help="Bars of each melody, 1 to 8.")] = 2,
    key: KeyOption = None,
    tempo: TempoOption = None,
    style: StyleOption = None,
    language: LanguageOption = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Begin a song. Everything but the bars of a melody can be changed later.

    Example: biofeedback song-project new "River" --person p7 --form verse,chorus,verse,chorus
    """
    del plain
    clean = check_text(title, what="title")
    short = name or suggest_name(clean)
    if short is None:
        raise SettingsError("no short name can be made of this title; give one with --name.")
    address = Address(person, check_name(short, what="song project"))
    check_number(bars, 1, 8, option="--bars")
    settings = change_settings(
        SongSettings(title=clean), bars=bars, **_gather(None, form, key, tempo, style, language)
    )
    store = FileStore(records)
    if short in store.songs(person):
        raise RecordsError(
            f"{address} exists already; give another --name, or change it: "
            f"biofeedback song-project change {address} ..."
        )
    store.add(address, [settings], seen=0)
    show_song(address, _read(store, address), as_json=as_json)


@song_project_app.command("list")
def list_command(
    person: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """List song projects. Exit code 1 if one can't be read; the others are listed.

    Example: biofeedback song-project list --person p7
    """
    del plain
    store = FileStore(records)
    failed = any_known = False
    for owner in [person] if person is not None else store.people():
        for name in store.songs(owner):
            address, any_known = Address(owner, name), True
            try:
                project = _read(store, address)
            except RecordsError as error:
                failed = True
                if as_json:
                    tell({"song": str(address), "error": str(error)})
                else:
                    typer.echo(str(error), err=True)
                continue
            if as_json:
                tell(describe_song(address, project))
            else:
                done = len(project.slots) - len(project.open_slots)
                typer.echo(
                    f"{address}: {project.settings.title}, {done} of {len(project.slots)} parts"
                )
    if not any_known and not as_json:
        typer.echo("No song yet: biofeedback song-project new TITLE --person NAME")
    if failed:
        raise typer.Exit(FAILED)


@song_project_app.command("show")
def show_command(
    song: SongName, records: Folder = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """Show a song: parts, words, chords, every take that was kept or rejected, what is next.

    Example: biofeedback song-project show river
    """
    del plain
    store = FileStore(records)
    address = find_song(store, song)
    show_song(address, _read(store, address), as_json=as_json)


@song_project_app.command("lyrics")
def lyrics_command(
    song: SongName,
    part: Annotated[str, typer.Argument(help="verse, chorus, or one place: 'verse 2'.")],
    lines: Annotated[list[str] | None, typer.Argument(help="The lines.")] = None,
    template: Annotated[
        str | None, typer.Option(help="Lines with blanks; song-project templates lists them.")
    ] = None,
    word: Annotated[
        list[str] | None, typer.Option(help="What fills the next blank (several times).")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the words away.")] = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Write the words of a part, a line for each pass of its melody. mu-sic is two syllables.

    With --word alone the next blanks of what stands there are filled.

    Example: biofeedback song-project lyrics river verse --template i-am --word strong
    """
    del plain
    if clear and (lines or template or word):
        raise SettingsError("--clear takes the words away; give no others with it.")
    if lines and template:
        raise SettingsError("give lines or --template, not both.")

    def decide(project: SongProject) -> Sequence[SongRow]:
        given: Sequence[str]
        if clear:
            given = ()
        elif template is not None:
            given = find_template(template).lines
        elif lines:
            given = lines
        elif word:
            given = project.lyrics.get(part, ())
        else:
            raise SettingsError("give lines, --template, --word or --clear.")
        return (write_lyrics(project, part, fill_blanks(given, word or ())),)

    _change(song, records, decide, as_json=as_json)


@song_project_app.command("templates")
def templates_command(
    name: Annotated[str | None, typer.Argument(help="Which one; all if not given.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A page in large type to write on (HTML)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """List lyrics with blanks, or write one as a page in large type.

    Example: biofeedback song-project templates i-am -o i-am.html
    """
    del plain
    if output is not None:
        if name is None:
            raise SettingsError("say which template goes into the file.")
        chosen = find_template(name)
        check_targets([output], inputs=[], overwrite=overwrite)
        with writing(output) as partial:
            partial.write_text(write_blank_page(chosen.title, chosen.lines), encoding="utf-8")
        typer.echo(f"{output}: {chosen.title}")
        return
    for key in [name] if name is not None else TEMPLATES:
        one = find_template(key)
        if as_json:
            tell({"name": key, "title": one.title, "part": one.part, "lines": one.lines})
        else:
            typer.echo(f"{key} ({one.title}, for a {one.part}):")
            for line in one.lines:
                typer.echo(f"  {line}")


@song_project_app.command("change")
def change_command(
    song: SongName,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    form: FormOption = None,
    key: KeyOption = None,
    tempo: TempoOption = None,
    style: StyleOption = None,
    language: LanguageOption = None,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Change what holds for the whole song. Takes of parts that leave the form are kept.

    Example: biofeedback song-project change river --key "A minor" --tempo 84
    """
    del plain
    said = _gather(title, form, key, tempo, style, language)
    if not said:
        raise SettingsError("say what changes: --title, --form, --key, --tempo, --style ...")
    _change(
        song,
        records,
        lambda project: (change_settings(project.settings, **said),),
        as_json=as_json,
    )


@song_project_app.command("chords")
def chords_command(
    song: SongName,
    part: Annotated[str, typer.Argument(help="verse, chorus ...")],
    steps: Annotated[
        list[int] | None,
        typer.Argument(help="Steps of the key, one for each bar: 1 4 5 1.", metavar="STEP..."),
    ] = None,
    chosen_again: Annotated[
        bool, typer.Option("--auto", help="Let the chords follow from the melody again.")
    ] = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Choose the chords of a part by hand; otherwise they follow from its melody.

    Example: biofeedback song-project chords river verse 1 6 4 5
    """
    del plain
    if bool(steps) == chosen_again:
        raise SettingsError("give the steps of the key, or --auto.")
    roots = None if chosen_again else [step - 1 for step in steps or ()]
    _change(song, records, lambda project: (choose_chords(project, part, roots),), as_json=as_json)


@song_project_app.command("accept")
def accept_command(
    song: SongName,
    take: Annotated[
        int | None, typer.Option(help="A take of the history, by its number in 'show'.")
    ] = None,
    part: Annotated[str | None, typer.Option(help="verse, chorus ... (with --melody).")] = None,
    melody: Annotated[
        str | None,
        typer.Option(
            help="A step of the key for each eighth note: 1 the tonic, 8 its octave, - a rest.",
            metavar="STEPS",
        ),
    ] = None,
    groove: Annotated[str, typer.Option(help=f"{', '.join(GROOVES)} (with --melody).")] = "steady",
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Keep a take again, or a melody that was written down. Drawing happens in sessions.

    Example: biofeedback song-project accept river --part verse --melody "1 1 2 3 5 5 3 -"
    """
    del plain
    if (take is None) == (melody is None) or (melody is None) != (part is None):
        raise SettingsError("give --take N, or --part and --melody.")
    at_iso = read_clock()

    def decide(project: SongProject) -> Sequence[SongRow]:
        if take is not None:
            return (restore_take(project, take, at_iso=at_iso),)
        known = check_word(groove, GROOVES, option="--groove")
        written = Take(part or "", _parse_melody(melody or ""), known)
        return add_takes(project, [written], at_iso=at_iso)

    _change(song, records, decide, as_json=as_json)


@song_project_app.command("reject")
def reject_command(
    song: SongName,
    part: Annotated[str, typer.Argument(help="verse, chorus ...")],
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Take a part's melody back, so that it is drawn anew. It stays in the history.

    Example: biofeedback song-project reject river chorus
    """
    del plain
    at_iso = read_clock()
    _change(
        song, records, lambda project: (reject_take(project, part, at_iso=at_iso),), as_json=as_json
    )


@song_project_app.command("export")
def export_command(
    song: SongName,
    wav: Annotated[Path | None, typer.Option(help="The sound.", metavar="FILE")] = None,
    midi: Annotated[
        Path | None, typer.Option(help="The notes, with the words on the melody.", metavar="FILE")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Words and chords, a page in large type (HTML).", metavar="FILE"),
    ] = None,
    text: Annotated[
        Path | None, typer.Option(help="Words and chords as plain text.", metavar="FILE")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files.")] = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Write what is kept of a song: sound, MIDI, sheet. Parts without a take are left out.

    Example: biofeedback song-project export river --wav river.wav --midi river.mid
    """
    # The sound and all that belongs to it are loaded for this alone.
    from biofeedback.cli.song_export import Targets, export_song, time_ns  # noqa: PLC0415
    from biofeedback.records.written import write_song  # noqa: PLC0415

    if (wav, midi, sheet, text) == (None,) * 4:
        raise SettingsError("say what to write: --wav, --midi, --sheet or --text FILE.")
    if wav is not None:
        check_wav(wav, option="--wav")
    store = FileStore(records)
    address = find_song(store, song)
    project = _read(store, address)
    written = write_song(project)
    check_targets((wav, midi, sheet, text), inputs=[], overwrite=overwrite)
    targets = Targets(wav, midi, sheet, text)
    heard = export_song(project, written, targets, quiet=as_json or plain)
    files = {name: None if path is None else str(path) for name, path in targets._asdict().items()}
    facts: dict[str, Any] = {
        **files,
        "seconds": round(time_ns(written, written.end_tick) / 1e9, 3),
        "notes": len(written.notes),
        "left_out": project.open_slots,
        "integrated_lufs": None if heard is None else heard.integrated_lufs,
        "true_peak_dbtp": None if heard is None else heard.true_peak_dbtp,
    }
    if as_json:
        tell(facts)
        return
    for path in files.values():
        if path is not None:
            typer.echo(path)
    if project.open_slots:
        typer.echo(f"left out, without a melody: {', '.join(project.open_slots)}")


@song_project_app.command("delete")
def delete_command(
    song: SongName,
    yes: Yes = False,
    records: Folder = None,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    """Delete a song with all its takes. This can't be undone.

    Example: biofeedback song-project delete river
    """
    del plain
    store = FileStore(records)
    address = find_song(store, song)
    ask_whether(f"Delete the song {address} with all its takes?", sure=yes)
    store.forget(address)
    if as_json:
        tell({"deleted": str(address)})
    else:
        typer.echo(f"{address} is deleted.")


@song_project_app.command("repair")
def repair_command(
    song: SongName, records: Folder = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """Keep every whole line of a damaged project; the damaged file is put aside.

    Exit code 1 if lines were lost.

    Example: biofeedback song-project repair river
    """
    del plain
    store = FileStore(records)
    tell_repair(store, find_song(store, song), as_json=as_json)


def _change(
    song: str,
    records: Path | None,
    decide: Callable[[SongProject], Sequence[SongRow]],
    *,
    as_json: bool,
) -> None:
    store = FileStore(records)
    address = find_song(store, song)

    def decide_rows(rows: tuple[Row, ...]) -> Sequence[Row]:
        return decide(read_project(rows))

    change(store, address, decide_rows)
    show_song(address, _read(store, address), as_json=as_json)


def _read(store: FileStore, address: Address) -> SongProject:
    return read_project(store.read(address).rows)


def _gather(
    title: str | None,
    form: str | None,
    key: str | None,
    tempo: float | None,
    style: str | None,
    language: str | None,
) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if title is not None:
        said["title"] = title
    if form is not None:
        said["form"] = tuple(part.strip().lower() for part in form.split(",") if part.strip())
    if key is not None:
        parsed = parse_key(key)
        if parsed is None:
            raise SettingsError(f"--key {key}: give C, Am, F# minor, Bb major, D dorian ...")
        said |= {"tonic": parsed.tonic, "mode": parsed.mode}
    if tempo is not None:
        said["tempo_bpm"] = check_number(tempo, TEMPO_MIN_BPM, TEMPO_MAX_BPM, option="--tempo")
    if style is not None:
        said["style"] = check_word(style, get_args(SongStyle), option="--style")
    if language is not None:
        said["language"] = language
    return said


def _parse_melody(text: str) -> tuple[int | None, ...]:
    try:
        return tuple(None if word == "-" else int(word) - 1 for word in text.split())
    except ValueError as error:
        raise SettingsError(f"--melody {text}: give whole numbers and - with spaces.") from error
