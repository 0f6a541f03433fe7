"""The sound process: ``python -m biofeedback.sound.process``, orders on stdin, reports on stdout.

The parent may hang or die: end of input is no end of sound. Live, the bed stays a while and fades;
a file is closed as it is. What pyo prints goes to stderr, so that stdout carries frames only.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from typing import IO

import msgspec

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_S
from biofeedback.sound.frames import (
    Advance,
    Ended,
    Failed,
    Finish,
    FromChild,
    Open,
    Ready,
    Rendered,
    encode_frame,
)
from biofeedback.sound.inbox import Inbox
from biofeedback.sound.performer import Performer
from biofeedback.sound.priority import prefer_process
from biofeedback.sound.reporter import Reporter
from biofeedback.sound.song_files import open_songs
from biofeedback.sound.wav import WavFile


class FrameWriter:
    """Send frames to the parent; a parent that has gone is no reason to stop."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.broken = False

    def send(self, message: FromChild) -> None:
        """Send one message now."""
        if self.broken:
            return
        try:
            self._stream.write(encode_frame(message))
            self._stream.flush()
        except OSError:
            self.broken = True


class FileRenderer:
    """Render into a file, as far as the orders are final."""

    def __init__(self, opening: Open, writer: FrameWriter) -> None:
        from biofeedback.sound.synthesis import Synthesis  # noqa: PLC0415 - pyo loads only here

        if opening.path is None:
            raise SoundError("a rendering needs the path of its file")
        settings = opening.settings
        self._writer = writer
        self._origin_ns = self._until_ns = opening.origin_ns
        self._tail_ns = round(settings.tail_s * NS_PER_S)
        self._rate_hz, self._frames = settings.sample_rate_hz, settings.file_block_frames
        self._wav = WavFile(opening.path, rate_hz=self._rate_hz)
        self.performer = Performer(
            Synthesis(settings.orchestra, rate_hz=self._rate_hz, frames=self._frames),
            rate_hz=self._rate_hz,
            frames=self._frames,
            origin_ns=opening.origin_ns,
            target_lufs=settings.target_lufs,
            song=open_songs(settings, rate_hz=self._rate_hz),
        )
        self._skip = self.performer.delay_frames
        self._reporter = Reporter(
            self.performer, rate_hz=self._rate_hz, every_s=settings.report_every_s
        )
        writer.send(Ready(output=str(self._wav.path)))

    def advance(self, until_ns: int) -> None:
        """Render up to ``until_ns`` and say so."""
        self._until_ns = max(self._until_ns, until_ns)
        self._render(self._until_ns, even_silence=True)
        self._writer.send(Rendered(until_ns=self._until_ns))

    def finish(self, *, whole: bool) -> None:
        """Close the file and tell the summary; ``whole`` lets the tails ring out first."""
        if whole:
            delay_ns = self.performer.delay_frames * NS_PER_S // self._rate_hz
            self._render(self._until_ns + delay_ns, even_silence=True)
            self._render(self._until_ns + self._tail_ns, even_silence=False)
        self._wav.close()
        performer = self.performer
        self._writer.send(self._reporter.report(at_ns=self._now_ns(), xruns=0))
        seconds = max(0, performer.rendered_frames - performer.delay_frames) / self._rate_hz
        summary = self._reporter.summarise(seconds=seconds, file=str(self._wav.path))
        self._writer.send(Ended(summary=summary))

    def _render(self, end_ns: int, *, even_silence: bool) -> None:
        performer = self.performer
        end_frame = (end_ns - self._origin_ns) * self._rate_hz // NS_PER_S
        while performer.rendered_frames + self._frames <= end_frame:
            if performer.silent and not even_silence:
                return
            block = performer.render()
            self._wav.write(block[self._skip :])
            self._skip = max(0, self._skip - self._frames)
            report = self._reporter.poll(at_ns=self._now_ns(), xruns=0)
            if report is not None:
                self._writer.send(report)

    def _now_ns(self) -> int:
        return self._origin_ns + self.performer.rendered_frames * NS_PER_S // self._rate_hz


def render_file(opening: Open, inbox: Inbox, writer: FrameWriter) -> None:
    """Obey until the orders end, however they end."""
    renderer = FileRenderer(opening, writer)
    whole = False
    while (message := inbox.wait()) is not None:
        if isinstance(message, Advance):
            renderer.advance(message.until_ns)
        elif isinstance(message, Finish):
            whole = True
            break
        elif not isinstance(message, Open):
            renderer.performer.obey(message)
    renderer.finish(whole=whole)


def main() -> int:
    """Be the sound process until the end of the orders."""
    # A terminal sends Ctrl-C to all of us; it is the parent's to answer, with a fade.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdout = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # pyo prints
    sys.stdout = sys.stderr
    sys.setswitchinterval(1e-4)
    writer = FrameWriter(stdout)
    try:
        inbox = Inbox(0)
        opening = inbox.wait()
        if not isinstance(opening, Open):
            return 2
        gc.disable()
        if opening.mode == "file":
            render_file(opening, inbox, writer)
        else:
            from biofeedback.sound.live import play_live  # noqa: PLC0415 - the device loads only here

            prefer_process()
            play_live(opening, inbox, writer)
    except (SoundError, OSError, ValueError, msgspec.MsgspecError) as error:
        writer.send(Failed(text=str(error)))
        return 4
    except Exception as error:  # noqa: BLE001 - the top of a process; the parent tells a person
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119 - a label
        writer.send(Failed(text=f"the sound process failed: {error!r} in {where}"))
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # pyo's objects are torn down in any order at exit, and that can crash: everything is closed.
    os._exit(code)
