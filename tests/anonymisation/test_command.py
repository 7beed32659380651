"""The command for statisticians, run as they run it: others' cases, others' patterns, files that cannot be used."""

import itertools
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymisation.__main__ import main, parser
from tests.anonymisation.case_files import all_cells, case, flat_tree, line, pattern_of_status, read, run, tree, write
from tests.paths import REPOSITORY, shared

# threshold, options, cells, primaries, and the most secondaries under the weakest guarantee (none: not stated by others)
CASES = {
    "t1k": (5, (), 1008, 130, None),
    "ssb_z1": (5, (), 45, 4, 4),
    "ssb_z2": (4, (), 90, 8, None),
    "ssb_z2 with zeros": (4, ("--zeros", "sensitive"), 90, 10, None),
    "ssb_d2": (5, (), 90, 10, None),
    # The test suite of GaussSuppression has 28 suppressed in all.
    "ssb_d2 overlapping": (5, (), 100, 11, 13),
    "sdctable_testprob": (5, (), 15, 1, 3),
    "sdctable_attack": (5, (), 25, 0, 0),
}


def here(capfd: pytest.CaptureFixture) -> Callable[..., subprocess.CompletedProcess]:
    """The command without a process of its own, answering as one does."""

    def command(*arguments: object) -> subprocess.CompletedProcess:
        status = main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return command


