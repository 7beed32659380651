"""The audit of linked records finds what a broken package gives away: pools, versions, and cases beside tables of counts."""

import json

import numpy as np
import pytest

from anonymisation import Hierarchy, PublishedTable
from vawg_opendata.release.checks.linked_audit import broken_pools
from vawg_opendata.release.checks.linked_beside import beside, beside_new
from vawg_opendata.release.checks.loading import LoadedPackage, LoadedTable
from vawg_opendata.release.checks.record_audit import audit_records, audit_versions

AREAS = Hierarchy("area", ("all", "a", "b", "a1", "a2"), "all", {"parent": {"a": "all", "b": "all", "a1": "a", "a2": "a"}})


def resource(name, columns, **claim):
    fields = [{"name": column, "type": "string"} for column in columns]
    return {"name": name, "path": f"{name}.csv", "schema": {"fields": fields}, "records": {"sensitive": {}, **claim}}


def written(folder, one, *rows):
    lines = [",".join(field["name"] for field in one["schema"]["fields"]), *rows]
    (folder / one["path"]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return one


def of_pools(folder, *answers):
    rule = {"applying": 2, "mostAlike": 2 / 3, "ordinary": {"injury": ["no"]}}
    one = resource("pool_harm", ["pool_key", "injury"], quasiIdentifiers=["pool_key"], k=3, pools=rule)
    return written(folder, one, *(f"{pool},{answer}" for pool, told in zip("xy", answers, strict=False) for answer in told))


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([["yes", "yes", "no"]], None),
        ([["no", "no", "no"]], None),
        ([["yes", "yes", "yes"], ["no", "yes", "yes"]], "in 1 pools more than 67%"),
        ([["yes", "yes", ""]], "in 1 pools more than 67%"),  # of the two whom it applies to both
        ([["yes", "", ""]], "applies to fewer than 2 cases of 1 pools"),
        ([["", "", ""]], None),
    ],
)
def test_a_pool_that_breaks_its_rule_is_found(tmp_path, answers, found):
    lines = broken_pools(tmp_path, of_pools(tmp_path, *answers))
    assert (found is None) == (not lines)
    assert found is None or any(found in line for line in lines)


def test_the_tables_of_cases_are_measured_joined(tmp_path):
    """Each table has pairs; joined, the four cases are four different ones."""
    tables = [
        written(tmp_path, resource(name, ["case_key", name], quasiIdentifiers=[name], k=2, linkedBy="case_key"), *(f"{key},{value}" for key, value in zip("pqrs", told, strict=True)))
        for name, told in (("age", "1122"), ("place", "3434"))
    ]
    (tmp_path / "datapackage.json").write_text(json.dumps({"name": "linked", "version": "1.0.0", "resources": tables}), encoding="utf-8")
    age, place, together = audit_records(tmp_path)
    assert age.findings == place.findings == ()
    assert together.k == 1 and "only 1 records look alike where 2 are claimed" in together.findings[0]


def of_batches(folder, batches, *answers):
    """A version of pools of one batch each, and of its cases."""
    folder.mkdir()
    cases = resource("record_offences", ["case_key", "pool_key", "batch"], quasiIdentifiers=["batch"], k=1, linkedBy="case_key")
    written(folder, cases, *(f"{pool}{place},{pool},{batch}" for pool, batch, told in zip("xy", batches, answers, strict=False) for place in range(len(told))))
    pools = of_pools(folder, *answers)
    described = {"name": "linked", "version": folder.name, "resources": [cases, pools]}
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def test_a_version_that_changes_or_fills_what_was_told_is_found(tmp_path):
    one, two = "2024-07/2024-07", "2024-08/2024-08"
    old = of_batches(tmp_path / "1.0.0", [one], ["yes", "no", "no"])
    more = of_batches(tmp_path / "1.1.0", [one, two], ["no", "no", "yes"], ["no", "no", "no"])
    other, filled = of_batches(tmp_path / "1.2.0", [one], ["yes", "yes", "no"]), of_batches(tmp_path / "1.3.0", [one], ["yes", "no", "no", "no"])
    again = of_batches(tmp_path / "1.4.0", ["2024-06/2024-07"], ["yes", "no", "no"])
    assert audit_versions([old, more]) == []
    assert [line.split("linked: ")[1] for line in audit_versions([old, other])] == [
        "pool_harm: 1 rows are gone or changed that were told of before", "pool_harm: 1 rows are new among cases that were told of before",
    ]  # fmt: skip
    assert [line.split("linked: ")[1] for line in audit_versions([old, filled])] == [
        "record_offences: 1 rows are new among cases that were told of before", "pool_harm: 1 rows are new among cases that were told of before",
    ]  # fmt: skip
    assert [line.split("linked: ")[1] for line in audit_versions([old, again])] == ["record_offences: 3 cases are of months that were told of before"]


