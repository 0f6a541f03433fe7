"""Persons, goals over sessions and songwriting projects, in files.

Pure (frozen facts and functions of them):

person.py        who, by a pseudonym: limits, what was asked, taste
goals.py         a goal, and how far the sessions have come
sessions.py      one line of the index of sessions
start.py         a session starts from where the last ended
song_project.py  a song in the making: words, form, chords, takes, and all that was rejected
templates.py     lyrics with blanks
written.py       a project as a song that can be played
lyric_sheet.py   words with chords over them, as text and as a page in large type
export.py        all that is kept of a person as one table
texts.py         which names and texts are accepted

The shell (clocks and files):

rows.py          a record as a row of facts, and what one line of its file is
log_file.py      a file that only grows, and is never half
store.py         all records in a folder: read, append, forget, repair

A record is the row of all facts that were ever added, never changed, so nothing older is lost; what
holds now is worked out from it. ``store.Store`` is all that the rest asks of the place where rows
are kept.
"""