@pytest.mark.parametrize("guarantee", ["exact", "interval", "contract"])
@pytest.mark.parametrize("name", CASES)
def test_a_published_case_is_protected_and_holds_against_the_intruder(
    name: str, guarantee: str, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    threshold, more, size, primaries, most = CASES[name]
    folder, out = case(name.removesuffix(" with zeros"), tmp_path / "case"), tmp_path / "out.csv"
    options = ["--threshold", threshold, "--guarantee", guarantee, *more]
    # The same command with and without a process of its own, which costs half a second.
    command = here(capfd) if guarantee != "exact" else run
    done = command("tables", folder, out, *options)
    assert (done.returncode, done.stderr) == (0, "")
    rows, cells = read(out), all_cells(folder)
    assert len(rows) == size == len(cells)
    dimensions = list(rows[0])[:-3]
    assert list(rows[0])[-3:] == ["freq", "primary", "suppressed"]
    assert {tuple(row[d] for d in dimensions): int(row["freq"]) for row in rows} == cells
    small = range(0 if more else 1, threshold)
    assert all((row["primary"] == "1") == (int(row["freq"]) in small) for row in rows)
    assert all(row["suppressed"] == "1" for row in rows if row["primary"] == "1")
    assert sum(row["primary"] == "1" for row in rows) == primaries
    if guarantee == "exact" and most is not None:
        assert sum(row["suppressed"] == "1" for row in rows) == primaries + most
    audited = command("audit", folder, out, *options)
    assert (audited.returncode, audited.stderr) == (0, ""), audited.stdout
    assert audited.stdout.endswith(f"The guarantee '{guarantee}' holds.\n")
    assert f"{size} cells, " in audited.stdout and f" {primaries} of them primary." in audited.stdout


@st.composite
def folders(draw: st.DrawFn) -> dict[str, str]:
    """Files of a small folder: two dimensions with trees of any shape, and rows in any order, some twice."""
    files, leaves = {}, []
    for dimension in ("a", "b"):
        levels = [1]
        for _ in range(draw(st.integers(1, 6))):
            levels.append(draw(st.integers(2, levels[-1] + 1)))
        codes = [f"{dimension}{i}" for i in range(len(levels))]
        files[f"hier_{dimension}.csv"] = "levels,codes\n" + "".join(f"{'@' * n},{c}\n" for n, c in zip(levels, codes, strict=True))
        leaves.append([c for c, n, below in zip(codes, levels, [*levels[1:], 0], strict=True) if below <= n])
    row = st.tuples(*map(st.sampled_from, leaves), st.integers(0, 30))
    rows = draw(st.lists(row, max_size=20))
    return files | {"inner.csv": "a,b,freq\n" + "".join(f"{a},{b},{n}\n" for a, b, n in rows)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(folders())
def test_any_folder_gives_every_cell_and_a_pattern_that_holds(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out.csv"
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        assert main(["tables", str(folder), str(out)]) == 0
        trees = [tree(folder / f"hier_{d}.csv") for d in "ab"]
        assert [(row["a"], row["b"]) for row in read(out)] == list(itertools.product(*trees))
        plain = dict.fromkeys(itertools.product(*trees), 0)
        for a, b, n in (text.split(",") for text in files["inner.csv"].splitlines()[1:]):
            for cell in itertools.product(trees[0][a], trees[1][b]):
                plain[cell] += int(n)
        assert {(row["a"], row["b"]): int(row["freq"]) for row in read(out)} == plain
        assert main(["audit", str(folder), str(out)]) == 0


def test_the_same_input_gives_the_same_bytes_however_its_rows_are_cut_and_ordered(tmp_path: Path) -> None:
    folder = case("ssb_d2", tmp_path / "case")
    assert main(["tables", str(folder), str(tmp_path / "one.csv")]) == 0
    rows = read(folder / "inner.csv")
    halves = [{**row, "freq": int(row["freq"]) // 2} for row in rows] + [
        {**row, "freq": int(row["freq"]) - int(row["freq"]) // 2} for row in rows if int(row["freq"])
    ]
    write(folder / "inner.csv", halves[::-1])
    assert run("tables", folder, tmp_path / "two.csv").returncode == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_semicolons_quotes_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    plain, other = case("ssb_z1", tmp_path / "plain"), tmp_path / "other"
    other.mkdir()
    for path in plain.iterdir():
        rows = [re.sub(r'"', "", text).split(",") for text in path.read_text(encoding="utf-8").splitlines() if text]
        text = "".join(";".join(f'"{value}"' for value in row) + "\r\n" for row in rows)
        (other / path.name).write_text("\ufeff" + text, encoding="utf-8")
    for folder in (plain, other):
        assert main(["tables", str(folder), str(folder.with_suffix(".csv"))]) == 0
    assert plain.with_suffix(".csv").read_bytes() == other.with_suffix(".csv").read_bytes()


def test_the_pattern_is_for_its_owner_and_written_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = case("sdctable_testprob", tmp_path / "case")
    out = tmp_path / "out.csv"
    assert main(["tables", str(folder), str(out)]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    (folder / "inner.csv").write_text("region,gender,freq\nA,female,-1\n", encoding="utf-8")
    assert main(["tables", str(folder), str(out)]) == 2
    assert out.read_bytes() == before and sorted(os.listdir(tmp_path)) == ["case", "out.csv"]


# ---- the audit


def test_the_nine_intervals_of_the_published_audit(tmp_path: Path) -> None:
    """sdcTable's own case: every line has at least two suppressions, yet one of them is exactly 47."""
    folder = case("sdctable_attack", tmp_path / "case")
    source = shared("cases", "tables", "sdctable_attack")
    pattern = pattern_of_status(source / "problemdata_4x4_9prim.csv", ["v1", "v2"], tmp_path / "out.csv")
    wide = run("audit", folder, pattern, "--threshold", 1100, "--reader", "non-negative")
    found = re.findall(r"the withheld count (?:lies between (\d+) and (\d+)|can be computed)", wide.stdout)
    expected = [(row["low"], row["up"]) for row in read(source / "problemdata_attack_before.csv")]
    assert sorted(found) == sorted(("", "") if low == up else (low, up) for low, up in expected)
    exact = run("audit", folder, pattern, "--guarantee", "exact", "--reader", "non-negative")
    assert exact.returncode == 1
    assert "v1=w, v2=b: the withheld count can be computed" in exact.stdout
    assert re.search(r"primary cells that can be computed +1\n", exact.stdout)


@pytest.mark.parametrize("method", ["GAUSS", "HITAS", "HYPERCUBE", "OPT", "SIMPLEHEURISTIC"])
def test_patterns_of_others_hold_where_they_do(method: str, tmp_path: Path) -> None:
    folder = case("sdctable_testprob", tmp_path / "case")
    source = shared("cases", "tables", "sdctable_testprob", f"testprob_out_{method}.csv")
    pattern = pattern_of_status(source, ["region", "gender"], tmp_path / "out.csv")
    assert main(["audit", str(folder), str(pattern)]) == 0


def counts(report: str) -> list[int]:
    """The numbers at the ends of the report's table: published, exact, interval, contract."""
    return [int(number) for number in re.findall(r"^(?:exact|interval|contract| {8}) .* (\d+)$", report, re.M)]


@pytest.mark.parametrize(
    ("values", "withheld", "found"),
    [
        pytest.param([33, 3, 10, 20], {1}, [0, 1, 1, 1], id="a lone cell"),
        pytest.param([3, 1, 1, 1], {1, 2, 3}, [1, 3, 3, 3], id="three singletons in a row"),
        pytest.param([15, 10, 3, 1, 1], {2, 3, 4}, [0, 0, 3, 3], id="15 = 10 + x + x + x"),
        pytest.param([15, 10, 3, 1, 1], {3, 4}, [1, 2, 2, 2], id="15 = 10 + 3 + x + x"),
        pytest.param([14, 10, 2, 2], {2, 3}, [0, 0, 2, 2], id="two that sum to less than the threshold"),
        pytest.param([24, 10, 2, 12], {2, 3}, [0, 0, 0, 0], id="two that hold"),
        pytest.param([10, 10, 0, 0], {2, 3}, [0, 0, 0, 2], id="a zero as the partner of a zero"),
    ],
)
def test_counterexamples(values: list, withheld: set, found: list, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder, pattern = line(tmp_path / "case", values, withheld)
    status = main(["audit", str(folder), str(pattern)])
    assert counts(capsys.readouterr().out) == found
    assert status == (1 if any(found) else 0)


@pytest.mark.parametrize("guarantee", ["exact", "interval", "contract"])
def test_a_small_count_that_is_published_is_found_whatever_the_pattern_calls_it(
    guarantee: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder, pattern = line(tmp_path / "case", [33, 3, 10, 20], set())
    assert main(["audit", str(folder), str(pattern), "--guarantee", guarantee]) == 1
    assert counts(capsys.readouterr().out)[0] == 1


def test_two_cells_whose_difference_gives_a_third(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Two suppressed cells in every line, but the lines of two groups less those of the third leave one."""
    folder = tmp_path / "case"
    folder.mkdir()
    flat_tree(folder / "hier_a.csv", "total", ["p", "q"])
    (folder / "hier_b.csv").write_text("levels,codes\n@,total\n@@,g\n@@@,u\n@@@,v\n@@,w\n", encoding="utf-8")
    values = {("p", "u"): 3, ("p", "v"): 20, ("p", "w"): 30, ("q", "u"): 40, ("q", "v"): 50, ("q", "w"): 60}
    write(folder / "inner.csv", [{"a": a, "b": b, "freq": n} for (a, b), n in values.items()])
    cells = all_cells(folder)
    withheld = {("p", "u"), ("p", "v"), ("q", "u"), ("q", "v"), ("p", "g"), ("q", "g"), ("p", "w"), ("q", "w")}
    rows = [{"a": a, "b": b, "freq": n, "suppressed": int((a, b) in withheld)} for (a, b), n in cells.items()]
    assert main(["audit", str(folder), str(write(tmp_path / "safe.csv", rows))]) == 0
    for row in rows:  # publishing v beside p's group and total gives u away
        row["suppressed"] = int((row["a"], row["b"]) in withheld - {("p", "v"), ("p", "w"), ("q", "v"), ("q", "w")})
    capsys.readouterr()
    assert main(["audit", str(folder), str(write(tmp_path / "open.csv", rows))]) == 1
    assert "a=p, b=u: the withheld count can be computed" in capsys.readouterr().out


def test_the_intruder_is_not_told_the_counts_of_suppressed_cells(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = case("ssb_d2", tmp_path / "case")
    out = tmp_path / "out.csv"
    assert main(["tables", str(folder), str(out)]) == 0
    capsys.readouterr()
    rows = read(out)
    reports = []
    for written in (lambda n: n, lambda n: 7 * n + 1, lambda n: ""):
        changed = [{**r, "freq": written(int(r["freq"])) if r["suppressed"] == "1" else r["freq"]} for r in rows]
        assert main(["audit", str(folder), str(write(tmp_path / "changed.csv", changed))]) == 0
        reports.append(capsys.readouterr().out)
    assert len(set(reports)) == 1


def test_without_a_column_primary_small_counts_are_and_without_counts_all_withheld_cells_are(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder, pattern = line(tmp_path / "case", [60, 3, 10, 20, 27], {1, 2})
    rows = [{name: row[name] for name in ("a", "freq", "suppressed")} for row in read(pattern)]
    assert main(["audit", str(folder), str(write(pattern, rows))]) == 0
    assert " 2 withheld, 1 of them primary." in capsys.readouterr().out
    rows = [{**row, "freq": "" if row["suppressed"] == "1" else row["freq"]} for row in rows]
    assert main(["audit", str(folder), str(write(pattern, rows))]) == 0
    assert " 2 withheld, 2 of them primary (the file does not say" in capsys.readouterr().out


# ---- what cannot be used


BROKEN = {
    "unknown code": ("inner.csv", "B,male,14", "Z,male,14", r"inner\.csv, line \d+: region is 'Z', which is not a code of hier_region"),
    "a sum as a row": ("inner.csv", "B,male,14", "total,male,14", r"'total', which is a sum of other codes"),
    "negative": ("inner.csv", "B,male,14", "B,male,-14", r"freq is '-14'; a count is a whole number of 0 or more"),
    "not whole": ("inner.csv", "B,male,14", "B,male,14.5", r"freq is '14\.5'"),
    "empty": ("inner.csv", "B,male,14", "B,male,", r"freq is ''"),
    "too large": ("inner.csv", "B,male,14", "B,male," + "9" * 30, r"cannot be held exactly"),
    "a field too few": ("inner.csv", "B,male,14", "B,male", r"line \d+: 2 fields where the header has 3 columns"),
    "no counts": ("inner.csv", "region,gender,freq", "region,gender,n", r"there is no column 'freq'"),
    "a column twice": ("inner.csv", "region,gender,freq", "region,region,freq", r"'region' is there twice"),
    "a reserved name": ("inner.csv", "region,gender,freq", "region,primary,freq", r"cannot be named 'primary'"),
    "missing hierarchy": ("inner.csv", "region,gender,freq", "region,sex,freq", r"'sex' has no hierarchy; add .*hier_sex\.csv"),
    "duplicate code": ("hier_region.csv", "@@,B", "@@,A", r"hier_region\.csv, line 4: the code 'A' is on line 3 already"),
    "broken depth": ("hier_region.csv", "@@,B", "@@@@,B", r"line 4: 'B' has level '@@@@' after level '@@'"),
    "two totals": ("hier_region.csv", "@@,B", "@,B", r"'B' is a second total beside 'total'"),
    "no total": ("hier_region.csv", "@,total", "@@,total", r"line 2: 'total' has level '@@'"),
    "no level": ("hier_region.csv", "@@,B", "2,B", r"the level is '2'"),
    "no code": ("hier_region.csv", "@@,B", "@@,", r"the code is empty"),
    "another header": ("hier_region.csv", "levels,codes", "level,code", r"must be 'levels' and 'codes'"),
    "an open quote": ("hier_region.csv", "@@,B", '@@,"B', r"hier_region\.csv, line \d+: .*quotes"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_cannot_be_used_is_named_with_line_value_and_remedy(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    name, old, new, message = BROKEN[what]
    folder = case("sdctable_testprob", tmp_path / "case")
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    assert main(["tables", str(folder), str(tmp_path / "out.csv")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out.csv").exists()


def test_places_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    folder = case("sdctable_testprob", tmp_path / "case")
    out = tmp_path / "out.csv"
    for arguments, message in [
        (("tables", tmp_path / "nowhere", out), "nowhere: there is no such folder"),
        (("tables", tmp_path, out), "there is no hier_<dimension>.csv"),
        (("tables", folder, tmp_path), "there is something here that is not a file"),
        (("tables", folder, folder / "inner.csv"), "this is an input file"),
        (("tables", folder, tmp_path / "no" / "out.csv"), "make it first"),
        (("tables", folder, out, "--threshold", 1), "threshold 1"),
        (("audit", folder, out), "out.csv: there is no such file"),
    ]:
        done = run(*arguments)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    other = tmp_path / "other"
    other.mkdir()
    (other / "d2_hier_region.csv").write_text("levels,codes\n@,total\n", encoding="utf-8")
    assert "d2_hier_region.csv is not one; rename it" in run("tables", other, out).stderr
    (folder / "inner.csv").write_bytes("region,gender,freq\nA,f\u00e9male,1\n".encode("latin-1"))
    assert "inner.csv: byte 23 is not UTF-8" in run("tables", folder, out).stderr
    (folder / "inner.csv").write_bytes(b"")
    assert "inner.csv: the file is empty" in run("tables", folder, out).stderr
    (folder / "hier_age.csv").write_text("levels,codes\n@,total\n", encoding="utf-8")
    (folder / "inner.csv").write_text("region,gender,freq\nA,male,1\n", encoding="utf-8")
    assert "inner.csv has no column 'age'" in run("tables", folder, out).stderr


WRONG_PATTERNS = {
    "missing": (lambda rows: rows[:-1], r"the cell a=x3 is missing \(1 such cells\)"),
    "twice": (lambda rows: [*rows, rows[1]], r"line 6: the cell a=x1 is there twice"),
    "unknown code": (lambda rows: [*rows[:-1], {**rows[-1], "a": "y"}], r"line 5: a is 'y', which is not a code of hier_a"),
    "no mark": (lambda rows: [*rows[:-1], {**rows[-1], "suppressed": "yes"}], r"line 5: suppressed is 'yes'; write 1"),
    "no count": (lambda rows: [*rows[:-1], {**rows[-1], "freq": ""}], r"line 5: freq is ''"),
    "sums that do not hold": (lambda rows: [{**rows[0], "freq": 5}, *rows[1:]], r"contradict|do not add up"),
}


@pytest.mark.parametrize("what", WRONG_PATTERNS)
def test_a_pattern_that_cannot_be_used_is_named(what: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    change, message = WRONG_PATTERNS[what]
    folder, pattern = line(tmp_path / "case", [33, 3, 10, 20], {1, 2})
    write(pattern, change(read(pattern)))
    assert main(["audit", str(folder), str(pattern)]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_help_says_that_the_pattern_is_not_for_publication() -> None:
    done = run("tables", "--help")
    assert done.returncode == 0
    assert "holds the counts of the suppressed cells" in " ".join(done.stdout.split())


def test_the_readme_explains_every_command_and_option() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (commands,) = (action.choices for action in parser()._actions if action.choices)
    assert set(re.findall(r"^ {4}(?:\S*/)?python -m anonymisation ([a-z]+)", readme, re.M)) == set(commands)
    explained = "\n".join(re.findall(r"^ {4}python -m anonymisation .*(?:\n {8,}.*)*", readme, re.M))
    for command in commands.values():
        options = {option for action in command._actions for option in action.option_strings} - {"-h", "--help"}
        assert options <= set(re.findall(r"--[a-z]+(?:-[a-z]+)*", explained))
