"""The table of packet formats, and the door through which every packet goes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from biofeedback.decode.bangle import decode_bangle_line, decode_nus_text
from biofeedback.decode.battery import decode_battery_level
from biofeedback.decode.colmi import decode_colmi, decode_colmi_command
from biofeedback.decode.cycling_speed import decode_cycling_speed
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
from biofeedback.decode.indoor_bike import decode_indoor_bike
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.metawear import decode_metawear, decode_metawear_command
from biofeedback.decode.mi_band import decode_mi_band_advertisement, decode_mi_band_command
from biofeedback.decode.movesense import decode_movesense, decode_movesense_command
from biofeedback.decode.muse import decode_muse_command
from biofeedback.decode.polar_pmd import decode_polar_pmd
from biofeedback.decode.polar_pmd_control import (
    decode_polar_pmd_control,
    decode_polar_pmd_request,
)
from biofeedback.decode.pulse_oximeter import decode_pulse_continuous, decode_pulse_spot_check
from biofeedback.decode.running_speed import decode_running_speed
from biofeedback.decode.whoop import RECORD_BYTES, decode_whoop_record
from biofeedback.decode.witmotion import decode_witmotion, decode_witmotion_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.decode.context import Context

MAX_PAYLOAD_BYTES = 514
"""The largest notification there is: the largest ATT_MTU (517) less its header."""
MAX_JOINED_BYTES: Final[dict[str, int]] = {
    "movesense": 2 * MAX_PAYLOAD_BYTES,
    "whoop_record": RECORD_BYTES,
}
"""Formats that are joined from several notifications."""
PLAIN: Final = "plain"
"""The packet format whose layouts stand in the profile."""

DECODERS: Final[dict[str, Callable[[bytes, Context], Any]]] = {
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
    "running_speed": decode_running_speed,
    "cycling_speed": decode_cycling_speed,
    "indoor_bike": decode_indoor_bike,
    "pulse_continuous": decode_pulse_continuous,
    "pulse_spot_check": decode_pulse_spot_check,
    "movesense": decode_movesense,
    "movesense_command": decode_movesense_command,
    "bangle_line": decode_bangle_line,
    "nus_text": decode_nus_text,
    "metawear": decode_metawear,
    "metawear_command": decode_metawear_command,
    "witmotion": decode_witmotion,
    "witmotion_command": decode_witmotion_command,
    "muse_command": decode_muse_command,
    "colmi": decode_colmi,
    "colmi_command": decode_colmi_command,
    "mi_band_advertisement": decode_mi_band_advertisement,
    "mi_band_command": decode_mi_band_command,
    "whoop_record": decode_whoop_record,
}
"""Packet format -> ``(payload, context) -> packet``; raises Malformed and nothing else."""


@cache
def make_decoder(packet_format: str) -> Callable[[bytes, Context], Any]:
    """Return what decodes packets of a known format, of any size, and raises Malformed only.

    Args:
        packet_format: A key of ``DECODERS``.
    """
    decode = DECODERS[packet_format]
    most_bytes = MAX_JOINED_BYTES.get(packet_format, MAX_PAYLOAD_BYTES)

    def decode_any(payload: bytes, context: Context) -> Any:
        if not 0 < len(payload) <= most_bytes:
            raise _wrong_size(payload)
        return decode(payload, context)

    return decode_any


def decode_packet(packet_format: str, payload: bytes, context: Context) -> Any:
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
    return make_decoder(packet_format)(payload, context)


def _wrong_size(payload: bytes) -> Malformed:
    if not payload:
        return Malformed("empty", "no bytes")
    return Malformed("bad_length", f"{len(payload)} bytes, more than a notification can hold")
