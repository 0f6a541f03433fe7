"""The crash-safe journal of a session, and what can be done with it afterwards.

lines.py     what one line is: an object, a tab, its CRC32
header.py    the first line: settings, profiles, versions, both clocks
disk.py      bytes go to the end of a file and stay in memory until the disk confirmed them
journal.py   records a session, from a thread of its own
reader.py    reads the longest prefix that is whole, and says how it ended
recovery.py  saves that prefix as a closed trace
replay.py    feeds the inputs to an engine again and compares the outputs
source.py    plays the packets of a trace again, as a session of today
export.py    tables without identities
"""
