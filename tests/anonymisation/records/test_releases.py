"""Versions of records beside each other: an independent attack finds nobody whom a step singles out."""

from collections import Counter

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from anonymisation.errors import ProtectionError, RecordError
from anonymisation.records import DistinctLDiversity, RecordHierarchy, RecordPolicy
from anonymisation.records.releases import audit_releases, protect_release
from tests.anonymisation.records.judge import broken

AREA = RecordHierarchy.from_rows("area", [("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")])
AGE = RecordHierarchy.intervals("age", 0, 7, (2, 4))
KNOWN = ("area", "age")


def leaves_of(label, hierarchy):
    """The values that a published label can stand for."""
    return {
        value for leaf, value in enumerate(hierarchy.values) if any(hierarchy.labels[level[leaf]] == label for level in hierarchy.nodes)
    }


def attack(before, after, k):
    """Numbers of records, 1 to k-1, that an intruder proves to have come or gone: in one class, or among classes that share values."""
    counts = [Counter((row["area"], row["age"]) for row in version) for version in (before, after)]
    change = {label: counts[1][label] - counts[0][label] for label in counts[0] | counts[1]}
    change = {label: number for label, number in change.items() if number}
    found = [abs(number) for number in change.values() if abs(number) < k]
    values = {label: [leaves_of(one, h) for one, h in zip(label, (AREA, AGE), strict=True)] for label in change}

    def touch(one, other):
        return change[one] * change[other] < 0 and all(a & b for a, b in zip(values[one], values[other], strict=True))

    rest = set(change)
    while rest:
        group, border = set(), [min(rest)]
        while border:
            one = border.pop()
            if one not in group:
                group.add(one)
                border += [other for other in rest if other not in group and touch(one, other)]
        rest -= group
        net = abs(sum(change[label] for label in group))
        found += [net] if 0 < net < k else []
    return found


person = st.tuples(st.sampled_from(AREA.values), st.sampled_from(AGE.values), st.sampled_from("xyz"))


@st.composite
def histories(draw):
    """Records by key as they are at each of some moments: they come, go and are corrected."""
    records = dict(enumerate(draw(st.lists(person, min_size=3, max_size=25))))
    versions = [dict(records)]
    for _ in range(draw(st.integers(1, 3))):
        for key in draw(st.lists(st.sampled_from(sorted(records)), max_size=4, unique=True)) if records else ():
            del records[key]
        for key in draw(st.lists(st.sampled_from(sorted(records)), max_size=2, unique=True)) if records else ():
            records[key] = draw(person)
        for one in draw(st.lists(person, max_size=12)):
            records[max([*records, 1000 * len(versions)]) + 1] = one
        versions.append(dict(records))
    return versions


def table_of(records):
    columns = zip(*((key, *one) for key, one in sorted(records.items())), strict=True) if records else ([], [], [], [])
    types = (pa.int64(), pa.string(), pa.string(), pa.string())
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, types, strict=True)], names=["key", *KNOWN, "outcome"])


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(2, 4), st.sampled_from(["global", "local"]), st.booleans())
def test_no_step_singles_out_who_came_or_went(versions, k, recoding, diverse):
    sensitive = {"outcome": (DistinctLDiversity(2),)} if diverse else {}
    policy = RecordPolicy(KNOWN, k, recoding=recoding, sensitive=sensitive, max_suppressed=1.0)
    try:
        release = protect_release(table_of(versions[0]), None, (AREA, AGE), policy, key="key")
    except ProtectionError:
        return
    for records in versions[1:]:
        if not records:
            return
        before, last = release, release.table.to_pylist()
        release = protect_release(table_of(records), before.ledger, (AREA, AGE), policy, key="key")
        published = release.table.to_pylist()
        assert attack(last, published, k) == []
        assert audit_releases([before.table, release.table], (AREA, AGE), KNOWN, k) == ()
        assert broken(published, published, policy) is None
        assert "key" not in release.table.column_names
        keys = release.ledger["key"].to_pylist()
        assert len(published) + release.held == len(records)
        assert len(published) == len(last) + release.added - release.removed
        for key, row in zip(keys, published, strict=True):
            area, age, outcome = records[key]
            assert area in leaves_of(row["area"], AREA) and age in leaves_of(row["age"], AGE) and row["outcome"] == outcome
        shown = {key: (row["area"], row["age"]) for key, row in zip(keys, published, strict=True)}
        for row in before.ledger.to_pylist():
            if row["key"] in shown and records[row["key"]][:2] == versions[0].get(row["key"], ())[:2]:
                assert shown[row["key"]] == (row["area"], row["age"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from(AREA.labels), st.sampled_from(AGE.labels)), max_size=15), min_size=2, max_size=3), st.integers(2, 4))
