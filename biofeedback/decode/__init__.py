"""Stage 1, bytes -> samples: packet formats, device clocks, and what a profile says of a wearable.

* ``profile.py``   what is known of one wearable (``firmware_profiles/*.toml``)
* ``packets.py``   the table of packet formats; a new format is one file here and one line there
* ``plain.py``     packets whose layout stands in their profile, so that they need no code
* ``framing.py``   packets out of streams of bytes; ``sequence.py`` what several say together
* ``clock.py``     device clock -> host clock
* ``sensor.py``    one sensor: packets in, sample blocks, rejections and notices out; what has to be
  carried from packet to packet is in the ``*_answers.py`` of each family, on a ``timeline.py``
"""
