"""The bytes of packets as real wearables send them.

* All integers are little-endian. Frames follow the Bluetooth SIG heart rate service (2A37) and
  Polar Measurement Data (PMD).
* The time stamp of a PMD frame is that of its *last* sample, in ns since 2000-01-01 on a device
  clock that may never have been set.
* Delta frames: a full reference sample, then blocks of ``width u8, count u8`` and packed bits,
  least significant bit first, channels interleaved, each block padded to a whole byte.
"""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HEART_RATE_UUID = "00002a37-0000-1000-8000-00805f9b34fb"
BATTERY_UUID = "00002a19-0000-1000-8000-00805f9b34fb"
PMD_DATA_UUID = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

DEVICE_EPOCH_NS = 599_616_000 * 1_000_000_000
"""2019-01-01 in ns since 2000: where a Polar clock starts that was never set."""

FRAME_BYTES = 229
"""Payload of a notification at an MTU of 232."""

PMD_ECG, PMD_PPG, PMD_ACC, PMD_PPI = 0, 1, 2, 3
_HEADER = struct.Struct("<BQB")
_COMPRESSED = 0x80
_MAX_RR = 0xFFFF
_NARROWEST_BITS = 2


def encode_heart_rate(
    heart_rate_bpm: int,
    *,
    rr_1024: Sequence[int] = (),
    contact: bool | None = None,
    energy_kj: int | None = None,
    wide: bool = False,
) -> bytes:
    """Encode a heart rate measurement (2A37).

    Args:
        heart_rate_bpm: 0..65535; above 255 the 16-bit form is taken by itself.
        rr_1024: RR intervals in 1/1024 s, oldest first.
        contact: Skin contact, None for a sensor that doesn't tell.
        energy_kj: Cumulative energy, None to leave the field out.
        wide: Send the heart rate in 16 bits even if 8 would do.
    """
    wide = wide or heart_rate_bpm > 0xFF
    flags = int(wide)
    if contact is not None:
        flags |= 0x06 if contact else 0x04
    body = struct.pack("<H" if wide else "<B", heart_rate_bpm)
    if energy_kj is not None:
        flags |= 0x08
        body += struct.pack("<H", energy_kj)
    if rr_1024:
        flags |= 0x10
        body += struct.pack(f"<{len(rr_1024)}H", *(min(rr, _MAX_RR) for rr in rr_1024))
    return bytes((flags,)) + body


def encode_battery(battery_percent: int) -> bytes:
    """Encode a battery level (2A19)."""
    return struct.pack("<B", battery_percent)


def encode_pmd_acc_raw(device_ns: int, acc_mg: NDArray[np.int_]) -> bytes:
    """Encode acceleration as an uncompressed 16-bit frame (type 1).

    Args:
        device_ns: Device clock of the last sample.
        acc_mg: Shape (n, 3), in milli-g; what doesn't fit into 16 bits is clipped.
    """
    clipped = np.maximum(np.minimum(acc_mg, 32767), -32768).astype("<i2")
    return _HEADER.pack(PMD_ACC, device_ns, 1) + clipped.tobytes()


def encode_ecg(device_ns: int, ecg_uv: NDArray[np.int_]) -> bytes:
    """Encode one ECG lead as 24-bit microvolts, shape (n,)."""
    return _HEADER.pack(PMD_ECG, device_ns, 0) + _pack_s24(ecg_uv)


def encode_ppg(device_ns: int, ppg: NDArray[np.int_]) -> bytes:
    """Encode optical samples as 24-bit counts: three LEDs and ambient light, shape (n, 4)."""
    return _HEADER.pack(PMD_PPG, device_ns, 0) + _pack_s24(ppg)


def encode_ppi(device_ns: int, pulses: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Encode pulse intervals: (heart rate bpm, interval ms, error ms, flags) each.

    Flags: bit 0 unreliable because of movement, bit 1 skin contact, bit 2 contact supported.
    Devices mostly send a ``device_ns`` of 0 here.
    """
    return _HEADER.pack(PMD_PPI, device_ns, 0) + b"".join(
        struct.pack("<BHHB", *pulse) for pulse in pulses
    )


def encode_pmd_delta(
    device_ns: int,
    samples: NDArray[np.int_],
    *,
    kind: int,
    frame_type: int,
    resolution_bits: int,
    block_counts: Sequence[int],
) -> bytes:
    """Encode samples as a compressed frame.

    Args:
        device_ns: Device clock of the last sample.
        samples: Shape (n, channels); the first is sent in full.
        kind: PMD measurement type.
        frame_type: Without the bit for compression, which is added here.
        resolution_bits: Of the reference sample.
        block_counts: Samples of each block, 1..255; they sum up to n - 1.

    Raises:
        ValueError: The counts don't fit the samples.
    """
    if sum(block_counts) != len(samples) - 1 or any(not 1 <= n <= 255 for n in block_counts):
        raise ValueError(
            f"blocks of {list(block_counts)} samples don't fit {len(samples)} samples: "
            "the first is the reference, the counts must sum up to the rest"
        )
    reference = np.ascontiguousarray(samples[0], "<i4").view(np.uint8).reshape(-1, 4)
    parts = [
        _HEADER.pack(kind, device_ns, frame_type | _COMPRESSED),
        reference[:, : (resolution_bits + 7) // 8].tobytes(),
    ]
    deltas = samples[1:] - samples[:-1]
    widths = delta_widths(deltas, block_counts)
    octets = np.ascontiguousarray(deltas, "<i4").view(np.uint8).reshape(-1, 4)
    bits = np.unpackbits(octets, axis=1, bitorder="little")
    start = 0
    for count, width in zip(block_counts, widths, strict=True):
        end = start + count * deltas.shape[1]
        packed = np.packbits(bits[start:end, :width], bitorder="little")
        parts.extend((bytes((width, count)), packed.tobytes()))
        start = end
    return b"".join(parts)


def delta_widths(deltas: NDArray[np.int_], block_counts: Sequence[int]) -> list[int]:
    """Count the bits that hold every delta of each block in two's complement.

    Args:
        deltas: Shape (n, channels).
        block_counts: Samples of each block; they sum up to n.
    """
    if not block_counts:
        return []
    starts = list(accumulate(block_counts[:-1], initial=0))
    # Of a negative number the complement needs as many bits as the number itself.
    sizes = (deltas ^ (deltas >> 63)).max(axis=1)
    most: list[int] = np.maximum.reduceat(sizes, starts).tolist()
    return [max(size.bit_length() + 1, _NARROWEST_BITS) for size in most]


def _pack_s24(values: NDArray[np.int_]) -> bytes:
    clipped = np.ascontiguousarray(np.clip(values, -(1 << 23), (1 << 23) - 1), "<i4")
    return clipped.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
