"""One bar, composed: every note that could sound in it, with the threshold from which it does.

The tables of the style say what each layer may play; here they meet the chords and the melody of
the bar, and each note gets its human deviation. Bars are cached, which is fine: they are pure.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from biofeedback.messages import NS_PER_MS, Layer
from biofeedback.music import mapping
from biofeedback.music.chance import Draw, choose, roll
from biofeedback.music.form import PHRASE_BARS, place_bar
from biofeedback.music.harmony import NINTH_VOICE, Chord, voice_bar
from biofeedback.music.melody import compose_melody
from biofeedback.music.scales import OCTAVE
from biofeedback.music.style import STEPS_PER_BEAT, TICKS_PER_STEP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.form import Place
    from biofeedback.music.style import BassNote, BassTone, Gate, Hit, Style, Voice

LAYER_INDEX: dict[Layer, int] = {layer: index for index, layer in enumerate(get_args(Layer))}
Length = Literal["stroke", "ring", "held", "articulated"]
"""What decides how much of its place a note fills."""

_PHRASE_FILL_SHIFT = 0.15
_DOUBLING_DB = -6.0
_TRIAD_VOICES = (0, 1, 2)
_VOICES = NINTH_VOICE + 1
_LAST_COLOUR = mapping.COLOURS - 1
_HALF = 1 << 32


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A note that sounds when its gate is open to ``enter`` and the colour is in its range.

    ``number`` is a MIDI pitch, a voice of ``chord``, a degree, or a degree that is moved into the
    chord, as ``kind`` says; None is without pitch. ``length`` says what decides how much of
    ``ticks`` is filled; a note that ``doubles`` sounds an octave off. ``inverted`` voices follow
    the register, ``resolved`` ones don't hang.
    """

    layer: Layer
    enter: float
    gate: int
    level_db: float
    offset_ns: int
    ticks: int
    pan: float
    length: Length
    kind: Literal["fixed", "voice", "degree", "chord_degree"] = "fixed"
    number: int | None = None
    chord: Chord | None = None
    doubles: bool = False
    inverted: bool = True
    resolved: bool = True
    colour_from: int = 0
    colour_to: int = _LAST_COLOUR


@lru_cache(maxsize=64)
def compose_bar(style: Style, seed: int, bar: int) -> tuple[tuple[Candidate, ...], ...]:
    """Compose one bar: for each of its steps the notes that may start there."""
    sheet = _Sheet(style, seed, bar)
    sheet.write_drums()
    chords = voice_bar(style, seed, bar)
    sheet.write_bass(chords, voice_bar(style, seed, bar + 1)[0])
    sheet.write_comping(chords)
    sheet.write_pad(chords)
    sheet.write_melody(chords)
    return tuple(tuple(step) for step in sheet.steps)


