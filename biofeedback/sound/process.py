"""The sound process: ``python -m biofeedback.sound.process``, orders on stdin, reports on stdout.

The parent may hang or die: end of input is no end of sound. Live, the bed stays a while and fades;
a file is closed as it is. What pyo prints goes to stderr, so that stdout carries frames only.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import IO, TYPE_CHECKING

import msgspec

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_S
from biofeedback.sound.frames import (
    Advance,
    Ended,
    Failed,
    Finish,
    FrameSplitter,
    FromChild,
    Open,
    Ready,
    Rendered,
    encode_frame,
    to_child_decoder,
)
from biofeedback.sound.performer import Performer
from biofeedback.sound.reporter import Reporter
from biofeedback.sound.wav import WavFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biofeedback.sound.frames import ToChild

_READ_BYTES = 1 << 16


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


def read_messages(file: int) -> Iterator[ToChild]:
    """Yield messages from a file descriptor until its end."""
    splitter = FrameSplitter()
    while data := os.read(file, _READ_BYTES):
        for body in splitter.update(data):
            yield to_child_decoder.decode(body)


def render_file(opening: Open, messages: Iterator[ToChild], writer: FrameWriter) -> None:
    """Render what the orders say into a file, as far as they are final."""
    from biofeedback.sound.synthesis import Synthesis  # noqa: PLC0415 - pyo loads only here

    if opening.path is None:
        raise SoundError("a rendering needs the path of its file")
    settings = opening.settings
    rate_hz, frames = settings.sample_rate_hz, settings.file_block_frames
    wav = WavFile(opening.path, rate_hz=rate_hz)
    performer = Performer(
        Synthesis(rate_hz=rate_hz, frames=frames),
        rate_hz=rate_hz,
        frames=frames,
        origin_ns=opening.origin_ns,
        target_lufs=settings.target_lufs,
    )
    reporter = Reporter(performer, rate_hz=rate_hz, every_s=settings.report_every_s)
    writer.send(Ready(output=str(wav.path)))
    skip = performer.delay_frames

    def render_until(end_ns: int) -> None:
        nonlocal skip
        end_frame = (end_ns - opening.origin_ns) * rate_hz // NS_PER_S + performer.delay_frames
        while performer.rendered_frames + frames <= end_frame:
            block = performer.render()
            wav.write(block[skip:])
            skip = max(0, skip - frames)
            report = reporter.poll(
                at_ns=opening.origin_ns + performer.rendered_frames * NS_PER_S // rate_hz, xruns=0
            )
            if report is not None:
                writer.send(report)

    until_ns = opening.origin_ns
    finished = False
    for message in messages:
        if isinstance(message, Advance):
            until_ns = max(until_ns, message.until_ns)
            render_until(until_ns)
            writer.send(Rendered(until_ns=until_ns))
        elif isinstance(message, Finish):
            finished = True
            break
        elif not isinstance(message, Open):
            performer.obey(message)
    if finished:
        render_until(until_ns + round(settings.tail_s * NS_PER_S))
    wav.close()
    at_ns = opening.origin_ns + performer.rendered_frames * NS_PER_S // rate_hz
    writer.send(reporter.report(at_ns=at_ns, xruns=0))
    seconds = max(0, performer.rendered_frames - performer.delay_frames) / rate_hz
    writer.send(Ended(summary=reporter.summarise(seconds=seconds, file=str(wav.path))))


def main() -> int:
    """Be the sound process until the end of the orders."""
    stdout = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # pyo prints
    sys.stdout = sys.stderr
    sys.setswitchinterval(1e-4)
    writer = FrameWriter(stdout)
    try:
        messages = read_messages(0)
        opening = next(messages, None)
        if not isinstance(opening, Open):
            return 2
        gc.disable()
        if opening.mode == "file":
            render_file(opening, messages, writer)
        else:
            from biofeedback.sound.live import play_live  # noqa: PLC0415 - the device loads only here

            play_live(opening, messages, writer)
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
