"""What a sensor shall deliver, and what is read of it before."""

from __future__ import annotations

import msgspec
import pytest

from biofeedback.ble.wanted import Wanted, starts_for
from biofeedback.decode.profile import Start, expand_uuid
from biofeedback.profiles import list_profiles

PROFILES = list_profiles()


def wanted(profile) -> Wanted:
    return Wanted(wearer="p1", sensor="s", address="", profile=profile, site=profile.sites[0])


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_no_value_of_a_stream_is_read_before_its_start(profile):
    streams = {
        expand_uuid(stream.characteristic)
        for stream in profile.streams
        if stream.name not in {"battery", "device_information"}
    }
    everything = tuple(
        msgspec.structs.replace(part, access=("read", *part.access))
        for part in profile.characteristics
    )
    open_profile = msgspec.structs.replace(profile, characteristics=everything)
    parts = wanted(open_profile).readable()
    fed = {f.feeds for part in parts for layout in part.layouts for f in layout.fields}
    assert fed <= {None, "battery"}
    read = {expand_uuid(part.uuid) for part in parts}
    assert not read & streams
    control = wanted(profile).control()
    assert control is None or expand_uuid(control.uuid) not in read


def test_a_model_with_starts_of_its_own_takes_no_other_and_nobody_else_takes_them():
    shared, own, others = (
        Start(commands=(text,), models=models)
        for text, models in (("01", ()), ("02", ("8", "9")), ("03", ("7",)))
    )
    assert starts_for((shared, own, others), "8") == (own,)
    assert starts_for((shared, own, others), "5") == (shared,)
    assert starts_for((shared, own, others), None) == (shared,)


def test_only_what_is_advertised_alone_needs_no_connection():
    advertised = [profile.name for profile in PROFILES if wanted(profile).is_advertised()]
    assert advertised == ["mi_band_advertised"]