def package(folder, name, counts=None):
    """A package of a table by area with these counts, None where it is withheld; or of cases, whose files are in the folder."""
    tables = ()
    if counts:
        values = np.array([count or 0 for count in counts.values()])
        shown = np.array([count is not None for count in counts.values()])
        tables = (LoadedTable(PublishedTable("by_area", "offences", {"area": tuple(counts)}, values, shown), 5),)
    return LoadedPackage(folder, name, "1.0.0", "datastore" if counts else "safestats", tables, {"area": AREAS} if counts else {}, (), ())


@pytest.mark.parametrize(
    ("counts", "cases", "found"),
    [
        ({"all": 9, "a": None, "b": None}, {",": 3}, None),  # told of the whole only
        ({"all": 9, "a": None, "b": None}, {"a,": 1}, "in 1 withheld cells than the table does, such as a"),
        ({"all": 9, "a": 6, "b": 3}, {"a,": 6}, None),
        ({"all": None, "a": 6, "b": None}, {"a,": 6}, None),  # known already
        ({"all": None, "a": 6, "b": None}, {"a,": 6, ",": 1}, "such as all"),
        ({"all": 9, "a": None, "b": None, "a1": 2, "a2": None}, {"a,": 1, "a,a1": 1}, None),
        ({"all": 9, "a": None, "b": None, "a1": 2, "a2": None}, {"a,": 2, "a,a1": 1}, "such as a"),
    ],
)
def test_cases_that_tell_of_a_withheld_cell_are_found(tmp_path, counts, cases, found):
    tells = [{"measure": "offences", "dimension": "area", "fields": ["ward", "borough"]}]
    told = resource("record_offences", ["borough", "ward"], quasiIdentifiers=["borough", "ward"], k=1, tells=tells)
    written(tmp_path, told, *(row for row, number in cases.items() for _ in range(number)))
    (tmp_path / "datapackage.json").write_text(json.dumps({"name": "vawg-records", "resources": [told]}), encoding="utf-8")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "datapackage.json").write_text(json.dumps({"resources": []}), encoding="utf-8")
    records, tables = package(tmp_path, "vawg-records"), package(tmp_path / "tables", "vawg-offences", counts)
    for lines in (beside(records, [records, tables]), beside_new(records, [tables]), beside_new(tables, [records])):
        assert (found is None) == (lines == [])
        assert found is None or found in lines[0]
    # What an earlier version showed is known.
    assert beside(records, [records, tables, package(tmp_path / "tables", "vawg-offences", {"all": 9, "a": 6, "b": 3, "a1": 2, "a2": 4})]) == []


PEOPLE = {
    "area": AREAS,
    "age": Hierarchy("age", ("all", "10-19", "20-29", "30-39"), "all", {"parent": dict.fromkeys(("10-19", "20-29", "30-39"), "all")}),
    "kind": Hierarchy("kind", ("all", "x", "y"), "all", {"parent": {"x": "all", "y": "all"}}),
}


def tables_of_people(folder, axes, counts):
    """A package of a table of people; counts are None where they are withheld."""
    shape = tuple(map(len, axes.values()))
    values, shown = np.array([count or 0 for count in counts]).reshape(shape), np.array([count is not None for count in counts]).reshape(shape)
    table = LoadedTable(PublishedTable("people", "victims", axes, values, shown), 5)
    return LoadedPackage(folder, "tables", "1.0.0", "datastore", (table,), PEOPLE, (), ())


