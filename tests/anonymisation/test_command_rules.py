"""Singletons and group disclosure, in the command: what `tables` keeps, `audit` judges by."""

from pathlib import Path

import pytest

from anonymisation.__main__ import main
from tests.anonymisation.case_files import case, line, read, write


def test_one_who_is_counted_alone_and_subtracts_herself_is_found(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder, pattern = line(tmp_path / "case", [20, 1, 3, 16], {1, 2})
    command = ["audit", str(folder), str(pattern), "--guarantee", "exact"]
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--singletons"]) == 1
    said = capsys.readouterr().out
    assert "a=x2: the one person counted in a=x1 can compute the withheld count" in said
    assert said.endswith("The guarantee 'exact', with singletons, is broken (1 found).\n")
    write(pattern, [{**row, "suppressed": int(row["a"] in ("x1", "x2", "x3"))} for row in read(pattern)])
    assert main([*command, "--singletons"]) == 0


@pytest.mark.parametrize("guarantee", ["exact", "interval", "contract"])
def test_tables_keeps_what_the_audit_asks(guarantee: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The published case, whose patterns let some compute others' cells unless that is asked for."""
    folder, out = case("ssb_d2 overlapping", tmp_path / "case"), tmp_path / "out.csv"
    files = [str(folder), str(out), "--guarantee", guarantee]
    rules = ["--singletons", "--group-disclosure", "main_income", "--zeros", "available"]
    assert main(["tables", *files]) == 0
    plain = sum(row["suppressed"] == "1" for row in read(out))
    assert main(["audit", *files, *rules]) == (1 if guarantee == "exact" else 0)
    assert main(["tables", *files, *rules]) == 0
    assert sum(row["suppressed"] == "1" for row in read(out)) >= plain
    capsys.readouterr()
    assert main(["audit", *files, *rules]) == 0
    assert f"The guarantee '{guarantee}', with singletons and group disclosure in 'main_income', holds." in capsys.readouterr().out


def test_the_one_category_of_a_margin_is_withheld_with_a_zero_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder, out = tmp_path / "case", tmp_path / "out.csv"
    line(folder, [20, 20, 0, 0], set())
    write(folder / "inner.csv", [{"a": "x1", "freq": 20}])
    rules = ["--group-disclosure", "a", "--zeros", "available"]
    assert main(["tables", str(folder), str(out)]) == 0
    assert main(["audit", str(folder), str(out)]) == 0
    capsys.readouterr()
    assert main(["audit", str(folder), str(out), *rules]) == 1
    assert "a=x1: all that are counted in grand total are known to be in this category" in capsys.readouterr().out
    assert main(["tables", str(folder), str(out), *rules]) == 0
    assert main(["audit", str(folder), str(out), *rules]) == 0
    found = {row["a"]: (row["primary"], row["suppressed"]) for row in read(out)}
    assert found["x1"] == ("1", "1") and ("0", "1") in (found["x2"], found["x3"])


def test_rules_that_cannot_be_judged_are_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder, pattern = line(tmp_path / "case", [20, 1, 3, 16], {1, 2})
    write(folder / "inner.csv", [{"a": "x1", "freq": 20}])
    for options, message in [
        (["--group-disclosure", "a"], "give 'available'"),
        (["--group-disclosure", "b", "--zeros", "available"], "there is no dimension 'b' for --group-disclosure; give one of 'a'"),
    ]:
        for command in ("tables", "audit"):
            assert main([command, str(folder), str(pattern), *options]) == 2
            assert message in capsys.readouterr().err
    write(pattern, [{**row, "freq": "" if row["suppressed"] == "1" else row["freq"]} for row in read(pattern)])
    assert main(["audit", str(folder), str(pattern)]) == 1
    assert main(["audit", str(folder), str(pattern), "--singletons"]) == 2
    assert "pattern.csv, line 3: freq is empty; --singletons needs it" in capsys.readouterr().err
