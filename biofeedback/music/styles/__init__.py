"""One style per file; adding one takes its file, a line in ``STYLES`` and its ``StyleName``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from biofeedback.music.styles.acoustic import ACOUSTIC
from biofeedback.music.styles.calm import CALM
from biofeedback.music.styles.dance import DANCE
from biofeedback.music.styles.drone import DRONE
from biofeedback.music.styles.drum_circle import DRUM_CIRCLE
from biofeedback.music.styles.lullaby import LULLABY
from biofeedback.music.styles.walk import WALK

if TYPE_CHECKING:
    from biofeedback.music.meter import MeterName
    from biofeedback.music.style import Style

StyleName = Literal["walk", "calm", "dance", "acoustic", "drum-circle", "lullaby", "drone"]

STYLES: dict[StyleName, Style] = {
    "walk": WALK,
    "calm": CALM,
    "dance": DANCE,
    "acoustic": ACOUSTIC,
    "drum-circle": DRUM_CIRCLE,
    "lullaby": LULLABY,
    "drone": DRONE,
}


def list_meters(name: StyleName) -> tuple[MeterName, ...]:
    """List the meters that a style knows, its own first."""
    style = STYLES[name]
    return (style.meter.name, *(other.meter.name for other in style.other_meters))


def find_style(name: StyleName, meter: MeterName | None = None) -> Style:
    """Return a style in its own meter, or in another one that it knows.

    Raises:
        ValueError: The style doesn't know that meter.
    """
    style = STYLES[name]
    for known in (style, *style.other_meters):
        if meter is None or known.meter.name == meter:
            return known
    raise ValueError(f"the style {name} isn't played in {meter}: {', '.join(list_meters(name))}")
