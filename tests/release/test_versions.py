"""Versions: the number that a change gets, what is told of it, and what a dead run leaves behind."""

import csv
import json
import shutil
from dataclasses import replace
from itertools import pairwise

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.release.packages import AGES, LARGE, MIXED, PRODUCT, release
from anonymisation import Policy
from vawg_opendata.release import ReleaseError, audit
from vawg_opendata.release.changes.comparison import MAJOR, MINOR, PATCH, compare
from vawg_opendata.release.changes.rows import compare_rows
from vawg_opendata.release.lifecycle.releasing import withdraw
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.versions import bumped, latest, listed, order

numbers = st.tuples(*[st.integers(0, 99)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(numbers)
def test_each_bump_gives_a_later_version_and_a_larger_one_a_later_still(version):
    patch, minor, major = (bumped(version, bump) for bump in (PATCH, MINOR, MAJOR))
    assert order(version) < order(patch) < order(minor) < order(major)


@pytest.mark.parametrize("text", ["1.0", "v1.0.0", "1.0.0-beta", "01.0.0", "latest.json", ""])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(ValueError, match="MAJOR.MINOR.PATCH"):
        order(text)


def plain(version):
    return json.loads((version.folder / "changes.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The folder in which version 1.0.0 was published, and that version: made once, it is the beginning of each test."""
    folder = tmp_path_factory.mktemp("begun")
    version = release(folder, folder / "published", LARGE)
    assert version.version == "1.0.0" and version.is_new and plain(version)["since"] == ""
    return folder, version


@pytest.fixture
def first(begun, tmp_path):
    """Version 1.0.0, published, in the test's own folder."""
    folder, version = begun
    shutil.copytree(folder, tmp_path, symlinks=True, dirs_exist_ok=True)
    return replace(version, folder=tmp_path / version.folder.relative_to(folder))


def again(tmp_path, counts=LARGE, **more):
    return release(tmp_path, tmp_path / "published", counts, **more)


def test_the_same_content_makes_no_new_version(first, tmp_path):
    before = {path: path.read_bytes() for path in (tmp_path / "published").rglob("*") if path.is_file()}
    version = again(tmp_path)
    assert (version.version, version.is_new, version.folder) == ("1.0.0", False, first.folder)
    assert before == {path: path.read_bytes() for path in (tmp_path / "published").rglob("*") if path.is_file()}


def test_a_corrected_count_is_a_patch(first, tmp_path):
    version = again(tmp_path, LARGE | {("10-19", "2024-01"): 30})
    assert version.version == "1.0.1"
    (table,) = plain(version)["tables"]
    # the cell, all ages, and each of the two for the year, the financial year and all months
    cells = table.pop("cells")
    assert table == {"name": "victims_by_age_group", "added": 0, "removed": 0, "revised": 8, "grown": 0, "newly_suppressed": 0, "newly_published": 0, "restated": 0}
    assert cells["fields"] == ["age_group", "month", "measure", "change", "old", "new"]
    assert ["10-19", "2024-01", "victims", "revised", 20, 30] in cells["rows"] and len(cells["rows"]) == 8
    assert "| `victims_by_age_group` | 0 | 0 | 8 | 0 | 0 | 0 | 0 |" in (version.folder / "CHANGES.md").read_text(encoding="utf-8")


def test_a_count_that_becomes_small_is_told_as_newly_suppressed(first, tmp_path):
    version = again(tmp_path, MIXED)
    (table,) = plain(version)["tables"]
    assert version.version == "1.0.1" and table["newly_suppressed"] >= 2 and table["newly_published"] == 0
    back = again(tmp_path, LARGE)
    assert plain(back)["tables"][0]["newly_published"] == table["newly_suppressed"]


def test_another_month_is_a_minor_version(first, tmp_path):
    version = again(tmp_path, LARGE | {(age, "2024-03"): 50 for age in AGES}, vintage="2024-03")
    assert version.version == "1.1.0"
    tables = {table["name"]: table for table in plain(version)["tables"]}
    assert tables["victims_by_age_group"]["added"] == 9 and tables["month"]["added"] == 1
    # Of nine rows: the year, the financial year and all months have grown, and nothing else is said to be revised.
    assert (tables["victims_by_age_group"]["revised"], tables["victims_by_age_group"]["grown"]) == (0, 27)


def test_a_year_that_was_not_over_has_grown_and_a_month_of_it_was_revised(tmp_path):
    again(tmp_path, LARGE)
    more = {(age, f"2024-{number:02}"): 30 for age in AGES for number in range(3, 13)}
    version = again(tmp_path, LARGE | more | {("10-19", "2024-01"): 21}, vintage="2024-12")
    cells = {row[1]: row[3:] for row in plain(version)["tables"][0]["cells"]["rows"] if row[0] == "10-19"}
    assert cells == {code: ["grown", 40, 341] for code in ("2024", "total")} | {"2023/24": ["grown", 40, 71], "2024-01": ["revised", 20, 21]}


def test_a_month_less_is_a_major_version(first, tmp_path):
    version = again(tmp_path, {cell: count for cell, count in LARGE.items() if cell[1] == "2024-01"}, vintage="2024-01")
    assert version.version == "2.0.0"


def test_real_data_after_synthetic_are_another_thing(tmp_path):
    again(tmp_path, synthetic=True)
    assert again(tmp_path).version == "2.0.0"


def test_another_threshold_is_a_major_version(first, tmp_path):
    version = again(tmp_path, product=replace(PRODUCT, policy=Policy(threshold=4)))
    assert version.version == "2.0.0" and plain(version)["protection_changed"] == ["victims_by_age_group"]


def test_other_words_are_a_patch(first, tmp_path):
    version = again(tmp_path, product=replace(PRODUCT, description="The same, described better."))
    assert version.version == "1.0.1" and plain(version)["words_changed"] == ["description"]


def test_versions_are_listed_newest_first_and_stay_as_they_are(first, tmp_path):
    sums = (first.folder / "SHA256SUMS").read_bytes()
    again(tmp_path, LARGE | {("10-19", "2024-01"): 30})
    home = first.folder.parent
    assert [(entry["version"], entry["status"]) for entry in listed(home)] == [("1.0.1", "released"), ("1.0.0", "released")]
    assert json.loads((home / "latest.json").read_text()) == {"version": "1.0.1"}
    assert (first.folder / "SHA256SUMS").read_bytes() == sums and audit([first.folder]).ok


@pytest.mark.parametrize("lost", [["latest.json"], ["latest.json", "versions.json"]], ids=["before the pointer", "before the list"])
def test_a_run_that_died_after_the_rename_is_completed_by_the_next(first, tmp_path, lost):
    home = first.folder.parent
    for name in lost:
        (home / name).unlink()
    version = again(tmp_path)
    assert (version.version, version.is_new) == ("1.0.0", False)
    assert [(entry["version"], entry["status"]) for entry in listed(home)] == [("1.0.0", "released")]
    assert json.loads((home / "latest.json").read_text()) == {"version": "1.0.0"}


def test_a_folder_that_nobody_released_stops_publishing(first, tmp_path):
    shutil.copytree(first.folder, first.folder.parent / "1.0.1")
    with pytest.raises(ReleaseError, match="1.0.1 was released by nobody"):
        again(tmp_path)
    assert latest(first.folder.parent) == "1.0.0"


def as_if_older(version, alter):
    """Alter the descriptor of a published version, as if its schema had been another."""
    path = version.folder / "datapackage.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    alter(next(resource for resource in described["resources"] if resource["name"] == "victims_by_age_group")["schema"])
    path.write_text(json.dumps(described), encoding="utf-8")


def field_named(schema, name):
    return next(entry for entry in schema["fields"] if entry["name"] == name)


def test_a_changed_schema_needs_a_written_note_which_its_readers_get(first, tmp_path):
    as_if_older(first, lambda schema: field_named(schema, "victims").update(type="number"))
    with pytest.raises(ReleaseError, match="victims_by_age_group changed since 1.0.0. Say why"):
        again(tmp_path)
    assert latest(first.folder.parent) == "1.0.0"
    version = again(tmp_path, note="Counts are whole numbers, and now say so.")
    assert version.version == "2.0.0" and plain(version)["note"] == "Counts are whole numbers, and now say so."
    assert plain(version)["fields"] == [
        {
            "resource": "victims_by_age_group",
            "added": [],
            "removed": [],
            "changed": [{"field": "victims", "property": "type", "old": "number", "new": "integer"}],
        }
    ]
    assert "now say so." in (version.folder / "CHANGES.md").read_text(encoding="utf-8")


LIMITS = [
    ({"minimum": 5}, {"minimum": 0}, MINOR),
    ({"minimum": 0}, {"minimum": 5}, MAJOR),
    ({"maximum": 5}, {"maximum": 9}, MINOR),
    ({"maximum": 5}, {}, MINOR),
    ({}, {"maxLength": 5}, MAJOR),
    ({"required": True}, {"required": False}, MINOR),
    ({"required": False}, {"required": True}, MAJOR),
    ({"pattern": "a"}, {"pattern": "b"}, MAJOR),
]


@pytest.mark.parametrize(
    ("row", "regrouped"),
    [("new,New,group,total\na,A,leaf,new", False), ("new,New,group,\na,A,leaf,new", True), ("a,A,leaf,other", True), ("a,A,group,total", True)],
)
def test_codes_between_a_code_and_its_parent_divide_it_and_other_parents_regroup_it(tmp_path, row, regrouped):
    (tmp_path / "old.csv").write_text("code,label,level,parent\ntotal,All,total,\nother,O,group,total\na,A,leaf,total\n", encoding="utf-8")
    (tmp_path / "new.csv").write_text(f"code,label,level,parent\ntotal,All,total,\nother,O,group,total\n{row}\n", encoding="utf-8")
    fields = [{"name": name, "type": "string"} for name in ("code", "label", "level", "parent")]
    resource = {"name": "area", "path": "codelists/area.csv", "schema": {"fields": fields, "primaryKey": ["code"]}}
    change = compare_rows(resource, tmp_path / "old.csv", resource, tmp_path / "new.csv", {})
    assert change.revised == 1 and change.regrouped == regrouped


@pytest.mark.parametrize(("old", "new", "bump"), LIMITS, ids=lambda value: str(value))
def test_a_looser_constraint_is_minor_and_a_stricter_one_major(first, old, new, bump):
    described = json.loads((first.folder / "datapackage.json").read_text(encoding="utf-8"))
    versions = [json.loads(json.dumps(described)) for _ in range(2)]
    for version, limits in zip(versions, (old, new), strict=True):
        field_named(next(one for one in version["resources"] if one["name"] == "victims_by_age_group")["schema"], "victims")["constraints"] = limits
    changes = compare(first.folder, versions[0], first.folder, versions[1])
    assert changes.bump == bump and changes.schema_changed == (bump == MAJOR)


def resource_named(described, name):
    return next(one for one in described["resources"] if one["name"] == name)


def with_inner(key, *entries):
    return {"cuts": {"cuts": {"dimension": "area", "packages": list(entries)}}, "partners": {"partners": list(entries)}}[key]


HACKNEY = {"code": "E09000012", "title": "Hackney", "path": "areas/E09000012/datapackage.json"}
NHS = {"profile": "nhs", "title": "The NHS", "path": "partners/nhs/datapackage.json"}
OTHERWISE = {
    "a status less": (lambda new: field_named(resource_named(new, "victims_by_age_group")["schema"], "victims_status")["constraints"]["enum"].remove("z"), MAJOR),
    "a status more": (lambda new: field_named(resource_named(new, "victims_by_age_group")["schema"], "victims_status")["constraints"]["enum"].append("p"), MINOR),
    "a code more": (lambda new: field_named(resource_named(new, "victims_by_age_group")["schema"], "age_group")["constraints"]["enum"].append("under-1"), PATCH),
    "another unit": (lambda new: field_named(resource_named(new, "victims_by_age_group")["schema"], "victims").update(unit="offences"), MAJOR),
    "another format of a field": (lambda new: field_named(resource_named(new, "series_breaks")["schema"], "date").update(format="any"), MAJOR),
    "another missing value": (lambda new: resource_named(new, "victims_by_age_group")["schema"].update(missingValues=["", "-"]), MAJOR),
    "a key less": (lambda new: resource_named(new, "victims_by_age_group")["schema"].pop("foreignKeys"), MAJOR),
    "another place": (lambda new: resource_named(new, "caveats.parquet").update(path="data/caveats.csv"), MAJOR),
    "another encoding": (lambda new: resource_named(new, "victims_by_age_group").update(encoding="utf-16"), MAJOR),
    "another dialect": (lambda new: resource_named(new, "victims_by_age_group").update(dialect={"delimiter": ";"}), MAJOR),
    "another source": (lambda new: resource_named(new, "victims_by_age_group").update(sources=[{"name": "crime_extract", "title": "Extract"}]), MAJOR),
    "another policy of records": (lambda new: resource_named(new, "caveats").update(records={"k": 3, "years": {"last": 2024}}), MAJOR),
    "other years of records": (lambda new: resource_named(new, "caveats").update(records={"years": {"last": 2024}}), PATCH),
    "another licence": (lambda new: new["licenses"][0].update(title="Another"), PATCH),
    "another title of a field": (lambda new: field_named(resource_named(new, "caveats")["schema"], "title").update(title="Heading"), PATCH),
    "a package of an area more": (lambda new: new.update(with_inner("cuts", HACKNEY)), MINOR),
    "a package of a partner more": (lambda new: new.update(with_inner("partners", NHS)), MINOR),
}


@pytest.mark.parametrize(("alter", "bump"), OTHERWISE.values(), ids=OTHERWISE)
def test_the_step_of_every_other_change_is_that_of_the_recipe(first, alter, bump):
    described = json.loads((first.folder / "datapackage.json").read_text(encoding="utf-8"))
    described["resources"] = [one for one in described["resources"] if one["name"] in ("victims_by_age_group", "age_group", "caveats", "caveats.parquet", "series_breaks")]
    old, new = (json.loads(json.dumps(described)) for _ in range(2))
    alter(new)
    changes = compare(first.folder, old, first.folder, new)
    assert changes.bump == bump
    if bump == MINOR and changes.resources_added:  # taken away again, readers miss it
        assert compare(first.folder, new, first.folder, old).bump == MAJOR


def test_a_field_of_a_partners_package_is_a_field_of_ours(first):
    described = json.loads((first.folder / "datapackage.json").read_text(encoding="utf-8"))
    fields = [{"fields": {"cases": names}} for names in (["week", "place"], ["week"])]
    old, new = (described | with_inner("partners", NHS | one) for one in fields)
    changes = compare(first.folder, old, first.folder, new)
    assert changes.bump == MAJOR and changes.schema_changed
    assert [(change.resource, change.fields_removed) for change in changes.schemas] == [("partners/nhs", ("cases.place",))]
    assert not compare(first.folder, old, first.folder, old).bump


def test_a_larger_step_can_be_asked_for_after_all_was_withdrawn(first, tmp_path):
    with publishing(tmp_path / "published") as session:
        withdraw(session, PRODUCT.audience, PRODUCT.name, "1.0.0", "Bea", "ages were swapped")
    assert again(tmp_path, LARGE | {("10-19", "2024-01"): 31}, bump=MAJOR).version == "2.0.0"


def test_a_smaller_step_than_the_changes_is_refused_and_a_larger_one_taken(first, tmp_path):
    another_month = LARGE | {(age, "2024-03"): 50 for age in AGES}
    with pytest.raises(ReleaseError, match="a PATCH version was asked for, and its changes since 1.0.0 are MINOR"):
        again(tmp_path, another_month, vintage="2024-03", bump=PATCH)
    assert again(tmp_path, another_month, vintage="2024-03", bump=MAJOR).version == "2.0.0"
    assert again(tmp_path, another_month, vintage="2024-03", bump=MAJOR).is_new is False  # nothing differs, no new version


def test_changes_meet_their_published_schema_and_never_quote_what_is_withheld_now(first, tmp_path):
    for counts in (MIXED, LARGE, LARGE | {(age, "2024-03"): 50 for age in AGES}):
        version = again(tmp_path, counts, vintage="2024-03")
        schema = json.loads((version.folder / "changes.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(plain(version))
        for table in plain(version)["tables"]:
            for *_, change, old, new in table.get("cells", {"rows": []})["rows"]:
                assert (old is None) == (change not in ("revised", "grown")) and (new is None) == (change == "suppressed")


def test_an_old_number_can_be_found_in_the_table_of_revisions(first, tmp_path):
    again(tmp_path, LARGE | {("10-19", "2024-01"): 22})
    again(tmp_path, LARGE | {("10-19", "2024-01"): 25})
    with (first.folder.parent / "revisions.csv").open(encoding="utf-8", newline="") as file:
        told = [row for row in csv.DictReader(file) if row["cell"] == "age_group=10-19;month=2024"]
    assert [(row["version"], row["since"], row["old"], row["new"]) for row in told] == [("1.0.1", "1.0.0", "40", "42"), ("1.0.2", "1.0.1", "42", "45")]


def published_counts(folder):
    """By cell as revisions write it, the count as the file of a version says it; empty where it is withheld. Read with nothing of ours."""
    with (folder / "data" / "victims_by_age_group.csv").open(encoding="utf-8", newline="") as file:
        return {f"age_group={row['age_group']};month={row['month']}": row["victims"] for row in csv.DictReader(file)}


def test_revisions_explain_every_number_that_differs_and_quote_nothing_withheld_or_withdrawn(first, tmp_path):
    """A council quoted 20 from the first version; the third says 22. The second said 30, and is withdrawn."""
    home, cell = first.folder.parent, ("10-19", "2024-01")
    again(tmp_path, MIXED | {cell: 30, ("40-49", "2024-02"): 0})
    again(tmp_path, LARGE | {cell: 22, ("20-29", "2024-02"): 1, ("70-79", "2024-01"): 4})
    for withdrawn in ([], ["1.0.1"]):
        for version in withdrawn:
            with publishing(tmp_path / "published") as session:
                assert withdraw(session, PRODUCT.audience, PRODUCT.name, version, "Bea", "ages were swapped") == ["1.0.2"]
        released = [version for version in ("1.0.0", "1.0.1", "1.0.2") if version not in withdrawn]
        with (home / "revisions.csv").open(encoding="utf-8", newline="") as file:
            told = {(row["since"], row["version"], row["cell"]): (row["old"], row["new"]) for row in csv.DictReader(file)}
        expected = {}
        for old, new in pairwise(released):
            was, now = (published_counts(home / version) for version in (old, new))
            expected |= {(old, new, one): (was[one] if now[one] else "", now[one]) for one in was if was[one] != now[one]}
        assert told == expected and ("", "") in told.values()
    assert told["1.0.0", "1.0.2", "age_group=10-19;month=2024-01"] == ("20", "22")
