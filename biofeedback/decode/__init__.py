"""Stage 1, bytes -> samples: packet formats, device clocks, and what a profile says of a wearable.

* ``profile.py``   what is known of one wearable (``firmware_profiles/*.toml``)
* ``packets.py``   the table of packet formats; a new format is one file here and one line there
* ``clock.py``     device clock -> host clock
* ``sensor.py``    one sensor: packets in, sample blocks, rejections and notices out
"""
