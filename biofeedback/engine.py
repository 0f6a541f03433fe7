"""The only file that knows the order: decode > signals > therapies, control > safety > music.

The engine is told the time and never asks. Control steps run on a fixed nominal grid
(``STEP_NS``) that begins with the first message, so neither scheduler jitter nor extra wake-ups
can change a decision. Gestures and keys don't wait for the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.control import LAWS, LawName
from biofeedback.control.falling_asleep import FallingAsleep
from biofeedback.control.follow import neutral_music
from biofeedback.control.law import Moment, Press, Wish, require_wish
from biofeedback.control.safety import Safety
from biofeedback.control.session import Session
from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    ClockJumped,
    CommandGiven,
    DecisionMade,
    EventDetected,
    Input,
    KeyPressed,
    LevelNudged,
    LinkReported,
    MarkerSet,
    NotePlayed,
    NoticeGiven,
    Output,
    PacketReceived,
    Part,
    RatingGiven,
    SensorAttached,
    SensorDetached,
    SoundReported,
    StateChanged,
    StopSound,
    SymptomAnswered,
    TimePassed,
)
from biofeedback.music.styles import find_style
from biofeedback.musician import LOOKAHEAD_NS, STEP_NS, Musician
from biofeedback.notices import LINK_NOTICES, Notices
from biofeedback.settings import check_style
from biofeedback.therapies.session import TherapySession
from biofeedback.wearers import Wearers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.control.law import Law
    from biofeedback.decode.profile import Profile
    from biofeedback.music.style import Style
    from biofeedback.samples import BodyState
    from biofeedback.settings import Settings
    from biofeedback.therapies.plan import Phase

STEP_S = STEP_NS / NS_PER_S
STOP_FADE_MS = 900
WAITED_LONG_NS = 10 * NS_PER_S
LATE_NOTES_WORTH_A_NOTICE = 3
NEVER_NS = 2**62


class Engine:
    """One room: one to many wearers, one music."""

    def __init__(self, settings: Settings, profiles: Mapping[str, Profile]) -> None:
        self._settings = settings
        self._limits = settings.started_limits
        self._neutral = neutral_music(settings.resting_tempo_bpm)
        self._style = find_style(settings.music.style, settings.music.meter)
        plan = settings.plan
        self._therapy = None if plan is None else TherapySession(plan, make_law=self._make_law)
        self._law: Law = (
            make_law(settings, settings.law, None, self._style)
            if self._therapy is None
            else self._therapy.law
        )
        self._phase_law = self._law
        fade_s = settings.music.fade_out_s or self._style.fade_out_s
        self._falling_asleep = None if fade_s is None else FallingAsleep(fade_s)
        self._safety = Safety(
            self._limits, self._neutral, law_slew_ratio_per_s=self._law.tempo_slew_ratio_per_s
        )
        self._session = Session(
            calibrate_s=settings.calibrate_s,
            time_limit_s=self._limits.time_limit_s,
            heart_rate_ceilings_bpm={
                name: ceiling_bpm
                for name, person in settings.persons.items()
                if (ceiling_bpm := person.ceiling_bpm) is not None
            },
        )
        self._notices = Notices()
        self._wearers = Wearers(profiles, self._notices, feels_axes=settings.feels_axes)
        self._now_ns: int | None = None
        self._next_step_ns = NEVER_NS
        self._musician: Musician | None = None
        self._started_ns = 0
        self._presses: list[Press] = []

    def next_wakeup_ns(self) -> int:
        """When the next control step is due, if no message comes before."""
        return self._next_step_ns

    def handle(self, message: Input) -> list[Output]:
        """Run every control step that is due by ``message.at_ns``, then the message itself.

        Time never runs backwards: a message stamped before the newest counts as now (F48).

        Raises:
            ProfileError: A sensor was attached with a profile that the engine wasn't given.
        """
        if self._now_ns is None:
            self._now_ns = message.at_ns
            self._next_step_ns = message.at_ns + STEP_NS
        elif message.at_ns < self._now_ns:
            message = msgspec.structs.replace(message, at_ns=self._now_ns)
        outputs: list[Output] = []
        while self._next_step_ns <= message.at_ns:
            self._step(self._next_step_ns, outputs)
            self._next_step_ns += STEP_NS
        self._now_ns = message.at_ns
        self._hear(message, outputs)
        return outputs

    # ------------------------------------------------------------ shells and people

    def _hear(self, message: Input, outputs: list[Output]) -> None:
        match message:
            case TimePassed() | MarkerSet():
                pass
            case PacketReceived():
                self._wearers.read(message, outputs, answer=self._answer_gesture)
            case SensorAttached():
                self._wearers.attach(message, outputs)
            case SensorDetached():
                self._wearers.detach(message, outputs)
            case CommandGiven(command="skip"):
                if self._therapy is not None and self._musician is not None:
                    outputs += self._therapy.skip(message.at_ns)
            case CommandGiven():
                self._enter(self._session.obey(message), outputs)
            case LinkReported() | ClockJumped() | SoundReported():
                self._hear_shell(message, outputs)
            case _:
                self._hear_person(message, outputs)

    def _hear_shell(
        self, report: LinkReported | ClockJumped | SoundReported, outputs: list[Output]
    ) -> None:
        """Take what a shell tells of itself."""
        at_ns = report.at_ns
        match report:
            case LinkReported(link="heard"):
                self._session.note_heard(at_ns)
            case LinkReported(wearer=wearer, sensor=sensor):
                code = LINK_NOTICES[report.link]
                notice = NoticeGiven(at_ns=at_ns, code=code, wearer=wearer, sensor=sensor)
                self._notices.tell(notice, outputs)
            case ClockJumped():
                self._notices.tell(NoticeGiven(at_ns=at_ns, code="clock_jump"), outputs)
                self._enter(self._session.note_clock_jump(at_ns), outputs)
            case SoundReported():
                if report.late_notes >= LATE_NOTES_WORTH_A_NOTICE:
                    self._notices.tell(NoticeGiven(at_ns=at_ns, code="sound_late"), outputs)

    def _hear_person(
        self,
        message: KeyPressed
        | NotePlayed
        | RatingGiven
        | CheckAnswered
        | SymptomAnswered
        | LevelNudged,
        outputs: list[Output],
    ) -> None:
        """Take what somebody at the keys says, plays or answers."""
        if isinstance(message, LevelNudged):
            self._safety.cap_level(message.change_db)
        elif isinstance(message, NotePlayed):
            if self._musician is not None and self._may_answer:
                self._musician.play_by_hand(message, outputs)
        else:
            if isinstance(message, KeyPressed):
                self._presses.append(Press(message.key, message.at_ns))
            if self._therapy is not None:
                self._therapy.hear(message)
            if isinstance(message, SymptomAnswered) and message.present:
                self._enter(self._session.note_symptoms(message.at_ns), outputs)

    # ------------------------------------------------------------ control

    def _enter(self, changes: list[StateChanged], outputs: list[Output]) -> None:
        for change in changes:
            outputs.append(change)
            if change.before == "INIT" and change.after == "CALIBRATE":
                self._started_ns = change.at_ns
                self._musician = Musician(
                    self._settings,
                    self._style,
                    start_ns=change.at_ns + LOOKAHEAD_NS,
                    tempo_bpm=self._safety.last.tempo_bpm,
                )
                if self._therapy is not None:
                    self._musician.cue = "silent"
                    outputs += self._therapy.begin(change.at_ns)
            elif change.after == "EASE" and self._therapy is not None:
                outputs += self._therapy.note_ease(change.at_ns, change.reason)
            elif change.after == "STOP":
                if self._therapy is not None and change.before != "INIT":
                    outputs += self._therapy.close(change.at_ns)
                outputs.append(StopSound(at_ns=change.at_ns, fade_ms=STOP_FADE_MS))

    def _step(self, at_ns: int, outputs: list[Output]) -> None:
        found = self._wearers.take_found()
        presses, self._presses = self._presses, []
        musician = self._musician
        if musician is None or self._session.is_over:
            return
        self._notices.watch(at_ns, outputs)
        bodies = self._wearers.states(at_ns)
        self._enter(self._session.step(at_ns, bodies), outputs)
        if self._session.waits_since_ns is not None:
            waited_ns = at_ns - self._session.waits_since_ns
            if waited_ns > round(self._settings.calibrate_s * NS_PER_S) + WAITED_LONG_NS:
                self._notices.tell(NoticeGiven(at_ns=at_ns, code="no_signal"), outputs)
        moment = Moment(
            at_ns=at_ns,
            bodies=bodies,
            tempo_bpm=self._safety.last.tempo_bpm,
            elapsed_s=STEP_S,
            steps=musician.judge_steps(bodies, found),
            findings=found,
            presses=presses,
            beat_ratio=musician.beat_ratio(at_ns),
        )
        if self._therapy is not None and not self._session.is_over:
            self._go_through(self._therapy, moment, outputs)
        wish = self._propose(moment, outputs)
        if self._session.is_over:
            return
        state = self._session.state
        may_rise = state in {"CALIBRATE", "RUN"} and self._session.may_rise
        allowed = self._safety.limit(
            wish.parameters,
            state=state,
            elapsed_s=STEP_S,
            may_rise=self._session.may_rise,
            parts=wish.parts,
        )
        decision = DecisionMade(
            at_ns=at_ns,
            state=state,
            reason=wish.reason if state == "RUN" else self._session.reason,
            wanted=wish.parameters,
            allowed=allowed.parameters,
            limits_hit=allowed.limits_hit,
            input_age_ms=_youngest_age_ms(bodies),
            tempo_from_ns=musician.planned_until_ns,
            parts=allowed.parts,
        )
        outputs.append(decision)
        # Else the cue stays as it was; but single pulses need a law that places them.
        if state == "RUN":
            musician.cue = wish.cue
        elif wish.reason == "law_failed" and musician.cue == "pulse":
            musician.cue = "full"
        musician.play(at_ns, allowed, wish, outputs, may_rise=may_rise)
        if wish.answers and state == "RUN" and may_rise:
            musician.play_answers(wish, at_ns, outputs)

    def _go_through(self, therapy: TherapySession, moment: Moment, outputs: list[Output]) -> None:
        """Let the plan go on; the law, its slew and the style of a new phase take over."""
        at_ns = moment.at_ns
        time_left_s = self._session.time_to_ease_ns(at_ns) / NS_PER_S
        outputs += therapy.step(moment, self._session.state, time_left_s=time_left_s)
        if therapy.is_refused or therapy.is_done:
            self._enter(self._session.finish(at_ns, refused=therapy.is_refused), outputs)
            return
        for wearer, ceiling_bpm in therapy.take_ceilings().items():
            self._session.narrow_ceiling(wearer, ceiling_bpm)
        if therapy.law is not self._phase_law and self._musician is not None:
            self._law = therapy.law
            self._phase_law = therapy.law
            self._safety.govern(self._law.tempo_slew_ratio_per_s)
            self._musician.restyle(self._phase_style(therapy.style))

    def _make_law(self, phase: Phase, law_plan: msgspec.Struct | None) -> Law:
        style = self._phase_style(phase.music.style)
        return make_law(self._settings, phase.law, law_plan, style)

    def _phase_style(self, name: str | None) -> Style:
        """Find the style of a phase: the plan's in its meter, or another in its own."""
        return self._style if name is None else find_style(check_style(name))

    def _propose(self, moment: Moment, outputs: list[Output]) -> Wish:
        """Ask the law; one that fails can't take the music with it (F57)."""
        at_ns = moment.at_ns
        try:
            wish = self._law.propose(moment)
            require_wish(wish)
            if self._therapy is not None:
                wish = self._therapy.shape(wish, self._safety.last, moment.elapsed_s)
        except Exception:  # noqa: BLE001 - whatever a law raises, the music is held
            self._notices.tell(NoticeGiven(at_ns=at_ns, code="law_failed"), outputs)
            self._enter(self._session.note_law_failure(at_ns), outputs)
            return Wish(self._safety.last, "law_failed")
        if self._session.state == "RUN":
            for code in wish.notices:
                self._notices.tell(NoticeGiven(at_ns=at_ns, code=code), outputs)
        if self._session.state == "CALIBRATE":
            waiting = tuple(Part(energy=0.0, place=part.place) for part in wish.parts)
            return Wish(self._neutral, "calibrating", parts=waiting)
        if self._falling_asleep is None:
            return wish
        elapsed_s = (at_ns - self._started_ns) / NS_PER_S
        softened = self._falling_asleep.soften(wish.parameters, elapsed_s)
        return msgspec.structs.replace(wish, parameters=softened)

    # ------------------------------------------------------------ what doesn't wait for the step

    @property
    def _may_answer(self) -> bool:
        """Tell whether a gesture or a key may sound: the session runs, and no plan is silent."""
        musician = self._musician
        quiet = musician is None or (self._therapy is not None and musician.cue == "silent")
        return self._session.state == "RUN" and self._session.may_rise and not quiet

    def _answer_gesture(self, gesture: EventDetected, outputs: list[Output]) -> None:
        if self._musician is not None and self._may_answer:
            owner = self._wearers.place_of(gesture.wearer)
            self._musician.answer_gesture(gesture, self._safety, outputs, owner=owner)


def make_law(
    settings: Settings, name: LawName, law_plan: msgspec.Struct | None, style: Style
) -> Law:
    """Make a law; who follows shares the music out as the style says, other laws don't."""
    given: dict[str, object] = {"parts": style.parts} if name == "follow" else {}
    if law_plan is not None:
        given["plan"] = law_plan
    return LAWS[name](
        limits=settings.started_limits, resting_tempo_bpm=settings.resting_tempo_bpm, **given
    )


def _youngest_age_ms(bodies: list[BodyState]) -> float | None:
    youngest_ms: float | None = None
    for body in bodies:
        age_ms = body.motion_age_ms if body.has_motion else body.heart_age_ms
        if age_ms is not None and (youngest_ms is None or age_ms < youngest_ms):
            youngest_ms = age_ms
    return youngest_ms
