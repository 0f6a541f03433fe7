"""``play --therapy`` and ``--plan``: which plan, and who takes part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from biofeedback.cli.options import OpenSource
from biofeedback.errors import SettingsError
from biofeedback.settings import did_you_mean
from biofeedback.simulate.patients import GROUP_SIZE, make_patients
from biofeedback.simulate.taking_part import TakingPart
from biofeedback.therapies import THERAPIES
from biofeedback.therapies.plan import Mode, TherapyName

if TYPE_CHECKING:
    from biofeedback.settings import Settings
    from biofeedback.therapies.plan import Plan


def choose_plan(plan: Path | None, therapy: str | None, mode: str | None) -> Path | None:
    """Say which plan is meant: a given one, or the demonstration of a therapy.

    Raises:
        SettingsError: Both were given, or there is no such therapy or mode.
    """
    if therapy is None:
        if mode is not None:
            raise SettingsError("--mode goes with --therapy movement.")
        return plan
    if plan is not None:
        raise SettingsError("give --plan or --therapy, not both.")
    names = get_args(TherapyName)
    if therapy not in names:
        raise SettingsError(
            f"--therapy {therapy}: there is no such therapy.{did_you_mean(therapy, names)}"
        )
    modes = THERAPIES[therapy].modes  # pyright: ignore[reportArgumentType] - just checked
    if mode is not None and mode not in modes:
        near = did_you_mean(mode, get_args(Mode)) if modes else " Leave it out."
        raise SettingsError(f"--mode {mode}: {therapy} has no such mode.{near}")
    chosen = [therapy, *([mode or modes[0]] if modes else []), "demo"]
    return Path("-".join(chosen))


def open_patients(settings: Settings, plan: Plan, *, answers: bool) -> OpenSource:
    """Open virtual people who fit the plan."""
    source = make_patients(
        plan,
        baseline_bpm=settings.started_limits.tempo_baseline_bpm,
        seed=settings.seed,
        answers=answers,
    )
    size = GROUP_SIZE if plan.therapy == "group" else 1
    wearers = frozenset(f"p{number}" for number in range(1, size + 1))
    title = f"{plan.title}, with {'a virtual group' if size > 1 else 'a virtual person'}"
    return OpenSource(source, title, plan.name, None, wearers)


def take_part(opened: OpenSource, plan: Plan, *, answers: bool) -> OpenSource:
    """Let the people of another source take part; real people do without being told to."""
    if opened.sensors is not None:
        return opened
    return replace(opened, source=TakingPart(opened.source, plan, answers=answers))
