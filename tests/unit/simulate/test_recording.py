import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biofeedback.errors import RecordingError
from biofeedback.messages import NS_PER_MS, NS_PER_S, PacketReceived, SensorAttached
from biofeedback.simulate.packets import HEART_RATE_UUID, PMD_DATA_UUID
from biofeedback.simulate.recording import Recording, find_site, open_recording

AXES = {axis: {"unit": "m/s2", "scale": 0.001, "offset": 0} for axis in ("acc_x", "acc_y", "acc_z")}


def write(
    folder: Path,
    rows: dict[str, list[Any]],
    columns: dict[str, Any] | None = None,
    *,
    packed: bool = True,
    **fields: Any,
) -> Path:
    """Write a recording: a table and its sidecar."""
    name = "walk.csv.gz" if packed else "walk.csv"
    lines = [",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values(), strict=True))]
    content = ("\n".join(lines) + "\n").encode()
    (folder / name).write_bytes(gzip.compress(content) if packed else content)
    sidecar = {
        "id": "walk",
        "kind": "gait",
        "title": "a walk",
        "site": "wrist",
        "file": name,
        "fs_hz": None,
        "columns": columns if columns is not None else {"t": "s", **AXES},
        "reference": [],
    } | fields
    path = folder / "walk.json"
    path.write_text(json.dumps(sidecar))
    return path


def walk_rows(count: int = 100, period_s: float = 0.04) -> dict[str, list[Any]]:
    return {
        "t": [round(i * period_s, 4) for i in range(count)],
        "acc_x": [i % 7 * 100 for i in range(count)],
        "acc_y": [-500] * count,
        "acc_z": [9807] * count,
    }


def packets_of(recording: Recording, characteristic: str) -> list[PacketReceived]:
    found = []
    while recording.next_at_ns() is not None:
        message = recording.take()
        if isinstance(message, PacketReceived) and message.characteristic == characteristic:
            found.append(message)
    return found


def stamp_ns(packet: PacketReceived) -> int:
    return int(struct.unpack_from("<Q", packet.payload, 1)[0])


def test_acceleration_becomes_short_frames_of_an_h10(tmp_path: Path) -> None:
    recording = open_recording(write(tmp_path, walk_rows()), wearer="anna")
    assert recording.title == "a walk"
    attached = recording.take()
    assert attached == SensorAttached(
        at_ns=0,
        wearer="anna",
        sensor="wrist",
        profile="polar_h10",
        site="wrist",
        context={"acc_rate_hz": pytest.approx(25.0), "acc_range_g": 8.0},
    )
    frames = packets_of(recording, PMD_DATA_UUID)
    assert [(len(frame.payload) - 10) // 6 for frame in frames] == [5] * 20
    counts = np.concatenate([np.frombuffer(f.payload[10:], "<i2") for f in frames]).reshape(-1, 3)
    assert counts[:3].tolist() == [[0, -51, 1000], [10, -51, 1000], [20, -51, 1000]]


def test_a_frame_arrives_30_ms_after_its_last_sample_on_the_recordings_clock(
    tmp_path: Path,
) -> None:
    recording = open_recording(write(tmp_path, walk_rows()))
    frames = packets_of(recording, PMD_DATA_UUID)
    expected_ns = [round((5 * (i + 1) - 1) * 0.04 * NS_PER_S) + 30 * NS_PER_MS for i in range(20)]
    assert [frame.at_ns for frame in frames] == pytest.approx(expected_ns, abs=1000)
    stamps = np.diff([stamp_ns(frame) for frame in frames])
    assert stamps == pytest.approx(0.2 * NS_PER_S, abs=1000)
    assert recording.duration_s == pytest.approx(99 * 0.04, abs=1e-6)


def test_a_gap_ends_a_frame_and_is_not_filled(tmp_path: Path) -> None:
    rows = walk_rows()
    rows["t"] = [t if i < 52 else t + 3.0 for i, t in enumerate(rows["t"])]
    frames = packets_of(open_recording(write(tmp_path, rows)), PMD_DATA_UUID)
    sizes = [(len(frame.payload) - 10) // 6 for frame in frames]
    assert sizes == [5] * 10 + [2] + [5] * 9 + [3]
    assert max(np.diff([stamp_ns(frame) for frame in frames])) > 3.0 * NS_PER_S


def test_a_table_without_times_uses_its_rate(tmp_path: Path) -> None:
    rows = walk_rows(200)
    del rows["t"]
    path = write(tmp_path, rows, AXES, fs_hz=100.0, packed=False, site="lower back (L5)")
    recording = open_recording(path)
    attached = recording.take()
    assert isinstance(attached, SensorAttached)
    assert attached.site == "waist"
    assert recording.duration_s == pytest.approx(1.99)


def test_the_table_may_be_named_instead_of_its_sidecar(tmp_path: Path) -> None:
    path = write(tmp_path, walk_rows())
    assert open_recording(path.with_name("walk.csv.gz")).duration_s > 3.0


def test_a_magnitude_lies_along_one_axis(tmp_path: Path) -> None:
    rows = {"t": [i * 0.04 for i in range(20)], "mag": [20_000] * 20}
    columns = {"t": "s", "mag": {"unit": "g", "scale": 5e-05, "offset": 0}}
    frames = packets_of(open_recording(write(tmp_path, rows, columns)), PMD_DATA_UUID)
    counts = np.frombuffer(frames[0].payload[10:], "<i2").reshape(-1, 3)
    assert counts.tolist() == [[0, 0, 1000]] * 5


def test_both_feet_are_two_sensors_at_the_ankles(tmp_path: Path) -> None:
    names = [f"{side}_acc_{axis}" for side in ("left", "right") for axis in "xyz"]
    rows = {name: [100] * 60 for name in names}
    columns = {name: {"unit": "m/s2", "scale": 0.01, "offset": 0} for name in names}
    path = write(tmp_path, rows, columns, fs_hz=200.0, site="both feet (shoe)")
    recording = open_recording(path)
    joined = [recording.take(), recording.take()]
    assert [(m.sensor, m.site) for m in joined if isinstance(m, SensorAttached)] == [
        ("ankle-left", "ankle"),
        ("ankle-right", "ankle"),
    ]


def test_a_heart_rate_column_becomes_a_strap_that_sends_once_a_second(tmp_path: Path) -> None:
    rows = walk_rows(250) | {"hr": [90 + i // 50 for i in range(250)]}
    columns = {"t": "s", **AXES, "hr": {"unit": "bpm"}}
    path = write(tmp_path, rows, columns, site="wrist; chest strap for hr")
    recording = open_recording(path)
    joined = [recording.take(), recording.take()]
    assert [(m.profile, m.site) for m in joined if isinstance(m, SensorAttached)] == [
        ("polar_h10", "wrist"),
        ("sig_hrs", "chest"),
    ]
    beats = packets_of(recording, HEART_RATE_UUID)
    assert [packet.payload[1] for packet in beats] == [90, 90, 91, 91, 92, 92, 93, 93, 94, 94]


def test_beat_times_become_rr_intervals(tmp_path: Path) -> None:
    times_s = np.cumsum([0.3] + [0.8] * 30).round(3).tolist()
    rows = {"t": times_s, "symbol": ["N"] * 31}
    path = write(tmp_path, rows, {"t": "s", "symbol": "code"}, kind="rr", site="")
    beats = packets_of(open_recording(path), HEART_RATE_UUID)
    intervals = [
        rr for p in beats for rr in struct.unpack(f"<{(len(p.payload) - 2) // 2}H", p.payload[2:])
    ]
    assert intervals == [819] * len(intervals)
    assert len(intervals) >= 29
    assert {packet.payload[1] for packet in beats} == {75}


def test_an_empty_cell_is_a_missing_value_and_leaves_a_silence(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {"t": list(range(30)), "hr": [80] * 10 + [""] * 10 + [90] * 10}
    beats = packets_of(
        open_recording(write(tmp_path, rows, {"t": "s", "hr": "bpm"})), HEART_RATE_UUID
    )
    times_s = [packet.at_ns // NS_PER_S for packet in beats]
    assert times_s == [*range(10), *range(20, 30)]


def test_ecg_is_sent_in_microvolt(tmp_path: Path) -> None:
    rows = {"ecg": [1024 + i for i in range(400)]}
    columns = {"ecg": {"unit": "mV", "scale": 0.005, "offset": -5.12}}
    path = write(tmp_path, rows, columns, kind="ecg", fs_hz=360.0, site="chest")
    frames = packets_of(open_recording(path), PMD_DATA_UUID)
    assert frames[0].payload[:1] == b"\x00"
    assert frames[0].payload[10:19] == bytes((0, 0, 0, 5, 0, 0, 10, 0, 0))
    assert len(frames[0].payload) == 10 + 54 * 3


def test_side_tables_of_the_device_are_sent_and_references_are_not(tmp_path: Path) -> None:
    rows = {"t": [i * 0.02 for i in range(500)], "ppg0": [1000] * 500, "ppg1": [1000] * 500}
    rows |= {"ppg2": [1000] * 500, "ambient": [-5] * 500}
    columns = {"t": "s"} | {name: {"unit": "raw"} for name in ("ppg0", "ppg1", "ppg2", "ambient")}
    side = {
        "acc": ("t,acc_x,acc_y,acc_z", [f"{i * 0.02:.2f},0,0,1000" for i in range(500)], "mg"),
        "hr": ("t,hr", ["-3,66", "1,66", "2,67"], "bpm"),
        "ppi": ("t,ppi_ms,err_ms,blocker", [f"{i},900,10,0" for i in range(1, 10)], "ms"),
        "beats": ("t,symbol", ["1.0,N"], "s"),
    }
    reference = []
    for name, (header, lines, unit) in side.items():
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")
        columns_of = dict.fromkeys(header.split(","), unit)
        reference.append({"name": name, "file": f"{name}.csv", "columns": columns_of})
    path = write(tmp_path, rows, columns, kind="ppg", site="arm", reference=reference)
    recording = open_recording(path)
    joined = recording.take()
    assert isinstance(joined, SensorAttached)
    assert (joined.profile, joined.site) == ("polar_verity_sense", "arm")
    kinds, rates = set(), []
    while recording.next_at_ns() is not None:
        message = recording.take()
        assert isinstance(message, PacketReceived)
        assert message.sensor == joined.sensor
        if message.characteristic == PMD_DATA_UUID:
            kinds.add(message.payload[0])
        else:
            rates.append(message.payload[1])
    assert kinds == {1, 2, 3}
    assert rates == [66, 67]


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("wrist", "wrist"),
        ("wrist; chest strap for hr", "wrist"),
        ("lower back (L5)", "waist"),
        ("BackPocket", "pocket"),
        ("InHand", "wrist"),
        ("SwingingArm", "wrist"),
        ("Armband", "arm"),
        ("both feet (shoe)", "ankle"),
        ("chest, first lead of the record", "chest"),
        ("Purse", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_site_is_found_in_words(text: str, site: str) -> None:
    assert find_site(text) == site


def break_cell(rows: dict[str, list[Any]], column: str, value: object) -> dict[str, list[Any]]:
    changed = {name: list(cells) for name, cells in rows.items()}
    changed[column][7] = value
    return changed


@pytest.mark.parametrize(
    ("value", "column"),
    [("nan", "acc_x"), ("inf", "acc_y"), ("abc", "acc_z"), ("", "t"), ("1;2", "acc_x")],
)
def test_a_cell_that_is_no_number_is_named_with_its_line(
    tmp_path: Path, value: str, column: str
) -> None:
    path = write(tmp_path, break_cell(walk_rows(), column, value))
    with pytest.raises(RecordingError, match=rf"walk\.csv\.gz, line 9: {column} is '{value}'"):
        open_recording(path)


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"there is no recording .*nowhere\.json"):
        open_recording(tmp_path / "nowhere.json")
    with pytest.raises(RecordingError, match="is a folder"):
        open_recording(tmp_path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, walk_rows())
    (tmp_path / "walk.csv.gz").unlink()
    with pytest.raises(RecordingError, match=r"the table .*walk\.csv\.gz is missing"):
        open_recording(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"kind": "gait"}', b"\xff\xfe", b'{"kind": NaN}']
)
def test_a_sidecar_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "walk.json"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"walk\.json is no sidecar"):
        open_recording(path)


def test_a_cut_table_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, walk_rows())
    table = tmp_path / "walk.csv.gz"
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(RecordingError, match="is damaged"):
        open_recording(path)
    table.write_bytes(b"plain text, not packed")
    with pytest.raises(RecordingError, match="is damaged"):
        open_recording(path)


def test_a_line_with_a_cell_too_few_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, walk_rows(), packed=False)
    table = tmp_path / "walk.csv"
    lines = table.read_text().splitlines()
    lines[5] = "0.16,1"
    table.write_text("\n".join(lines))
    with pytest.raises(RecordingError, match="line 6: 2 cells instead of 4"):
        open_recording(path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fs_hz": -1.0}, "fs_hz is -1"),
        ({"fs_hz": 1e9}, "fs_hz is"),
        ({"file": "../walk.csv.gz"}, "must lie beside"),
        ({"file": ""}, "must lie beside"),
        ({"columns": {"t": "s", **AXES, "hr": "bpm"}}, "the column 'hr' is missing"),
        ({"columns": AXES}, "neither fs_hz nor a column t"),
        ({"columns": {"t": "s", "gyr_x": "deg/s"}}, "nothing in it can be played"),
        (
            {"columns": {"t": "s", **{axis: {"unit": "furlong"} for axis in AXES}}},
            "the unit 'furlong' of 'acc_x' is unknown",
        ),
        (
            {"columns": {"t": "s", **{axis: {"unit": "g", "scale": 0.0} for axis in AXES}}},
            "the scale not 0",
        ),
    ],
)
def test_a_sidecar_that_contradicts_itself_is_refused(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecordingError, match=message):
        open_recording(write(tmp_path, walk_rows(), **fields))


def test_a_heart_rate_out_of_range_is_refused(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {"t": list(range(5)), "hr": [80, 81, 8000, 82, 83]}
    with pytest.raises(RecordingError, match="hr goes from 80 to 8000"):
        open_recording(write(tmp_path, rows, {"t": "s", "hr": "bpm"}))


def test_numbers_that_no_sensor_measures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"acc_y in mg goes from .* check unit and scale"):
        open_recording(write(tmp_path, break_cell(walk_rows(), "acc_y", 1e300)))
    with pytest.raises(RecordingError, match="seconds from the start"):
        open_recording(write(tmp_path, break_cell(walk_rows(), "t", 1.7e9)))


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no rows"):
        open_recording(write(tmp_path, {"t": [], "acc_x": [], "acc_y": [], "acc_z": []}))


def test_a_table_without_names_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, walk_rows())
    sidecar = json.loads(path.read_text())
    path.write_text(json.dumps({**sidecar, "file": "bare.csv"}))
    for text, said in (("", "bare.csv is empty"), ("\n0,1\n", "the first line is empty")):
        (tmp_path / "bare.csv").write_text(text)
        with pytest.raises(RecordingError, match=said):
            open_recording(path)


def test_a_column_of_empty_cells_is_refused(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {"t": list(range(5)), "hr": [""] * 5}
    with pytest.raises(RecordingError, match="no row has hr"):
        open_recording(write(tmp_path, rows, {"t": "s", "hr": "bpm"}))


def test_stamps_that_run_backwards_are_refused(tmp_path: Path) -> None:
    rows = walk_rows()
    rows["t"] = rows["t"][::-1]
    with pytest.raises(RecordingError, match="t runs backwards"):
        open_recording(write(tmp_path, rows))
