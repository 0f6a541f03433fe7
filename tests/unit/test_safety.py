"""docs/safety.md says which hazards and faults are tested: is that so?"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"\| ([HF]\d+[a-f]?)(?:-[HF]\d+)? \|.*\| ([^|]+) \|$", flags=re.MULTILINE)


def rows_in_tests() -> set[str]:
    rows: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"def test_([HF]\d\w*)", path.read_text(encoding="utf-8")):
            rows.update(re.findall(r"(?:^|_)([HF]\d+[a-f]?)(?=_)", name))
    return rows


def test_what_is_called_tested_has_a_test_and_the_other_way_round():
    page = dict(ROW.findall((ROOT / "docs" / "safety.md").read_text(encoding="utf-8")))
    called_tested = {row for row, covered in page.items() if covered.startswith("tested")}
    assert called_tested == rows_in_tests()


def test_a_row_that_is_covered_by_another_names_one_that_is_tested():
    page = dict(ROW.findall((ROOT / "docs" / "safety.md").read_text(encoding="utf-8")))
    others = {row: covered.split()[1] for row, covered in page.items() if covered.startswith("as ")}
    assert others
    for row, other in others.items():
        assert other == "replay" or page[other].startswith("tested"), row
