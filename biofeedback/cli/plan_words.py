"""A plan in plain words: what will happen, in which limits, and what the report will hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.cli.sitting import QUESTION_WORDS, minutes, say_outcome
from biofeedback.therapies import THERAPIES
from biofeedback.therapies.check import usable_s

if TYPE_CHECKING:
    from biofeedback.control import LawName
    from biofeedback.control.limits import Limits
    from biofeedback.settings import Settings
    from biofeedback.therapies.plan import EndsBy, Form, Phase, Plan

LAW_WORDS: Final[dict[LawName, str]] = {
    "follow": "the music goes as the person goes",
    "entrain": "the beat finds the steps and stays with them",
    "lead": "the beat invites to go a little faster, step by step, when it goes well",
    "relax": "the music becomes slower, thinner and darker",
    "iso": "the music meets the person where they are and leads on in small steps",
    "breathe": "a swell to breathe with",
    "contour": "the arc of a journey: start, build, peak, return",
    "reward": "the music becomes fuller when the aim is reached",
    "ensemble": "the group owns the tempo, everybody has a voice",
    "improvise": "movements are notes, a partner answers",
    "songwrite": "a song is drawn, slot by slot",
    "listen": "no beat; everything is measured",
}
FORM_WORDS: Final[dict[Form, str]] = {
    "demo": "a short demonstration",
    "home": "for home, alone",
    "clinic": "for the clinic",
}
ENDS_WORDS: Final[dict[EndsBy, str]] = {
    "time": "",
    "steady_cadence": ", earlier once thirty steps were even",
    "settled": ", earlier once the heart has been near rest for half a minute",
    "key": ", earlier when somebody says go on",
    "song_whole": ", earlier when the song is whole",
}


def explain_plan(settings: Settings, plan: Plan) -> list[str]:
    """Explain a plan that may be used, a line for each thing."""
    limits = settings.started_limits
    therapy = THERAPIES[plan.therapy]
    mode = f", {plan.mode}" if plan.mode else ""
    staff = "; staff have to be there" if plan.supervised else ""
    lines = [
        f"{plan.title} ({plan.name}): {therapy.title}{mode}, {FORM_WORDS[plan.form]}{staff}.",
        _explain_tempo(limits),
        (
            f"Time: {minutes(plan.least_s)} to {minutes(plan.most_s)}; "
            f"at {minutes(usable_s(limits))} the music eases, "
            f"at {minutes(limits.time_limit_s)} it ends, whatever happens."
        ),
        *_explain_hearts(settings),
        "Before the start: "
        + " ".join(QUESTION_WORDS[check] for check in (*plan.checks, "symptoms")),
    ]
    if plan.not_if:
        lines.append("Not if: " + "; ".join(plan.not_if) + ".")
    lines += [
        f"{number}. {_explain_phase(phase, settings)}"
        for number, phase in enumerate(plan.phases, 1)
    ]
    for when, ratings in (("before", plan.ask_before), ("afterwards", plan.ask_after)):
        if ratings:
            lines.append(f"Asked {when}: {', '.join(ratings)}.")
    lines.append(f"Symptoms are asked for every {minutes(plan.ask_symptoms_every_s)}.")
    if plan.goal is not None:
        lines.append(f"Goal: {plan.goal}.")
    told = (say_outcome(name, None)[0] for name in therapy.names)
    lines.append(f"The report tells: {', '.join(dict.fromkeys(told))}.")
    return lines


def explain_settings(settings: Settings) -> list[str]:
    """Explain limits and taste without phases, a line for each thing."""
    limits, music = settings.limits, settings.music
    lines = [
        (
            f"Limits and taste only, no phases: {LAW_WORDS[settings.law]} ({settings.law}), "
            f"after {settings.calibrate_s:g} s to settle in."
        ),
        _explain_tempo(limits),
        (
            f"Time: at {minutes(usable_s(limits))} the music eases, "
            f"at {minutes(limits.time_limit_s)} it ends, whatever happens."
        ),
        *(_explain_ceilings(settings) or ["Heart rate: no ceiling, it is only shown."]),
    ]
    meter = f" in {music.meter}" if music.meter else ""
    taste = [
        f"style {music.style}{meter}",
        f"settling to {settings.resting_tempo_bpm:.0f} bpm when nobody walks",
        "a click on every beat" if music.click else "",
        "answers to gestures wait for the grid" if music.gesture_grid == "soft" else "",
        "" if music.fade_out_s is None else f"silent after {minutes(music.fade_out_s)}",
        f"{music.output_delay_ms:g} ms behind the sound device" if music.output_delay_ms else "",
    ]
    lines.append(f"Music: {'; '.join(filter(None, taste))}.")
    return lines


def _explain_tempo(limits: Limits) -> str:
    return (
        f"Tempo: {limits.tempo_low_bpm:.0f} to {limits.tempo_high_bpm:.0f} bpm, round "
        f"{limits.tempo_baseline_bpm:.0f}; it moves by at most "
        f"{100 * limits.tempo_slew_ratio_per_s:g} % a second, less where the music calms or leads."
    )


def _explain_ceilings(settings: Settings) -> list[str]:
    known = [
        f"{name} {ceiling_bpm:.0f}"
        for name, person in settings.persons.items()
        if (ceiling_bpm := person.ceiling_bpm) is not None
    ]
    return [f"Heart rate: a ceiling for {', '.join(known)} bpm."] if known else []


def _explain_hearts(settings: Settings) -> list[str]:
    return [
        *_explain_ceilings(settings),
        "A heart rate at rest that is measured gives a ceiling of 20 above it, if that is lower.",
    ]


def _explain_phase(phase: Phase, settings: Settings) -> str:
    style = phase.music.style or settings.music.style
    least = f"{minutes(phase.least_s)} to " if 0.0 < phase.least_s < phase.most_s else ""
    if phase.ends != "time" and not least:
        least = "up to "
    chosen = ", ".join(f"{name} {value}" for name, value in phase.options.items())
    said = f' Say: "{phase.say}"' if phase.say else ""
    what = LAW_WORDS[phase.law]
    if phase.law == "reward" and phase.options.get("schedule") == "none":
        what = "what is done is counted in silence, nothing is to be earned"
    return (
        f"{phase.name}: {what}{f' ({chosen})' if chosen else ''}; style {style}; "
        f"{least}{minutes(phase.most_s)}{ENDS_WORDS[phase.ends]}.{said}"
    )
