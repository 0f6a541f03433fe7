"""Sidecars: what is known of each song, one small JSON file by the song's content.

They lie in the user's data folder, not beside the music: a music folder may be read-only or
shared, a song keeps its beats when it is renamed or moved, and nothing is left behind elsewhere.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from biofeedback.errors import SongError
from biofeedback.folders import data_folder
from biofeedback.music.song_map import SongMap, check_song_map

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDECAR_VERSION: Final = 1
_LARGEST_BYTES: Final = 1 << 20


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is kept of a song. ``sha256`` is of the file's bytes; ``file`` where it was last.

    ``tapped`` says that a person has corrected the beats.
    """

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    file: str
    duration_s: Annotated[float, Meta(gt=0, le=3600)]
    loudness_lufs: Annotated[float, Meta(ge=-70, le=10)]
    map: SongMap
    tapped: bool = False
    version: Literal[1] = SIDECAR_VERSION


class Library:
    """The sidecars in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use ``folder``, or the user's own."""
        self.folder = folder or data_folder() / "songs"

    def find(self, sha256: str) -> Sidecar | None:
        """Return what is known of the song with these bytes; None if nothing is.

        Raises:
            SongError: Something is there that can't be read.
        """
        path = self._path(sha256)
        return read_sidecar(path) if path.exists() else None

    def all(self) -> Iterator[Sidecar | SongError]:
        """Yield every sidecar, by title; in place of one that can't be read, why."""
        found: list[Sidecar | SongError] = []
        if self.folder.is_dir():
            for path in self.folder.glob("*.json"):
                try:
                    found.append(read_sidecar(path))
                except SongError as error:
                    found.append(error)
        yield from sorted(
            found, key=lambda one: one.map.title.lower() if isinstance(one, Sidecar) else ""
        )

    def save(self, sidecar: Sidecar) -> Path:
        """Write a sidecar, whole or not at all.

        Raises:
            SongError: The folder can't be used.
        """
        path = self._path(sidecar.sha256)
        text = msgspec.json.format(msgspec.json.encode(sidecar), indent=1)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError as error:
            raise SongError(f"{path}: can't keep what was found: {error.strerror}.") from error
        return path

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256[:16]}.json"


def read_sidecar(path: Path) -> Sidecar:
    """Read one sidecar.

    Raises:
        SongError: It can't be read, or says something impossible; the text says what to do.
    """
    advice = "Remove it and add the song again."
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise SongError(f"{path}: this is too large to be about a song. {advice}")
        sidecar = msgspec.json.decode(path.read_bytes(), type=Sidecar)
    except OSError as error:
        raise SongError(f"{path}: can't be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise SongError(
            f"{path}: this is not what is known of a song: {error}. {advice}"
        ) from error
    if (problem := check_song_map(sidecar.map)) is not None:
        raise SongError(f"{path}: {problem}. {advice}")
    return sidecar
