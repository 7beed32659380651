"""Tables of every kind in and out, files as streams, and what is said of input that does not fit."""

import json
import os
from datetime import date, datetime

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from anonymisation.__main__ import main
from anonymisation.errors import ProtectionError, RecordError
from anonymisation.measures import measure
from anonymisation.records import DistinctLDiversity, RecordHierarchy, RecordPolicy, TCloseness, protect_file, protect_records

AREA = RecordHierarchy.from_rows("area", [("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")])
AGE = RecordHierarchy.intervals("age", 0, 9, (5,))
KNOWN = ("area", "age")
POLICY = RecordPolicy(KNOWN, 3, recoding="local")
ROWS = [(AREA.values[i % 4], i * 7 % 10, "xy"[i % 2], f"note, {i}") for i in range(24)] + [(None, 1, "x", 'a "word"'), ("a1", 1, "y", None)]
TABLE = pa.table([pa.array(column) for column in zip(*ROWS, strict=True)], names=["area", "age", "outcome", "note"])


def plain(table):
    return table.to_pylist() if isinstance(table, pa.Table) else table


def test_every_kind_of_table_gives_the_same():
    expected = plain(protect_records(TABLE, (AREA, AGE), POLICY).table)
    frame = TABLE.to_pandas()
    assert plain(protect_records(frame, (AREA, AGE), POLICY).table) == expected
    assert plain(protect_records(frame.astype({"area": "category"}), (AREA, AGE), POLICY).table) == expected
    assert plain(protect_records(duckdb.from_arrow(TABLE), (AREA, AGE), POLICY).table) == expected
    sliced = pa.concat_tables([TABLE.slice(0, 5), TABLE.slice(5, 0), TABLE.slice(5)])
    assert plain(protect_records(sliced, (AGE, AREA), POLICY).table) == expected
    back = protect_records(frame, (AREA, AGE), POLICY).to_pandas()
    assert isinstance(back, pd.DataFrame) and back["note"].tolist()[:3] == ["note, 0", "note, 1", "note, 2"]


def test_numbers_with_blanks_and_days_are_read_as_what_they_are():
    floats = pa.table({"age": pa.array([1.0, 1.0, 2.0, None, None, 2.0])})
    assert protect_records(floats, [AGE], RecordPolicy(("age",), 2)).levels == {"age": 0}
    day = RecordHierarchy.dates("day", date(2026, 1, 1), date(2026, 2, 28), ("month",))
    times = pa.table({"day": [datetime(2026, 1, 5, 23, 59), datetime(2026, 1, 6), datetime(2026, 2, 1)] * 2})
    shown = protect_records(times, [day], RecordPolicy(("day",), 2)).table["day"].to_pylist()
    assert shown == ["2026-01-05", "2026-01-06", "2026-02-01"] * 2


@pytest.mark.parametrize(
    ("table", "hierarchies", "words"),
    [
        (TABLE, (AREA,), "'age' is a quasi-identifier and has no hierarchy"),
        (TABLE, (AREA, AGE, AGE), "'age' has two hierarchies"),
        (TABLE.drop_columns(["age"]), (AREA, AGE), "'age' is not there"),
        (TABLE.slice(0, 0), (AREA, AGE), "there are no records"),
        (TABLE.set_column(1, "age", pa.array([3] * 25 + [44])), (AREA, AGE), r"'age', record 26: '44' is not in the hierarchy"),
        (TABLE.set_column(1, "age", pa.array([[3]] * 26)), (AREA, AGE), "has no values as text"),
        ([1, 2], (AREA, AGE), "a list is no table of records"),
    ],
)
def test_what_does_not_fit_is_named(table, hierarchies, words):
    with pytest.raises(RecordError, match=words) as error:
        protect_records(table, hierarchies, POLICY)
    assert "note, " not in str(error.value)  # nothing of another field


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"quasi_identifiers": ()}, "name at least one"),
        ({"quasi_identifiers": ("a", "a")}, "named twice"),
        ({"k": 1}, "protects nothing"),
        ({"k": 0}, "k 0"),
        ({"max_suppressed": 1.5}, "from 0 to 1"),
        ({"recoding": "both"}, "recoding 'both'"),
        ({"sensitive": {"a": (DistinctLDiversity(2),)}}, "'a' is a quasi-identifier as well"),
        ({"importance": {"b": 1}}, "'b' is not a quasi-identifier"),
        ({"importance": {"a": 0}}, "give a number above 0"),
        ({"recoding": "local", "loss": "entropy"}, "local recoding weighs granularity"),
        ({"recoding": "local", "suppressed": "recoded"}, "local recoding recodes every record"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(policy, words):
    with pytest.raises(ValueError, match=words):
        RecordPolicy(**{"quasi_identifiers": ("a",), **policy})
    for wrong in (lambda: DistinctLDiversity(0), lambda: TCloseness(2), lambda: TCloseness(0.1, ("a",), AREA)):
        with pytest.raises(ValueError):
            wrong()


def test_no_recoding_at_all():
    with pytest.raises(ProtectionError, match="no levels keep the policy"):
        protect_records(TABLE, (AREA, AGE), RecordPolicy(KNOWN, 27, max_suppressed=0.5))
    with pytest.raises(ProtectionError, match="does not hold of all records"):
        protect_records(TABLE, (AREA, AGE), RecordPolicy(KNOWN, 27, max_suppressed=0.5, recoding="local"))
    with pytest.raises(ProtectionError, match="26 of 26 records would lose every quasi-identifier"):
        protect_records(TABLE, (AREA, AGE), RecordPolicy(KNOWN, 20, max_suppressed=0.5, recoding="local"))


@pytest.mark.parametrize("recoding", ["global", "local"])
def test_k_map_counts_who_could_be_meant_in_the_population(recoding):
    people = pa.table({"area": ["a1"] * 4 + ["a2"] * 2 + ["b1"] * 5 + ["b2"] * 3, "age": [1] * 14})
    sample = pa.table({"area": ["a1", "a2", "b1", "b1"], "age": [1, 1, 1, 1]})
    policy = RecordPolicy(KNOWN, k=1, k_map=5, recoding=recoding, max_suppressed=0.0)
    shown = protect_records(sample, (AREA, AGE), policy, population=people).table.to_pylist()
    for row in shown:
        area = {value for leaf, value in enumerate(AREA.values) if row["area"] in [AREA.labels[level[leaf]] for level in AREA.nodes]}
        assert sum(person["area"] in area for person in people.to_pylist()) >= 5
    assert [row["area"] for row in shown] == (["a", "a", "b1", "b1"] if recoding == "local" else ["a", "a", "b", "b"])
    with pytest.raises(RecordError, match="k_map needs a population"):
        protect_records(sample, (AREA, AGE), policy)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("policy", [POLICY, RecordPolicy(KNOWN, 4, suppressed="removed", max_suppressed=0.5)])
def test_files_give_what_tables_give(tmp_path, kind, policy):
    source, target = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    text = pa.table([column.cast(pa.string()) for column in TABLE.columns], names=TABLE.column_names)
    pyarrow.parquet.write_table(TABLE, source, row_group_size=7) if kind == "parquet" else pyarrow.csv.write_csv(text, source)
    summary = protect_file(source, target, (AREA, AGE), policy)
    result = protect_records(TABLE if kind == "parquet" else text, (AREA, AGE), policy)
    if kind == "parquet":
        written = pyarrow.parquet.read_table(target)
    else:
        options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(TABLE.column_names, pa.string()), strings_can_be_null=True)
        written = pyarrow.csv.read_csv(target, convert_options=options)
    assert written.to_pylist() == result.table.to_pylist()
    assert summary == result.summary
    assert sorted(os.listdir(tmp_path)) == [f"in.{kind}", f"out.{kind}"]


