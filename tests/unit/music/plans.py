"""What several tests of music ask of a plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import MusicParameters
from biofeedback.music.arrangement import PlannedNote, plan_notes
from biofeedback.music.styles import STYLES

if TYPE_CHECKING:
    from biofeedback.music.style import Style

EVERY_STYLE = [known for style in STYLES.values() for known in (style, *style.other_meters)]
MIDDLE = MusicParameters(
    tempo_bpm=90.0,
    energy=0.7,
    density=0.5,
    brightness=0.5,
    articulation=0.4,
    tension=0.3,
    swell=0.5,
    register=0.0,
    level_db=0.0,
)


def name_style(style: Style) -> str:
    return f"{style.name}-{style.meter.name.replace('/', '-')}"


def ask(**changes: float) -> MusicParameters:
    return msgspec.structs.replace(MIDDLE, **changes)


def plan(style: Style, seed: int, bars: int, **changes: float) -> list[PlannedNote]:
    return plan_notes(style, seed, 0, bars * style.meter.ticks, ask(**changes))


def bars_of(style: Style, minutes: float) -> int:
    """Bars in some minutes at the middle of the style's tempi."""
    return round(minutes * sum(style.tempo_range_bpm) / 2 / style.meter.beats)


def passages(style: Style, notes: list[PlannedNote], bars: int) -> Counter[tuple[object, ...]]:
    """Every passage of eight bars, starting at any bar."""
    by_bar: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for note in notes:
        bar, tick = divmod(note.tick, style.meter.ticks)
        by_bar[bar].append((note.layer, tick, note.pitch_midi))
    return Counter(
        tuple(tuple(by_bar[bar + k]) for k in range(8))
        for bar in range(bars - 7)
        if any(by_bar[bar + k] for k in range(8))
    )
