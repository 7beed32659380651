"""Dimensions with several hierarchies, in the command: months in calendar years and in financial years."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import PublishedTable
from anonymisation.__main__ import main
from tests.anonymisation.case_files import all_cells, read, write
from tests.anonymisation.systems import enumerate_intervals, flat, months

FURTHER = "hier_month.financial.csv"


def write_tree(path: Path, tree: dict[str, list[str]]) -> None:
    """A file of a total, the codes below it and those below these."""
    rows = [{"levels": "@", "codes": "total"}]
    for code, below in tree.items():
        rows += [{"levels": "@@", "codes": code}, *({"levels": "@@@", "codes": one} for one in below)]
    write(path, rows)


def month_files(folder: Path, names: list[str]) -> None:
    """The two hierarchies of some months, as ``systems.months`` has them."""
    calendar: dict[str, list[str]] = {}
    financial: dict[str, list[str]] = {}
    for name in names:
        calendar.setdefault(name[:4], []).append(name)
        financial.setdefault(f"FY{int(name[:4]) - (name[5:] < '04')}", []).append(name)
    write_tree(folder / "hier_month.csv", calendar)
    write_tree(folder / FURTHER, financial)


def names_of(count: int) -> list[str]:
    return [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(count)]


def pattern(folder: Path, counts: list[int], withheld: set[str]) -> Path:
    """A pattern of one dimension of months that withholds some codes."""
    write(folder / "inner.csv", [{"month": m, "freq": n} for m, n in zip(names_of(len(counts)), counts, strict=True)])
    cells = all_cells(folder)
    rows = [{"month": code, "freq": n, "suppressed": int(code in withheld)} for (code,), n in cells.items()]
    return write(folder / "pattern.csv", rows)


RULES = [
    [],
    ["--singletons"],
    ["--group-disclosure", "month", "--zeros", "available"],
    ["--group-disclosure", "b", "--zeros", "available", "--singletons"],
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=2), min_size=3, max_size=5),
    st.sampled_from([2, 3]),
    st.sampled_from(RULES),
)
def test_months_in_years_of_two_kinds_hold_against_all_solutions(counts: list, threshold: int, rules: list) -> None:
    hierarchies = {"month": months(len(counts)), "b": flat("b", "x", "y")}
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out.csv"
        month_files(folder, names_of(len(counts)))
        write_tree(folder / "hier_b.csv", {"x": [], "y": []})
        rows = [{"month": m, "b": b, "freq": n} for m, row in zip(names_of(len(counts)), counts, strict=True) for b, n in zip("xy", row, strict=True)]
        write(folder / "inner.csv", rows)
        options = ["--threshold", str(threshold), *rules]
        status = main(["tables", str(folder), str(out), *options])
        assume(status == 0)
        found = {(row["month"], row["b"]): row for row in read(out)}
        assert {codes: int(row["freq"]) for codes, row in found.items()} == all_cells(folder)
        assert main(["audit", str(folder), str(out), *options]) == 0
    axes = {d: h.codes for d, h in hierarchies.items()}
    values = np.array([[int(found[m, b]["freq"]) for b in axes["b"]] for m in axes["month"]])
    shown = np.array([[found[m, b]["suppressed"] == "0" for b in axes["b"]] for m in axes["month"]])
    # The enumeration needs a bound and some patience.
    assume(shown[0, 0] and (~shown).sum() <= 9)
    intervals = enumerate_intervals([PublishedTable("t", "n", axes, values, shown)], hierarchies, 0 if "--zeros" in rules else 1)
    assert intervals is not None
    assert [cell for cell, (low, high) in intervals.items() if low < threshold and high - low < threshold] == []


def test_a_count_that_the_financial_year_gives_away_is_found(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    names = names_of(5)
    month_files(tmp_path, names)
    financial = (tmp_path / FURTHER).read_text(encoding="utf-8")
    (tmp_path / FURTHER).unlink()
    withheld = {"2024-03", "2024-04"}
    assert main(["audit", str(tmp_path), str(pattern(tmp_path, [9, 8, 3, 20, 7], withheld))]) == 0
    (tmp_path / FURTHER).write_text(financial, encoding="utf-8")
    capsys.readouterr()
    assert main(["audit", str(tmp_path), str(pattern(tmp_path, [9, 8, 3, 20, 7], withheld))]) == 1
    assert "month=2024-03: the withheld count can be computed" in capsys.readouterr().out
    assert main(["tables", str(tmp_path), str(tmp_path / "out.csv")]) == 0
    assert main(["audit", str(tmp_path), str(tmp_path / "out.csv")]) == 0


def test_a_hierarchy_may_stand_on_codes_of_another_and_leave_the_rest_below_the_total(tmp_path: Path) -> None:
    """Financial years of quarters, and the quarter before them in none."""
    quarters = {f"2024Q{i // 3 + 1}": names_of(9)[i : i + 3] for i in (0, 3, 6)}
    write_tree(tmp_path / "hier_month.csv", quarters)
    write_tree(tmp_path / FURTHER, {"2024Q1": [], "FY2024": ["2024Q2", "2024Q3"]})
    write(tmp_path / "inner.csv", [{"month": m, "freq": 10 + i} for i, m in enumerate(names_of(9))])
    out = tmp_path / "out.csv"
    assert main(["tables", str(tmp_path), str(out)]) == 0
    assert {(row["month"],): int(row["freq"]) for row in read(out)} == all_cells(tmp_path)
    assert all_cells(tmp_path)[("FY2024",)] == sum(range(13, 19))


HEAD = "levels,codes\n@,total\n"
PLAIN = HEAD + "@@,y1\n@@@,m1\n@@@,m2\n@@,y2\n@@@,m3\n"
CONTRADICTIONS = {
    "another total": ("levels,codes\n@,all\n@@,m1\n", r"financial\.csv, line 2: the total is 'all', and hier_month\.csv has 'total'"),
    "a finest code left out": (
        HEAD + "@@,f1\n@@@,m1\n@@@,m2\n",
        r"financial\.csv, line 2: 'total' leaves out 'm3', which hier_month\.csv counts in it \(line 6, 'y2'\)",
    ),
    "a finest code of its own": (
        HEAD + "@@,f1\n@@@,m1\n@@@,m2\n@@@,m3\n@@@,m4\n",
        r"hier_month\.csv, line 2: 'total' leaves out 'm4', which hier_month\.financial\.csv counts in it \(line 3, 'f1'\)",
    ),
    "other parts of a code": (
        HEAD + "@@,y1\n@@@,m1\n@@,f2\n@@@,m2\n@@@,m3\n",
        r"financial\.csv, line 3: 'y1' leaves out 'm2', which hier_month\.csv counts in it \(line 5, 'm2'\)",
    ),
    "counted twice": (
        HEAD + "@@,f1\n@@@,y1\n@@@,m1\n@@,m3\n",
        r"financial\.csv, line 5: 'f1' counts 'm1' by 'y1' and again by 'm1'",
    ),
    "a circle": (HEAD + "@@,m1\n@@@,y1\n@@@@,m2\n@@,m3\n", r"financial\.csv, line 4: 'y1' is under 'm1', which is under 'y1'"),
    "a code twice": (HEAD + "@@,m1\n@@,m1\n", r"financial\.csv, line 4: the code 'm1' is on line 3 already"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
@pytest.mark.parametrize("command", ["tables", "audit"])
def test_hierarchies_that_contradict_each_other_are_named(
    what: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    text, message = CONTRADICTIONS[what]
    (tmp_path / "hier_month.csv").write_text(PLAIN, encoding="utf-8")
    (tmp_path / FURTHER).write_text(text, encoding="utf-8")
    (tmp_path / "inner.csv").write_text("month,freq\nm1,9\n", encoding="utf-8")
    assert main([command, str(tmp_path), str(tmp_path / "out.csv")]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_codes_and_columns_that_no_file_of_a_dimension_has_are_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    month_files(tmp_path, names_of(3))
    for text, message in [
        ("month,freq\n2024-09,1\n", "not a code of hier_month.csv or hier_month.financial.csv"),
        ("month,freq\nFY2023,1\n", "'FY2023', which is a sum of other codes"),
        ("month.financial,freq\n2024-01,1\n", "hier_month.financial.csv is one of 'month' by its name"),
        ("year,freq\n2024-01,1\n", "add " + str(tmp_path / "hier_year.csv")),
    ]:
        (tmp_path / "inner.csv").write_text(text, encoding="utf-8")
        assert main(["tables", str(tmp_path), str(tmp_path / "out.csv")]) == 2
        assert message in capsys.readouterr().err
    target = tmp_path / FURTHER
    (tmp_path / "inner.csv").write_text("month,freq\n2024-01,9\n", encoding="utf-8")
    assert main(["tables", str(tmp_path), str(target)]) == 2
    assert "this is an input file" in capsys.readouterr().err
