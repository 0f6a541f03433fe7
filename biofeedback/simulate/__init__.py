"""Sources of input messages that need no radio: virtual people and recordings.

::

    source.py      what a source is
    merge.py       several streams or several wearers in one time order
    scenarios.py   rest, walk, run, dance, freeze, moods, worry and the 90 s demo story, by name
    story.py       who the virtual person is and what they do when
    people.py      people who take music in different ways, by name
    group.py       a group, one of whom can't keep a rhythm
    learner.py     somebody whose behaviour music rewards
    body.py        one body: the story, the steps, the reaches and the heart that belong together
    heart.py       heart rate kinetics and beats
    gait.py        steps, free or drawn to the heard beat
    gestures.py    reaches of the arm, flowing or abrupt
    felt.py        what ideal sensors would tell of a body, without packets
    motion.py      acceleration where the sensor sits
    wearables.py   virtual wearables: what a body wears, and its packets as they arrive
    frames.py      body signals cut into frames, on the clock of the device
    packets.py     the bytes
    faults.py      what goes wrong on the way, scripted
    recording.py   recordings of real people, opened as a source
    table.py       their tables and sidecars, read and checked
    stamps.py      when their samples were really taken
    reencode.py    their columns as the packets that a wearable would have sent
"""
