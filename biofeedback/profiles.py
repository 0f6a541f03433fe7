"""Where profiles of wearables are found: beside the source, or inside the installed package."""

from __future__ import annotations

import difflib
from pathlib import Path

from biofeedback.decode.profile import MAX_PROFILE_BYTES, Profile, parse_profile
from biofeedback.errors import ProfileError

_PACKAGE = Path(__file__).resolve().parent
MAX_SCRIPT_BYTES = 16_384
_PLACES = (_PACKAGE / "firmware_profiles", _PACKAGE.parent / "firmware_profiles")


def load_profile(name_or_path: str) -> Profile:
    """Load a profile by its name, or from a file when it ends in ``.toml`` or has a folder.

    Raises:
        ProfileError: Unknown, unreadable, or wrong; the message says where and what is allowed.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return read_profile(path)
    files = _profile_files()
    if name_or_path not in files:
        close = difflib.get_close_matches(name_or_path, files, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ProfileError(
            f"no profile {name_or_path!r}; there are: {', '.join(sorted(files))}{hint}"
        )
    return read_profile(files[name_or_path])


def list_profiles() -> list[Profile]:
    """Load all profiles that come with the program, sorted by name."""
    return [read_profile(path) for _, path in sorted(_profile_files().items())]


def read_profile(path: Path) -> Profile:
    """Read and check one file.

    Raises:
        ProfileError: The file can't be read, or is no valid profile.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProfileError(f"{path}: can't be read: {reason}") from error
    if len(content) > MAX_PROFILE_BYTES:
        raise ProfileError(f"{path}: larger than {MAX_PROFILE_BYTES} bytes: this is no profile")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: not UTF-8 text (byte {error.start})") from error
    return parse_profile(text, source=str(path))


def read_script(profile: Profile) -> tuple[bytes, ...]:
    """Return the lines of the profile's script as they are sent, none when it has no script.

    A line is one whole statement; the byte in front of it keeps the console from echoing it.

    Raises:
        ProfileError: The script is missing, too large, or no ASCII text.
    """
    if profile.script is None:
        return ()
    for place in _PLACES:
        path = place / profile.script
        if path.is_file():
            return _read_lines(path)
    raise ProfileError(f"{profile.name}: the script {profile.script} is missing: install again")


def _read_lines(path: Path) -> tuple[bytes, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_BYTES + 1)
        text = content.decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: no readable ASCII text: {error}") from error
    if len(content) > MAX_SCRIPT_BYTES:
        raise ProfileError(f"{path}: larger than {MAX_SCRIPT_BYTES} bytes: this is no script")
    lines = [line.strip() for line in text.splitlines()]
    return tuple(
        [b"\x10" + line.encode() + b"\n" for line in lines if line and not line.startswith("//")]
    )


def _profile_files() -> dict[str, Path]:
    for place in _PLACES:
        files = {path.stem: path for path in place.glob("*.toml")}
        if files:
            return files
    places = " or ".join(str(place) for place in _PLACES)
    raise ProfileError(f"no profiles in {places}: install the program again")