def write_case(folder, rows):
    (folder / "h").mkdir()
    (folder / "h" / "h_area.csv").write_text("a1;a\na2;a\nb1;b\nb2;b\n", encoding="utf-8")
    (folder / "h" / "h_age.csv").write_text("".join(f"{n},{n // 5},*\n" for n in range(10)).replace(",0,", ",0-4,").replace(",1,", ",5-9,"), encoding="utf-8")
    (folder / "in.csv").write_text("area;age;outcome\n" + "".join(f"{a};{b};{c}\n" for a, b, c in rows), encoding="utf-8")
    return ["records", str(folder / "in.csv"), str(folder / "out.csv"), "--hierarchies", str(folder / "h"), "--quasi-identifiers", "area,age"]


def test_the_command_protects_a_file_and_the_independent_judge_agrees(tmp_path, capsys):
    command = write_case(tmp_path, [(a or "", b, c) for a, b, c, _ in ROWS])
    assert main([*command, "--k", "3", "--recoding", "local", "--sensitive", "outcome", "--l", "2", "--t", "0.4", "--max-suppressed", "0.2"]) == 0
    said = json.loads(capsys.readouterr().out)
    found = measure(tmp_path / "out.csv", ["area", "age"], ["outcome"]).plain()
    assert found["k"] >= 3 and found["worst"]["l"] >= 2 and found["worst"]["t"] <= 0.4
    assert said["risk"]["smallest_class"] == found["k"]
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600


def test_the_command_says_what_is_wrong_and_writes_nothing(tmp_path, capsys):
    command = write_case(tmp_path, [(a or "", b, c) for a, b, c, _ in ROWS])
    wrong = [
        ([*command, "--k", "40"], 1, "no levels keep the policy"),
        ([*command, "--l", "2"], 2, "--sensitive names the columns"),
        ([*command, "--k", "1"], 2, "protects nothing"),
        ([*command[:2], str(tmp_path / "in.csv"), *command[3:]], 2, "this is an input file"),
        ([*command[:2], str(tmp_path / "no" / "out.csv"), *command[3:]], 2, "make it first"),
        ([*command[:2], str(tmp_path / "out.parquet"), *command[3:]], 2, "ends in .csv"),
        ([command[0], str(tmp_path / "none.csv"), *command[2:]], 2, "there is no such file"),
        ([*command[:-1], "area,sex"], 2, "h_sex.csv: there is no such file"),
    ]
    for arguments, status, words in wrong:
        assert main(arguments) == status
        assert words in capsys.readouterr().err
    before = (tmp_path / "in.csv").read_text(encoding="utf-8")
    for broken, words in ((before + "a1;3;secret;more\n", "another number of fields"), (before + "a1;77;x\n", "'77' is not in the hierarchy"), ("", "the file is empty")):
        (tmp_path / "in.csv").write_text(broken, encoding="utf-8")
        assert main(command) == 2
        said = capsys.readouterr().err
        assert words in said and "secret" not in said
    for size in (10, 2_000_000):  # in the first batch, and in a later one
        (tmp_path / "in.csv").write_bytes(b"area;age;outcome\n" + b"a1;3;x\n" * size + b"a1;3;secret\xff\n")
        assert main(command) == 2
        said = capsys.readouterr().err
        assert "not UTF-8" in said and "secret" not in said
    assert sorted(os.listdir(tmp_path)) == ["h", "in.csv"]
