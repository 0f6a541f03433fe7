from __future__ import annotations

import csv
import json
import stat
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from biofeedback.errors import TraceCorrupt
from biofeedback.messages import (
    NS_PER_S,
    ClockJumped,
    MarkerSet,
    MeasureTaken,
    Message,
    NoticeGiven,
    OutcomesTold,
    StretchSong,
    TimePassed,
)
from biofeedback.trace.disk import TraceUnavailable
from biofeedback.trace.export import TABLES, export_csv
from biofeedback.trace.lines import Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_kind_of_message_has_a_table(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    export = export_csv(write_trace(), tmp_path / "tables")
    assert export.problem is None
    written = {path.name for path in (tmp_path / "tables").iterdir()}
    kinds = {type(message) for message in session} - {TimePassed, MeasureTaken}
    assert written == {TABLES[kind] for kind in kinds} | {"measures.csv", "meta.json"}
    assert export.files["packets.csv"] == 2


def test_no_kind_of_row_is_without_a_table() -> None:
    assert set(TABLES) == {*get_args(Row)} - {TimePassed, MeasureTaken}
    assert len(set(TABLES.values())) == len(TABLES)


def test_F44_a_sleep_of_the_computer_is_told_with_its_length(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    jumped = ClockJumped(at_ns=session[0].at_ns + 62 * NS_PER_S, jump_s=58.5)
    export = export_csv(write_trace([*session, jumped]), tmp_path / "tables")
    assert export.files["clock_jumps.csv"] == 1
    assert read_table(tmp_path / "tables" / "clock_jumps.csv") == [
        {"time_s": "62.000000", "jump_s": "58.5"}
    ]


def test_where_a_song_was_is_told_and_which_song_stays_behind(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    start_ns = session[0].at_ns
    pieces = [
        StretchSong(
            at_ns=start_ns,
            song=song,
            start_ns=start_ns + i * NS_PER_S,
            end_ns=start_ns + (i + 1) * NS_PER_S,
            from_s=10.0 + i,
            to_s=11.0 + i,
        )
        for i, song in enumerate(("5d41402abc4b", "5d41402abc4b", "7d793037a076"))
    ]
    export_csv(write_trace([*session, *pieces]), tmp_path / "tables")
    rows = read_table(tmp_path / "tables" / "song_stretches.csv")
    assert [row["song"] for row in rows] == ["song1", "song1", "song2"]
    assert rows[1] == {
        "time_s": "0.000000",
        "song": "song1",
        "start_s": "1.000000",
        "end_s": "2.000000",
        "from_s": "11.0",
        "to_s": "12.0",
    }


def test_measures_have_the_form_that_measure_writes(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    text = (tmp_path / "tables" / "measures.csv").read_text()
    assert text == (
        "time_s,measure,value,quality\n"
        "0.500000,heart_rate_bpm,72.0,0.9\n"
        "0.500000,beat,0.450000,1.0\n"
    )


def test_several_wearers_have_a_file_each(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    other = msgspec.structs.replace(session[4], wearer="ben", value=80.0)
    export = export_csv(write_trace([*session, other]), tmp_path / "tables")
    assert export.files["measures_wearer1.csv"] == 2
    assert export.files["measures_wearer2.csv"] == 1
    assert "measures.csv" not in export.files


def test_notes_begin_like_a_notes_file(write_trace: Callable[..., Path], tmp_path: Path) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    text = (tmp_path / "tables" / "notes.csv").read_text()
    assert text.startswith("start_s,duration_s,layer,pitch_midi,velocity,beat,")
    (note,) = read_table(tmp_path / "tables" / "notes.csv")
    assert note["start_s"] == "1.250000"
    assert note["duration_s"] == "0.125000"
    assert note["pitch_midi"] == ""
    assert note["beat"] == "1.5"


def test_a_decision_is_one_row_with_wish_and_permission(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    (decision,) = read_table(tmp_path / "tables" / "decisions.csv")
    assert decision["time_s"] == "1.000000"
    assert decision["wanted_tempo_bpm"] == decision["allowed_tempo_bpm"] == "100.5"
    assert decision["limits_hit"] == "tempo_slew frozen"
    assert decision["input_age_ms"] == ""
    assert decision["tempo_from_s"] == "1.100000"


def test_packets_keep_their_bytes_as_hex(write_trace: Callable[..., Path], tmp_path: Path) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    first, telling = read_table(tmp_path / "tables" / "packets.csv")
    assert first["payload_hex"] == "00480a09"
    assert telling["payload_hex"] == ""


def test_the_start_is_a_wall_time_with_offset(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    meta = json.loads((tmp_path / "tables" / "meta.json").read_text())
    assert meta["start"][-6] in "+-"
    assert meta["duration_s"] == 2.0
    assert meta["source"] == "ble"
    assert meta["closed"] is True


def test_times_before_the_start_are_negative(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    early = msgspec.structs.replace(session[1], at_ns=4_999_999_400)
    earlier = msgspec.structs.replace(session[1], at_ns=3_499_000_000)
    export_csv(write_trace([early, earlier]), tmp_path / "tables")
    rows = read_table(tmp_path / "tables" / "commands.csv")
    assert [row["time_s"] for row in rows] == ["-0.000001", "-1.501000"]


def test_a_damaged_trace_is_exported_up_to_the_damage(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_trace()
    content = bytearray(path.read_bytes())
    content[-400] ^= 4
    path.write_bytes(content)
    export = export_csv(path, tmp_path / "tables")
    assert "can't be trusted" in str(export.problem)
    assert export.files["packets.csv"] == 2
    meta = json.loads((tmp_path / "tables" / "meta.json").read_text())
    assert meta["closed"] is False
    assert meta["damage"] is not None


def test_tables_are_readable_for_their_owner_only(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    export_csv(write_trace(), tmp_path / "tables")
    for path in (tmp_path / "tables").glob("*.csv"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_wrong_use(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "tables").write_text("a file")
    with pytest.raises(TraceUnavailable, match="can't be written"):
        export_csv(write_trace(), tmp_path / "tables")


def test_without_a_header_there_is_nothing_to_export(tmp_path: Path) -> None:
    (tmp_path / "a.trace.jsonl").write_text("no trace\n")
    with pytest.raises(TraceCorrupt):
        export_csv(tmp_path / "a.trace.jsonl", tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


def test_what_staff_wrote_and_who_had_which_share_stays_behind(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    wearer = session[4].wearer
    told = OutcomesTold(
        at_ns=session[-1].at_ns,
        phase=None,
        outcomes={f"voice_share_{wearer}_ratio": 0.5, "tempo_bpm": None},
    )
    marked = MarkerSet(at_ns=session[-1].at_ns, text=f"{wearer} smiled at Doris")
    export_csv(write_trace([*session, marked, told]), tmp_path / "tables")
    (outcomes,) = read_table(tmp_path / "tables" / "outcomes.csv")
    assert json.loads(outcomes["outcomes"]) == {"voice_share_wearer1_ratio": 0.5, "tempo_bpm": None}
    (marker,) = read_table(tmp_path / "tables" / "markers.csv")
    assert set(marker) == {"time_s"}


def test_names_that_look_like_numbers_or_begin_alike_are_told_apart(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    names = ("wearer3", "anna", "anna_b", "wearer1")
    took_part = [msgspec.structs.replace(session[4], wearer=name) for name in names]
    told = OutcomesTold(
        at_ns=session[-1].at_ns,
        phase=None,
        outcomes={f"voice_share_{name}_ratio": 0.1 * i for i, name in enumerate(names, 1)},
    )
    noticed = NoticeGiven(
        at_ns=session[-1].at_ns, code="battery_low", detail="wearer3, anna_b, anna, wearer1"
    )
    export_csv(write_trace([*took_part, told, noticed]), tmp_path / "tables")
    (outcomes,) = read_table(tmp_path / "tables" / "outcomes.csv")
    assert json.loads(outcomes["outcomes"]) == {
        f"voice_share_wearer{i}_ratio": 0.1 * i for i in range(1, 5)
    }
    (notice,) = read_table(tmp_path / "tables" / "notices.csv")
    assert notice["detail"] == "wearer1, wearer3, wearer2, wearer4"
