"""The table of packet formats, and the door through which every packet goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from biofeedback.decode.battery import decode_battery_level
from biofeedback.decode.device_information import (
    decode_firmware,
    decode_hardware,
    decode_manufacturer,
    decode_model,
    decode_software,
)
from biofeedback.decode.heart_rate import (
    decode_body_sensor_location,
    decode_heart_rate_control_point,
    decode_heart_rate_measurement,
)
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.polar_pmd import decode_polar_pmd
from biofeedback.decode.polar_pmd_control import (
    decode_polar_pmd_control,
    decode_polar_pmd_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_PAYLOAD_BYTES = 514
"""The largest notification there is: the largest ATT_MTU (517) less its header."""

DECODERS: Final[dict[str, Callable[[bytes, Mapping[str, float]], Any]]] = {
    "heart_rate_measurement": decode_heart_rate_measurement,
    "body_sensor_location": decode_body_sensor_location,
    "heart_rate_control_point": decode_heart_rate_control_point,
    "battery_level": decode_battery_level,
    "manufacturer_name": decode_manufacturer,
    "model_number": decode_model,
    "firmware_revision": decode_firmware,
    "hardware_revision": decode_hardware,
    "software_revision": decode_software,
    "polar_pmd": decode_polar_pmd,
    "polar_pmd_control": decode_polar_pmd_control,
    "polar_pmd_request": decode_polar_pmd_request,
}
"""Packet format -> ``(payload, context) -> packet``; raises Malformed and nothing else."""


def decode_packet(packet_format: str, payload: bytes, context: Mapping[str, float]) -> Any:
    """Decode one packet of a known format.

    Args:
        packet_format: A key of ``DECODERS``.
        payload: The value of the characteristic.
        context: What was learned at the start of the stream, for example ``factor``.

    Returns:
        A frozen struct; its field names are those of the format.

    Raises:
        Malformed: The packet can't be used.
    """
    if not payload:
        raise Malformed("empty", "no bytes")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Malformed("bad_length", f"{len(payload)} bytes, more than a notification can hold")
    return DECODERS[packet_format](payload, context)
