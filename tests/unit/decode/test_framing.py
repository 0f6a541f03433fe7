from __future__ import annotations

import struct

from biofeedback.decode.framing import FORGET_AFTER_NS, Lines, WitMotionPackets

S = 1_000_000_000
LINE = b'{"t":"a","i":7,"m":123456,"a":[-31,12,-1006]}'


def motion(*values: int) -> bytes:
    return b"\x55\x61" + struct.pack("<9h", *values)


def test_lines_are_found_between_prompts_echo_and_flow_control() -> None:
    lines = Lines()
    stream = b"\x11>\x08=undefined\r\n\x1b[J>BF.start(50,1)\r\n>" + LINE[:9] + b"\x13" + LINE[9:]
    assert lines.update(stream, 0).packets == ()
    assert lines.update(b"\r", 0).packets == ()
    assert lines.update(b"\n>" + LINE, 0).packets == (LINE,)
    assert lines.update(b"\n", 0).packets == (LINE,)


def test_a_line_without_an_end_is_bounded_and_told_as_lost() -> None:
    lines = Lines()
    lost = sum(lines.update(b'{"t":' + bytes(20), 0).lost_bytes for _ in range(40))
    assert lost > 500
    assert lines.update(b"rest\n" + LINE + b"\n", 0).packets == (LINE,)


def test_half_a_line_from_before_a_lost_link_is_forgotten() -> None:
    lines = Lines()
    lines.update(LINE[:20], 0)
    assert lines.update(LINE + b"\n", FORGET_AFTER_NS + 1).packets == (LINE,)


def test_packets_are_found_again_after_foreign_bytes() -> None:
    packets = WitMotionPackets()
    first, second = motion(*range(9)), motion(*range(9, 18))
    framed = packets.update(b"\x01\x55\x02" + first + second, 0)
    assert framed.packets == (first, second)
    assert framed.lost_bytes == 3


def test_a_header_inside_the_values_does_not_win_when_the_start_was_lost() -> None:
    trap = motion(1, 2, 0x6155, 4, 5, 6, 7, 8, 9)
    others = (motion(*range(9)), motion(*range(1, 10)))
    packets = WitMotionPackets()
    framed = packets.update(trap[2:] + b"".join(others), 0)
    assert framed.packets == others
    assert framed.lost_bytes == 18


def test_a_register_reply_is_a_packet_too() -> None:
    reply = b"\x55\x71" + bytes(18)
    assert WitMotionPackets().update(reply + motion(*range(9)), 0).packets[0] == reply


def test_half_a_packet_from_before_a_lost_link_is_forgotten() -> None:
    packets = WitMotionPackets()
    packets.update(motion(*range(9))[:11], 0)
    assert packets.update(motion(*range(9)), 2 * S).packets == (motion(*range(9)),)
