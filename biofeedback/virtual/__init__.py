"""Virtual wearables as real Bluetooth peripherals, for trying and testing without a person.

::

    devices.py     what an H10, a Verity Sense or a plain strap answers and sends; no radio here
    pmd.py         Polar's control point: settings, start, stop, errors
    peripheral.py  a device on a Bluetooth controller, virtual or real (bumble)
    air.py         a virtual air: connection events, loss, out of range
    mishaps.py     what goes wrong when, as words: drop@10, silence@20+5

The profile says what the peripheral offers, the body model what it measures. bumble is imported
only here; it comes with the extra ``virtual``.
"""
