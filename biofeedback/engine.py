"""The only file that knows the order: decode > signals > control > safety > music.

The engine is told the time and never asks. Control steps run on a fixed nominal grid
(``STEP_NS``) that begins with the first message, so neither scheduler jitter nor extra wake-ups
can change a decision. Each step decides for the music ``LOOKAHEAD_NS`` later, which gives the
sound process time to place notes to the sample; gestures don't wait for the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.control import LAWS
from biofeedback.control.cue import shape_orders
from biofeedback.control.falling_asleep import FallingAsleep
from biofeedback.control.follow import neutral_music
from biofeedback.control.law import Moment, Step, Wish, require_wish
from biofeedback.control.safety import Safety
from biofeedback.control.session import Session
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.errors import ProfileError
from biofeedback.messages import (
    NS_PER_MS,
    NS_PER_S,
    ClockJumped,
    CommandGiven,
    DecisionMade,
    EventDetected,
    Input,
    LinkReported,
    MeasureTaken,
    NoticeGiven,
    Output,
    PacketReceived,
    PacketRejected,
    Part,
    SensorAttached,
    SensorDetached,
    SoundReported,
    StateChanged,
    SteerSound,
    StopSound,
    TimePassed,
)
from biofeedback.music.performer import Performer
from biofeedback.music.song import SongPerformer
from biofeedback.music.styles import find_style
from biofeedback.notices import LINK_NOTICES, Notices
from biofeedback.signals.body import Body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.control.law import Cue
    from biofeedback.decode.profile import Profile
    from biofeedback.music.style import Style
    from biofeedback.samples import BodyState
    from biofeedback.settings import Settings

STEP_NS = 100 * NS_PER_MS
STEP_S = STEP_NS / NS_PER_S
LOOKAHEAD_NS = 200 * NS_PER_MS
ORDER_LIFE_NS = 2 * NS_PER_S
STOP_FADE_MS = 900
WAITED_LONG_NS = 10 * NS_PER_S
STRONGEST_GESTURE_MPS2 = 25.0
LATE_NOTES_WORTH_A_NOTICE = 3
NEVER_NS = 2**62


class Engine:
    """One room: one to many wearers, one music."""

    def __init__(self, settings: Settings, profiles: Mapping[str, Profile]) -> None:
        self._settings = settings
        self._profiles = dict(profiles)
        neutral = neutral_music(settings.resting_tempo_bpm)
        self._neutral = neutral
        self._style = find_style(settings.music.style, settings.music.meter)
        # Who follows shares the music out among the wearers as the style says; other laws don't.
        shares = {"parts": self._style.parts} if settings.law == "follow" else {}
        self._law = LAWS[settings.law](
            limits=settings.limits, resting_tempo_bpm=settings.resting_tempo_bpm, **shares
        )
        fade_s = settings.music.fade_out_s or self._style.fade_out_s
        self._falling_asleep = None if fade_s is None else FallingAsleep(fade_s)
        self._safety = Safety(
            settings.limits, neutral, law_slew_ratio_per_s=self._law.tempo_slew_ratio_per_s
        )
        self._session = Session(
            calibrate_s=settings.calibrate_s,
            time_limit_s=settings.limits.time_limit_s,
            heart_rate_ceilings_bpm={
                name: person.heart_rate_ceiling_bpm
                for name, person in settings.persons.items()
                if person.heart_rate_ceiling_bpm is not None
            },
        )
        self._output_delay_ns = round(settings.music.output_delay_ms * NS_PER_MS)
        self._decoders: dict[tuple[str, str], SensorDecoder] = {}
        self._bodies: dict[str, Body] = {}
        self._now_ns: int | None = None
        self._next_step_ns = NEVER_NS
        self._performer: Performer | SongPerformer | None = None
        self._started_ns = 0
        self._judged_step_ns: dict[str, int] = {}
        self._found: list[MeasureTaken | EventDetected] = []
        self._notices = Notices()
        self._cue: Cue = "full"
        self._sequence = 0

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
        match message:
            case PacketReceived():
                self._read(message, outputs)
            case SensorAttached():
                self._attach(message, outputs)
            case SensorDetached():
                self._detach(message, outputs)
            case CommandGiven():
                self._enter(self._session.obey(message), outputs)
            case LinkReported() | ClockJumped() | SoundReported():
                self._hear_shell(message, outputs)
            case TimePassed():
                pass
        return outputs

    # ------------------------------------------------------------ sensors

    def _attach(self, message: SensorAttached, outputs: list[Output]) -> None:
        profile = self._profiles.get(message.profile)
        if profile is None:
            known = ", ".join(sorted(self._profiles))
            raise ProfileError(
                f"sensor {message.sensor} names the profile '{message.profile}', "
                f"which this session was not given. It has: {known}.",
            )
        self._decoders[message.wearer, message.sensor] = SensorDecoder(profile, message.context)
        feels_axes = self._style.parts == "axes"
        body = self._bodies.setdefault(message.wearer, Body(message.wearer, feels_axes=feels_axes))
        declared_hz = message.context.get("acc_rate_hz")
        body.attach(
            message.sensor,
            message.site,
            declared_hz=declared_hz,
            left_axis=message.left_axis,
        )
        notice = NoticeGiven(
            at_ns=message.at_ns, code="sensor_joined", wearer=message.wearer, sensor=message.sensor
        )
        self._notices.tell(notice, outputs)

    def _detach(self, message: SensorDetached, outputs: list[Output]) -> None:
        if self._decoders.pop((message.wearer, message.sensor), None) is None:
            return
        self._bodies[message.wearer].detach(message.sensor)
        self._notices.forget(message.wearer, message.sensor)
        notice = NoticeGiven(
            at_ns=message.at_ns, code="sensor_left", wearer=message.wearer, sensor=message.sensor
        )
        self._notices.tell(notice, outputs)

    def _read(self, packet: PacketReceived, outputs: list[Output]) -> None:
        decoder = self._decoders.get((packet.wearer, packet.sensor))
        if decoder is None:
            rejected = PacketRejected(
                at_ns=packet.at_ns,
                wearer=packet.wearer,
                sensor=packet.sensor,
                reason="unknown_sensor",
                detail="no such sensor is attached",
            )
            outputs.append(rejected)
            return
        self._notices.hear(packet.wearer, packet.sensor, packet.at_ns)
        body = self._bodies[packet.wearer]
        for item in decoder.update(packet):
            if isinstance(item, PacketRejected):
                outputs.append(item)
            elif isinstance(item, NoticeGiven):
                self._notices.tell(item, outputs)
            else:
                for finding in body.update(packet.sensor, item, packet.at_ns):
                    if isinstance(finding, NoticeGiven):
                        self._notices.tell(finding, outputs)
                        continue
                    outputs.append(finding)
                    self._found.append(finding)
                    if isinstance(finding, EventDetected) and finding.event == "gesture":
                        self._answer_gesture(finding, outputs)

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

    # ------------------------------------------------------------ control

    def _enter(self, changes: list[StateChanged], outputs: list[Output]) -> None:
        for change in changes:
            outputs.append(change)
            if change.before == "INIT" and change.after == "CALIBRATE":
                self._started_ns = change.at_ns
                self._performer = begin_music(
                    self._settings,
                    self._style,
                    start_ns=change.at_ns + LOOKAHEAD_NS,
                    tempo_bpm=self._safety.last.tempo_bpm,
                )
            elif change.after == "STOP":
                outputs.append(StopSound(at_ns=change.at_ns, fade_ms=STOP_FADE_MS))

    def _step(self, at_ns: int, outputs: list[Output]) -> None:
        found, self._found = self._found, []
        if self._performer is None or self._session.is_over:
            return
        self._notices.watch(at_ns, outputs)
        bodies = [body.state(at_ns) for body in self._bodies.values()]
        self._enter(self._session.step(at_ns, bodies), outputs)
        if self._session.waits_since_ns is not None:
            waited_ns = at_ns - self._session.waits_since_ns
            if waited_ns > round(self._settings.calibrate_s * NS_PER_S) + WAITED_LONG_NS:
                self._notices.tell(NoticeGiven(at_ns=at_ns, code="no_signal"), outputs)
        wish = self._propose(at_ns, bodies, found, outputs)
        if self._session.is_over:
            return
        state = self._session.state
        may_rise = state in {"CALIBRATE", "RUN"} and self._session.may_rise
        allowed, limits_hit, parts = self._safety.limit(
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
            allowed=allowed,
            limits_hit=limits_hit,
            input_age_ms=_youngest_age_ms(bodies),
            tempo_from_ns=self._performer.planned_until_ns,
            parts=parts,
        )
        outputs.append(decision)
        self._sequence += 1
        steer = SteerSound(
            at_ns=at_ns,
            sequence=self._sequence,
            expires_ns=at_ns + ORDER_LIFE_NS,
            parameters=allowed,
            may_rise=may_rise,
            swell_wave=self._performer.swell_wave(at_ns + STEP_NS),
            parts=parts,
        )
        outputs.append(steer)
        until_ns = at_ns + STEP_NS + LOOKAHEAD_NS
        orders = self._performer.play(at_ns, until_ns, allowed, parts, must_fall=not may_rise)
        # In HOLD the cue stays as it was.
        if wish.reason == "law_failed":
            self._cue = "full"
        elif state == "RUN":
            self._cue = wish.cue
        outputs += shape_orders(orders, self._cue, at_ns=at_ns, pulses_ns=wish.pulses_ns)

    def _propose(
        self,
        at_ns: int,
        bodies: list[BodyState],
        found: list[MeasureTaken | EventDetected],
        outputs: list[Output],
    ) -> Wish:
        """Ask the law; one that fails can't take the music with it (F57)."""
        moment = Moment(
            at_ns=at_ns,
            bodies=bodies,
            tempo_bpm=self._safety.last.tempo_bpm,
            elapsed_s=STEP_S,
            steps=self._new_steps(bodies),
            findings=found,
            beat_ratio=self._beat_ratio(at_ns),
        )
        try:
            wish = self._law.propose(moment)
            require_wish(wish)
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
        return wish._replace(parameters=self._falling_asleep.soften(wish.parameters, elapsed_s))

    def _new_steps(self, bodies: list[BodyState]) -> list[Step]:
        """List the newest step of each who walks, and how far the music was ahead of it."""
        steps: list[Step] = []
        for body in bodies:
            step_ns = body.last_step_ns
            if not body.walking or step_ns is None or self._performer is None:
                continue
            if self._judged_step_ns.get(body.wearer) != step_ns:
                self._judged_step_ns[body.wearer] = step_ns
                asynchrony = self._performer.asynchrony_beats(step_ns - self._output_delay_ns)
                steps.append(Step(body.wearer, step_ns, asynchrony))
        return steps

    def _beat_ratio(self, at_ns: int) -> float | None:
        if self._performer is None:
            return None
        off = self._performer.asynchrony_beats(at_ns)
        return None if off is None else off % 1.0

    def _answer_gesture(self, gesture: EventDetected, outputs: list[Output]) -> None:
        if self._performer is None or self._session.state != "RUN" or not self._session.may_rise:
            return
        strength_ratio = min(1.0, (gesture.strength or 0.0) / STRONGEST_GESTURE_MPS2)
        owner = list(self._bodies).index(gesture.wearer)
        parts = self._safety.last_parts
        owns = self._style.parts == "wearers" and owner < len(parts)
        outputs += self._performer.answer(
            gesture.at_ns,
            strength_ratio,
            self._safety.last,
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


def _youngest_age_ms(bodies: list[BodyState]) -> float | None:
    youngest_ms: float | None = None
    for body in bodies:
        age_ms = body.motion_age_ms if body.has_motion else body.heart_age_ms
        if age_ms is not None and (youngest_ms is None or age_ms < youngest_ms):
            youngest_ms = age_ms
    return youngest_ms
