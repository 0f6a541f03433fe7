"""The songs of a session, read before anything plays. Without songs nothing is loaded for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.errors import SoundError

if TYPE_CHECKING:
    from biofeedback.sound.settings import SoundSettings
    from biofeedback.sound.song import SongPlayer

_CHANGED_S = 1.0


def open_songs(settings: SoundSettings, *, rate_hz: int) -> SongPlayer | None:
    """Read all songs of a session into memory, at the rate of the output.

    Each is played as loud as the whole programme is to be.

    Raises:
        SoundError: One can't be read, or is another recording than the one that was added.
    """
    if not settings.songs:
        return None
    # Reading audio loads scipy, which takes a while.
    from biofeedback.sound.recording import Recording, read_audio  # noqa: PLC0415
    from biofeedback.sound.song import SongPlayer  # noqa: PLC0415

    recordings: dict[str, Recording] = {}
    gains_db: dict[str, float] = {}
    for song, file in settings.songs.items():
        samples, _ = read_audio(file.path, rate_hz=rate_hz)
        if abs(samples.shape[1] / rate_hz - file.duration_s) > _CHANGED_S:
            raise SoundError(
                f"{file.path} has changed since it was added; add it again: "
                f"biofeedback songs add {file.path}"
            )
        recordings[song] = Recording(samples, rate_hz=rate_hz)
        gains_db[song] = settings.target_lufs - file.loudness_lufs
    return SongPlayer(recordings, gains_db, rate_hz=rate_hz)
