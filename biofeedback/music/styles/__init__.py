"""One style per file; adding one takes its file and a line in ``STYLES``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.music.styles.walk import WALK

if TYPE_CHECKING:
    from biofeedback.music.style import Style

STYLES: dict[str, Style] = {
    "walk": WALK,
}
