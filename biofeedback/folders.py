"""Where this user's programs keep what they know."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """Give the folder where programs of this user keep what they know."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "biofeedback"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/biofeedback"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share")) / "biofeedback"
