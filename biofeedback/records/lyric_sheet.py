"""Words with chords over them: as plain text, and as a page in large type that needs nothing else.

A chord stands over the first syllable that is sung from its bar on. The page is one file: no
script, nothing from elsewhere; it prints well and reads right to left where the words do.
"""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from biofeedback.music.key_names import name_chord, name_key
from biofeedback.music.scales import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.written_song import SungLine, WrittenSong
    from biofeedback.records.song_project import SongProject

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.9rem/1.3 "Atkinson Hyperlegible", Verdana, "DejaVu Sans", sans-serif;
  margin: 0 auto; max-width: 46rem; padding: 1.5rem;
  color: #111; background: #fff; }
h1 { font-size: 2.6rem; margin: 0 0 .2em; overflow-wrap: anywhere; }
h2 { font-size: 1.5rem; margin: 1.6em 0 .3em; color: #444; break-after: avoid; }
p { margin: .5em 0; break-inside: avoid; }
.facts { font-size: 1.2rem; color: #444; }
.word { display: inline-block; white-space: nowrap; vertical-align: bottom;
  margin-inline-end: .28em; }
.cell { display: inline-flex; flex-direction: column; vertical-align: bottom; }
.chord { font-weight: 700; font-size: .8em; min-height: 1.3em; color: #0a4a8f;
  margin-inline-end: .35em; }
.over { width: 0; margin: 0; white-space: nowrap; }
.blank { display: inline-block; min-width: 5em; height: 1em;
  border-bottom: .1em solid currentColor; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111; }
  h2, .facts { color: #bbb; } .chord { color: #8fc3ff; } }
@media print { body { color: #000; background: #fff; max-width: none; padding: 0; } }
"""


class Cell(NamedTuple):
    """A syllable and the chord over it; either may be empty."""

    chord: str
    text: str
    ends_word: bool


def list_cells(line: SungLine, key: Key) -> list[Cell]:
    """Put the chords of a line over its syllables."""
    waiting = list(line.chords)
    cells: list[Cell] = []
    before = ""
    for note in line.notes:
        if note.syllable is None:
            continue
        due: list[str] = []
        while waiting and waiting[0][0] <= note.tick:
            due.append(name_chord(key, waiting.pop(0)[1]))
        for name in due[:-1]:
            if name != before:
                cells.append(Cell(name, "", ends_word=True))
            before = name
        name = due[-1] if due else ""
        cells.append(
            Cell(name if name != before else "", note.syllable.text, note.syllable.ends_word)
        )
        before = name or before
    for _, root in waiting:
        name = name_chord(key, root)
        if name != before:
            cells.append(Cell(name, "", ends_word=True))
        before = name
    return cells


def write_text(project: SongProject, song: WrittenSong) -> str:
    """Write the sheet as plain text, chords in a line of their own."""
    rows = [project.settings.title, _tell_facts(project, song), ""]
    for line in song.lines:
        if line.opens_part:
            rows += ["", line.label.capitalize(), ""] if rows[-1] else [line.label.capitalize(), ""]
        chords, words = _align(list_cells(line, song.key))
        rows += [row for row in (chords, words) if row]
    return "\n".join(rows) + "\n"


def write_page(project: SongProject, song: WrittenSong) -> str:
    """Write the sheet as one page in large type."""
    body: list[str] = []
    for line in song.lines:
        if line.opens_part:
            body.append(f"<h2>{escape(line.label.capitalize())}</h2>")
        cells = list_cells(line, song.key)
        if cells:
            body.append(f'<p dir="auto">{_mark_up(cells)}</p>')
    title, language = project.settings.title, project.settings.language
    return _make_page(title, language, _tell_facts(project, song), body)


def write_blank_page(title: str, lines: Sequence[str], *, language: str = "en") -> str:
    """Write words, with their blanks as lines to write on, as a page in large type."""
    body = [
        '<p dir="auto">' + " ".join(_show_word(word) for word in escape(line).split()) + "</p>"
        for line in lines
    ]
    return _make_page(title, language, "", body)


def _make_page(title: str, language: str, facts: str, body: Sequence[str]) -> str:
    told = f'<p class="facts">{escape(facts)}</p>\n' if facts else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1 dir="auto">{escape(title)}</h1>\n{told}' + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _tell_facts(project: SongProject, song: WrittenSong) -> str:
    settings = project.settings
    return f"{name_key(song.key)}, {song.tempo_bpm:g} bpm, {settings.style}"


def _align(cells: Sequence[Cell]) -> tuple[str, str]:
    """Let each chord begin in the column where its syllable does."""
    chords, words = "", ""
    for cell in cells:
        if cell.chord:
            here = max(_width(words), _width(chords) + 1 if chords else 0)
            # Within a word a dash fills what the chord needs, so that it stays one word.
            gap = here - _width(words)
            words += ("-" if words and not words.endswith(" ") else " ") * gap
            chords += " " * (here - _width(chords)) + cell.chord
        words += cell.text + " " * cell.ends_word
    return chords.rstrip(), words.rstrip()


def _width(text: str) -> int:
    """Count columns: wide signs take two, marks that sit on others none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _mark_up(cells: Sequence[Cell]) -> str:
    words: list[str] = []
    word: list[str] = []
    for index, cell in enumerate(cells):
        after = cells[index + 1] if index + 1 < len(cells) else None
        # A chord may reach over the next syllable unless that has one of its own.
        reaches = " over" if cell.text and after is not None and not after.chord else ""
        # Kept apart (bdi), the chord's letter doesn't decide which way the line is read.
        word.append(
            f'<span class="cell"><span class="chord{reaches}">'
            f"<bdi>{escape(cell.chord)}</bdi></span>"
            f"<span>{_show_word(escape(cell.text)) or '&nbsp;'}</span></span>"
        )
        if cell.ends_word:
            words.append(f'<span class="word">{"".join(word)}</span>')
            word = []
    if word:
        words.append(f'<span class="word">{"".join(word)}</span>')
    return " ".join(words)


def _show_word(word: str) -> str:
    return word.replace("___", '<span class="blank"></span>')