def test_the_audit_of_anyones_versions_agrees_with_the_attack(versions, k):
    tables = [pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(KNOWN)}) for rows in versions]
    findings = audit_releases(tables, (AREA, AGE), KNOWN, k)
    for step in range(1, len(versions)):
        before, after = ([dict(zip(KNOWN, row, strict=True)) for row in rows] for rows in versions[step - 1 : step + 1])
        ours = sorted(finding.smallest for finding in findings if finding.step == step)
        theirs = attack(before, after, k)
        assert bool(ours) == bool(theirs)
        assert sum(finding.classes for finding in findings if finding.step == step) == len(theirs)
        assert not ours or ours[0] == min(theirs)


def test_who_is_added_to_a_class_alone_waits():
    first = {key: ("a1", "1", "x") for key in range(5)}
    policy = RecordPolicy(KNOWN, 5, recoding="local")
    release = protect_release(table_of(first), None, (AREA, AGE), policy, key="key")
    one_more = protect_release(table_of(first | {9: ("a1", "1", "y")}), release.ledger, (AREA, AGE), policy, key="key")
    assert (one_more.added, one_more.held, one_more.table.num_rows) == (0, 1, 5)
    five_more = protect_release(table_of(first | {9 + i: ("a1", "0", "y") for i in range(5)}), one_more.ledger, (AREA, AGE), policy, key="key")
    assert (five_more.added, five_more.held, five_more.table.num_rows) == (5, 0, 10)


def test_keys_must_tell_records_apart():
    twice = pa.table({"key": [1, 1], "area": ["a1", "a1"], "age": ["1", "1"]})
    with pytest.raises(RecordError, match="'key': 1 records have the key of another"):
        protect_release(twice, None, (AREA, AGE), RecordPolicy(KNOWN, 2), key="key")


def told_of(version, area, age):
    """What an intruder knows of somebody with these values: the sensitive values of all records that may be hers."""
    return {row["outcome"] for row in version if area in leaves_of(row["area"], AREA) and age in leaves_of(row["age"], AGE)}


published_row = st.fixed_dictionaries(
    {"area": st.sampled_from(AREA.labels), "age": st.sampled_from(("0", "1", "2", "0-1", "0-3", "*")), "outcome": st.sampled_from("xyz")}
)


@settings(max_examples=120, deadline=None)
@given(st.lists(published_row, min_size=1, max_size=8), st.lists(published_row, min_size=1, max_size=8))
def test_whoever_is_in_two_versions_keeps_several_values_where_nothing_is_found(before, after):
    tables = [pa.Table.from_pylist(version) for version in (before, after)]
    found = [one for one in audit_releases(tables, [AREA, AGE], KNOWN, 1, {"outcome": 2}) if one.kind == "narrowed"]
    if not found:
        for area in AREA.values:
            for age in AGE.values:
                old, new = told_of(before, area, age), told_of(after, area, age)
                assert not old or not new or len(old & new) >= 2, (area, age)


def test_records_that_are_recoded_anew_narrow_what_is_sensitive():
    """Each version is diverse by itself; whoever knows that she is in a1 and 0 to 1 years old is left with one outcome."""
    by_area = [{"area": "a1", "age": "*", "outcome": outcome} for outcome in "xxxyy"]
    by_age = [{"area": "*", "age": "0-1", "outcome": outcome} for outcome in "xxxzz"]
    tables = [pa.Table.from_pylist(version) for version in (by_area, by_age, [*by_area, *by_age])]
    assert [(one.kind, one.classes, one.smallest) for one in audit_releases(tables[:2], [AREA, AGE], KNOWN, 5, {"outcome": 2})] == [("narrowed", 1, 1)]
    assert audit_releases(tables[:2], [AREA, AGE], KNOWN, 5) == ()
    # What stays as it was leaves everybody what it said of her.
    assert audit_releases([tables[0], tables[2]], [AREA, AGE], KNOWN, 5, {"outcome": 2}) == ()
