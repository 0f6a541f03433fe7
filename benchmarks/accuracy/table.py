"""A line of the accuracy table."""

from __future__ import annotations

from dataclasses import dataclass, field

NOT_MEASURED = "not measured"


@dataclass
class Line:
    """One task: what is aimed at, what we reach, what a peer reaches.

    ``peer`` is what was published with the recordings; ``peer_here`` what a tool that is
    installed gives when it is run on the same data.
    """

    key: str
    task: str
    aim: str
    peer: str
    ours: str = NOT_MEASURED
    peer_here: str = ""
    reached: bool | None = None
    notes: list[str] = field(default_factory=list)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def print_table(lines: list[Line], *, details: bool) -> None:
    for line in lines:
        mark = {True: "reached", False: "MISSED", None: ""}[line.reached]
        print(f"{line.task}  [{line.key}]")
        print(f"    aim   {line.aim}")
        print(f"    ours  {line.ours}  {mark}".rstrip())
        print(f"    peer  {line.peer}")
        if line.peer_here:
            print(f"    peer, run here  {line.peer_here}")
        if details:
            for note in line.notes:
                print(f"      {note}")