def records_of_people(folder, cases, pools=()):
    """A package of cases, `pool,area,age` each, and of pools, `pool,kind` each; of whom an age is told is known to be counted."""
    ages = {"10-19": ["10-19"], "20-29": ["20-29"], "30-39": ["30-39"], "20-39": ["20-29", "30-39"]}
    told = [
        {"measure": "victims", "dimension": "area", "fields": ["area"]},
        {"measure": "victims", "dimension": "age", "fields": ["age"], "codes": ages, "required": True},
    ]
    of_cases = resource("record_people", ["pool_key", "area", "age"], quasiIdentifiers=["area", "age"], k=1, tells=told)
    of_kinds = resource("pool_kinds", ["pool_key", "kind"], quasiIdentifiers=["pool_key"], k=1, pools={"applying": 1, "mostAlike": 1, "ordinary": {}})
    of_kinds["records"]["tells"] = [{"measure": "victims", "dimension": "kind", "fields": ["kind"], "codes": {"true": ["x"], "false": ["y"]}}]
    parts = [written(folder, of_cases, *cases), written(folder, of_kinds, *pools)]
    (folder / "datapackage.json").write_text(json.dumps({"name": "vawg-records", "resources": parts}), encoding="utf-8")
    return LoadedPackage(folder, "vawg-records", "1.0.0", "safestats", (), {}, (), ())


@pytest.mark.parametrize(
    ("cases", "counts", "found"),
    [
        (["p,a,20-29"] * 3, [9, 1, None, None], "1 withheld cells than the table does, such as 20-29"),
        (["p,a,20-39"] * 3, [9, 1, None, None], "1 withheld cells than the table does, such as 20-29 or 30-39"),  # one of two codes: together they hold three
        (["p,a,20-39"] * 3, [9, 1, 3, None], None),  # which the table says of one of them
        (["p,a,20-39"] * 3 + ["p,a,30-39"], [9, 1, 3, None], "2 withheld cells than the table does, such as 20-29 or 30-39"),
        (["p,a,0-9"] * 3 + ["p,a,"] * 3, [None, 1, None, None], None),  # whom no table of victims may count
        (["p,a,10-19", "p,a,0-9"], [None, 1, None, None], None),
        (["p,a,10-19", "p,a,20-39"], [None, 1, None, None], "2 withheld cells than the table does, such as 20-29 or 30-39"),
    ],
)
def test_cases_of_whom_one_of_several_codes_holds_or_who_may_not_be_counted(tmp_path, cases, counts, found):
    tables = tables_of_people(tmp_path, {"age": ("all", "10-19", "20-29", "30-39")}, counts)
    lines = beside(records_of_people(tmp_path, cases), [tables])
    assert (found is None) == (lines == [])
    assert found is None or lines[0].endswith(found)


@pytest.mark.parametrize(
    ("cases", "kinds", "found"),
    [
        (["p,a,10-19"] * 4, "0111", "such as a, x"),  # three of the four in a are of kind x
        (["p,a,10-19"] * 3 + ["p,b,10-19"], "0011", "such as a, x"),  # two are, of whom one may be in b
        (["p,a,10-19"] * 2 + ["p,b,10-19"] * 2, "0011", None),  # both may be in b
        (["p,a,10-19"] * 3 + ["p,a,0-9"], "0011", "such as a, x"),  # one may be of those who are not counted
        (["p,a,10-19"] * 2 + ["p,a,0-9"] * 2, "0011", None),
        (["p,a,10-19"] * 2 + ["q,a,10-19"] * 2, "0111", "such as a, x"),
    ],
)
def test_pools_tell_of_a_cell_as_many_as_must_be_in_it(tmp_path, cases, kinds, found):
    pools = [f"{case[0]},{('False', 'True')[int(kind)]}" for case, kind in zip(cases, kinds, strict=True)]
    tables = tables_of_people(tmp_path, {"area": ("all", "a", "b"), "kind": ("all", "x", "y")}, [9, 9, 9, 9, None, None, 9, None, None])
    lines = beside(records_of_people(tmp_path, cases, pools), [tables])
    assert (found is None) == (lines == [])
    assert found is None or lines[0].endswith(found)
