"""The virtual device of each profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.virtual.described import Described
from biofeedback.virtual.devices import PolarH10, PolarVeritySense, Strap

if TYPE_CHECKING:
    from biofeedback.decode.profile import Profile
    from biofeedback.messages import Site
    from biofeedback.simulate.body import Body

DEVICES: Final[dict[str, type[PolarH10 | PolarVeritySense | Strap]]] = {
    "sig_hrs": Strap,
    "polar_h10": PolarH10,
    "polar_verity_sense": PolarVeritySense,
}
"""Profile -> the device that speaks it; all others are what their profile describes."""


def make_device(profile: Profile, body: Body, site: Site, *, serial: str) -> Strap:
    """Make the virtual device of a profile."""
    device = DEVICES.get(profile.name)
    if device is None:
        return Described(profile, body, site, serial=serial)
    return device(body, site, serial=serial)
