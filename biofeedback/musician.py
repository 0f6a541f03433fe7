"""What the engine lets sound: the style or the songs, answers to gestures, single notes, the cue.

Each control step decides for the music ``LOOKAHEAD_NS`` later, which gives the sound process time
to place notes to the sample; gestures and keys don't wait for the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.control.cue import shape_orders
from biofeedback.control.law import (
    HIGHEST_DEGREE,
    LOWEST_DEGREE,
    Step,
    usable_answers,
)
from biofeedback.control.phrases import STRONGEST_GESTURE_MPS2
from biofeedback.messages import NS_PER_MS, NS_PER_S, EventDetected, SteerSound
from biofeedback.music.performer import Performer
from biofeedback.music.song import SongPerformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Cue, Wish
    from biofeedback.control.safety import Allowed, Safety
    from biofeedback.messages import MeasureTaken, NotePlayed, Output
    from biofeedback.music.style import Style
    from biofeedback.samples import BodyState
    from biofeedback.settings import Settings

STEP_NS = 100 * NS_PER_MS
LOOKAHEAD_NS = 200 * NS_PER_MS
ORDER_LIFE_NS = 2 * NS_PER_S
PLAYED_NOTE_S = 0.6
FASTEST_STEP_NS = 200 * NS_PER_MS
"""Nobody steps faster."""


class Musician:
    """Plays for one room from ``start_ns`` on."""

    def __init__(
        self, settings: Settings, style: Style, *, start_ns: int, tempo_bpm: float
    ) -> None:
        self._style = style
        self._performer = begin_music(settings, style, start_ns=start_ns, tempo_bpm=tempo_bpm)
        self._output_delay_ns = round(settings.music.output_delay_ms * NS_PER_MS)
        self._told_step_ns: dict[str, int] = {}
        self._sequence = 0
        self.cue: Cue = "full"

    @property
    def planned_until_ns(self) -> int:
        """Up to where music has been ordered; the next decision applies from here."""
        return self._performer.planned_until_ns

    def restyle(self, style: Style) -> None:
        """Let another style take over at the next bar."""
        self._style = style
        self._performer.restyle(style)

    def judge_steps(
        self, bodies: Sequence[BodyState], found: Sequence[MeasureTaken | EventDetected]
    ) -> list[Step]:
        """Tell how far the music was ahead of each step that became known.

        Of several sensors of a wearer the one that leads counts. When another one takes over, it
        may have felt the same steps: a step too close behind one that was told is left out.
        """
        steps: list[Step] = []
        leads = {(body.wearer, body.motion_sensor) for body in bodies if body.walking}
        for event in found:
            if not isinstance(event, EventDetected) or event.event != "step":
                continue
            wearer, step_ns = event.wearer, event.event_ns
            told_ns = self._told_step_ns.get(wearer)
            known = told_ns is not None and step_ns - told_ns < FASTEST_STEP_NS
            if known or (wearer, event.sensor) not in leads:
                continue
            self._told_step_ns[wearer] = step_ns
            asynchrony = self._performer.asynchrony_beats(step_ns - self._output_delay_ns)
            steps.append(Step(wearer, step_ns, asynchrony))
        return steps

    def beat_ratio(self, at_ns: int) -> float | None:
        """Tell how far into a beat the music is, 0..1; None before the first."""
        off = self._performer.asynchrony_beats(at_ns)
        return None if off is None else off % 1.0

    def play(
        self, at_ns: int, allowed: Allowed, wish: Wish, outputs: list[Output], *, may_rise: bool
    ) -> None:
        """Order what sounds until the next step: parameters first, then notes."""
        parameters, parts = allowed.parameters, allowed.parts
        self._sequence += 1
        steer = SteerSound(
            at_ns=at_ns,
            sequence=self._sequence,
            expires_ns=at_ns + ORDER_LIFE_NS,
            parameters=parameters,
            may_rise=may_rise,
            swell_wave=self._performer.swell_wave(at_ns + STEP_NS),
            parts=parts,
        )
        outputs.append(steer)
        until_ns = at_ns + STEP_NS + LOOKAHEAD_NS
        orders = self._performer.play(at_ns, until_ns, parameters, parts, must_fall=not may_rise)
        outputs += shape_orders(orders, self.cue, at_ns=at_ns, pulses_ns=wish.pulses_ns)

    def play_answers(self, wish: Wish, at_ns: int, outputs: list[Output]) -> None:
        """Let what a law wants of single notes sound, as far as it can be played."""
        for answer in usable_answers(wish.answers, at_ns):
            outputs += self._performer.play_degree(
                at_ns,
                answer.start_ns,
                answer.duration_s,
                answer.degree,
                answer.strength_ratio,
            )

    def play_by_hand(self, note: NotePlayed, outputs: list[Output]) -> None:
        """Let a note that somebody plays at the keys sound at once."""
        if not LOWEST_DEGREE <= note.degree <= HIGHEST_DEGREE:
            return
        strength_ratio = min(max(note.strength_ratio, 0.0), 1.0)
        outputs += self._performer.play_degree(
            note.at_ns, note.at_ns, PLAYED_NOTE_S, note.degree, strength_ratio
        )

    def answer_gesture(
        self, gesture: EventDetected, safety: Safety, outputs: list[Output], *, owner: int
    ) -> None:
        """Answer a gesture of the wearer who has the place ``owner``, counted from 0."""
        strength_ratio = min(1.0, (gesture.strength or 0.0) / STRONGEST_GESTURE_MPS2)
        parts = safety.last_parts
        owns = self._style.parts == "wearers" and owner < len(parts)
        outputs += self._performer.answer(
            gesture.at_ns,
            strength_ratio,
            safety.last,
            direction=gesture.direction,
            owner=owner if owns else None,
            place=parts[owner].place if owns else 0.0,
        )


def begin_music(
    settings: Settings, style: Style, *, start_ns: int, tempo_bpm: float
) -> Performer | SongPerformer:
    """Begin to play the person's own songs, or the style if there are none."""
    music = settings.music
    if music.songs:
        return SongPerformer(
            music.songs, start_ns=start_ns, tempo_bpm=tempo_bpm, with_click=music.click
        )
    return Performer(
        style,
        settings.seed,
        start_ns=start_ns,
        tempo_bpm=tempo_bpm,
        click=music.click,
        gesture_grid=music.gesture_grid,
    )