class _Sheet:
    """The bar while it is written."""

    def __init__(self, style: Style, seed: int, bar: int) -> None:
        self._style = style
        self._seed = seed
        self._place: Place = place_bar(style, bar)
        self.steps: list[list[Candidate]] = [[] for _ in range(style.steps_per_bar)]
        self._human = roll(seed, Draw.HUMAN, bar)
        self._players: dict[Layer, tuple[Voice, int, float, float]] = {}
        for layer, voice in style.layers.items():
            index = LAYER_INDEX[layer]
            shift = 0.0
            if layer in style.shifted_layers:
                shift = choose(style.shifts, seed, Draw.SHIFT, self._place.section, index)
            self._players[layer] = (voice, index, shift, voice.late_ms * NS_PER_MS)

    def write_drums(self) -> None:
        style, place = self._style, self._place
        fill: dict[int, Hit] = {}
        if place.bar_in_phrase == PHRASE_BARS - 1:
            # Within a section a fill asks for more energy than at its end.
            later = 0.0 if place.ends_section else _PHRASE_FILL_SHIFT
            chosen = choose(style.fills, self._seed, Draw.FILL, place.phrase)
            fill = {hit.step: replace(hit, enter=hit.enter + later) for hit in chosen}
        ghosts = choose(style.ghosts, self._seed, Draw.DRUMS, place.phrase, 1)
        for hit in (
            *style.drums,
            *choose(style.hats, self._seed, Draw.DRUMS, place.section),
            *(hit for hit in ghosts if hit.step not in fill),
            *fill.values(),
        ):
            self._write(
                hit.layer,
                hit.step,
                hit.steps,
                enter=hit.enter,
                gate=hit.gate,
                accent_db=hit.accent_db,
                length="ring" if hit.layer == "hat" else "stroke",
            )

    def write_bass(self, chords: tuple[Chord, ...], following: Chord) -> None:
        line: Sequence[BassNote] = choose(
            self._style.bass, self._seed, Draw.BASS, self._place.phrase
        )
        for note in line:
            index = note.step * len(chords) // self._style.steps_per_bar
            chord = chords[index]
            after = chords[index + 1] if index + 1 < len(chords) else following
            self._write(
                "bass",
                note.step,
                note.steps,
                enter=note.enter,
                gate=note.gate,
                accent_db=note.accent_db,
                length="articulated",
                number=_find_bass_pitch(note.tone, chord, after, self._style.bass_low_midi),
            )

    def write_comping(self, chords: tuple[Chord, ...]) -> None:
        for stab in choose(self._style.comping, self._seed, Draw.COMPING, self._place.phrase):
            chord = chords[stab.step * len(chords) // self._style.steps_per_bar]
            steps = min(stab.steps, chord.start_step + chord.steps - stab.step)
            resolved = len(chords) > 1 or stab.step >= chord.steps // 2
            for voice in stab.voices:
                self._write(
                    "chords",
                    stab.step,
                    steps,
                    enter=stab.enter,
                    gate=stab.gate,
                    accent_db=stab.accent_db,
                    length="articulated",
                    kind="voice",
                    number=voice,
                    chord=chord,
                    resolved=resolved,
                    colour_from=2 if voice == NINTH_VOICE else 0,
                )

    def write_pad(self, chords: tuple[Chord, ...]) -> None:
        for chord in chords:
            start, steps = chord.start_step, chord.steps
            half = steps // 2
            for voice in (*_TRIAD_VOICES, NINTH_VOICE):
                hangs = len(chords) == 1 and chord.is_third(voice)
                self._write(
                    "pad",
                    start,
                    steps,
                    length="held",
                    kind="voice",
                    number=voice,
                    chord=chord,
                    inverted=False,
                    colour_from=2 if voice == NINTH_VOICE else 0,
                    colour_to=_LAST_COLOUR - 1 if hangs else _LAST_COLOUR,
                )
                if hangs:
                    for step, resolved in ((start, False), (start + half, True)):
                        self._write(
                            "pad",
                            step,
                            half,
                            length="held",
                            kind="voice",
                            number=voice,
                            chord=chord,
                            inverted=False,
                            resolved=resolved,
                            colour_from=_LAST_COLOUR,
                        )

    def write_melody(self, chords: tuple[Chord, ...]) -> None:
        entry = self._style.melody_entry
        for note in compose_melody(self._style, self._seed, self._place.bar, chords):
            gate: Gate = "ornament"
            if note.strong:
                enter, gate = entry.strong, "energy"
            elif note.step % STEPS_PER_BEAT == 0:
                enter = entry.beat
            elif note.step % 2 == 0:
                enter = entry.offbeat
            else:
                enter = entry.sixteenth
            accent_db = 0.0 if note.step % STEPS_PER_BEAT == 0 else -1.5
            for doubles, later, softer in (
                (False, enter, 0.0),
                (True, entry.doubled, _DOUBLING_DB),
            ):
                self._write(
                    "melody",
                    note.step,
                    note.steps,
                    enter=max(enter, later),
                    gate="sparkle" if doubles else gate,
                    accent_db=accent_db + softer,
                    length="articulated",
                    kind="chord_degree" if note.strong else "degree",
                    number=note.degree,
                    chord=note.chord,
                    doubles=doubles,
                )

    def _write(
        self,
        layer: Layer,
        step: int,
        steps: int,
        *,
        enter: float = 0.0,
        gate: Gate = "energy",
        accent_db: float = 0.0,
        length: Length,
        kind: Literal["fixed", "voice", "degree", "chord_degree"] = "fixed",
        number: int | None = None,
        chord: Chord | None = None,
        doubles: bool = False,
        inverted: bool = True,
        resolved: bool = True,
        colour_from: int = 0,
        colour_to: int = _LAST_COLOUR,
    ) -> None:
        voice, index, shift, late_ns = self._players[layer]
        # Voices of one chord are strummed apart and spread; the rest keep the place of the layer.
        place = number if kind == "voice" and number is not None else 1
        bits = roll(self._human, (step * len(LAYER_INDEX) + index) * _VOICES + place)
        loose_db = voice.loose_db * ((bits % _HALF) / (_HALF / 2) - 1.0)
        self.steps[step].append(
            Candidate(
                layer=layer,
                enter=enter + shift,
                gate=mapping.GATES[gate],
                level_db=accent_db + loose_db,
                offset_ns=int(late_ns * ((bits >> 32) / _HALF)),
                ticks=steps * TICKS_PER_STEP,
                pan=voice.pan + (place - 1) * voice.spread,
                length=length,
                kind=kind,
                number=number,
                chord=chord,
                doubles=doubles,
                inverted=inverted,
                resolved=resolved,
                colour_from=colour_from,
                colour_to=colour_to,
            )
        )


def _find_bass_pitch(tone: BassTone, chord: Chord, after: Chord, low_midi: int) -> int:
    """Find the pitch of a bass tone; an approach is the step of the key before the next root."""
    root = chord.bass_midi
    key = chord.key
    match tone:
        case "root":
            return root
        case "octave":
            return root + OCTAVE
        case "third":
            return root + key.pitch(chord.root + 2) - key.pitch(chord.root)
        case "approach" if after.bass_midi != root:
            step = 1 if after.bass_midi < root else -1
            near = after.bass_midi + step
            return near if near % OCTAVE in key.pitch_classes() else near + step
        case _:
            fifth = root + key.pitch(chord.root + 4) - key.pitch(chord.root)
            return fifth if fifth < low_midi + OCTAVE else fifth - OCTAVE
