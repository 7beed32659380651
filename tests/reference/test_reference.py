"""The loader of code lists, and every list and crosswalk of the folder by the rules of the contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vawg_opendata import reference
from vawg_opendata.reference import COLUMNS, FOLDER, CodeList, CodeListError, fold, index, load_codelist, load_crosswalk, load_mapping, slug

FILES = {path.relative_to(FOLDER).with_suffix("").as_posix(): path for path in sorted(FOLDER.rglob("*.csv"))}
HEADERS = {name: path.read_text(encoding="utf-8").splitlines()[0].split(",") for name, path in FILES.items()}
CODELISTS = [name for name, header in HEADERS.items() if tuple(header[:5]) == COLUMNS]


def codelist(*rows: str) -> CodeList:
    """A list from lines `code level parent [second parent]`, `-` for none."""
    columns = [*COLUMNS, "parent_second"]
    parsed = []
    for number, row in enumerate(rows):
        code, level, parent, *second = [word.strip("-") if word == "-" else word for word in row.split()]
        parsed.append(dict(zip(columns, [code, code.title(), level, parent, str(number), *(second or [""])], strict=True)))
    return CodeList("test", "A test", tuple(parsed))


TREE = codelist(
    "all total - -", "a branch all -", "a1 leaf a x", "a2 leaf a y", "b branch all -", "b1 leaf b y", "x other - all", "y other - all"
)


def test_every_file_is_in_the_index_with_its_source_and_licence():
    assert set(index()) == set(HEADERS) - {"index"}
    for name, row in index().items():
        assert list(row) == ["file", "title", "source", "url_or_document", "licence", "note"]
        assert all(row[column] for column in ("file", "title", "source", "url_or_document", "licence")), name


@pytest.mark.parametrize("name", CODELISTS)
def test_every_code_list_keeps_the_contract(name):
    listed = load_codelist(name)
    assert listed.columns[:5] == COLUMNS and listed.title
    assert [int(row["sort_order"]) for row in listed.rows] == sorted(int(row["sort_order"]) for row in listed.rows)
    assert all(row["code"] == row["code"].strip() and row["label"].strip() and row["level"] for row in listed.rows)
    assert listed.rows[0]["level"] == "total"
    for column, parents in listed.parents.items():
        for leaf in listed.leaves:
            if listed.total in parents.values():
                assert listed.ancestors(leaf, column)[-1] == listed.total


@pytest.mark.parametrize("name", CODELISTS)
def test_restricting_a_list_to_one_of_its_levels_is_possible_or_refused_never_wrong(name):
    listed = load_codelist(name)
    for level in set(listed.level.values()) - {"total"}:
        try:
            restricted = listed.at_levels(level)
        except ValueError as error:
            assert "would not add up" in str(error)
            continue
        for leaf in listed.leaves:  # each leaf counts towards exactly one code of the level, in each hierarchy kept
            for column in restricted.parents:
                if restricted.parents[column]:
                    assert (
                        len([code for code in listed.ancestors(leaf, column) if code in restricted.level and listed.level[code] == level])
                        == 1
                    )


def test_a_list_says_what_its_rows_say():
    assert TREE.total == "all" and TREE.leaves == ("a1", "a2", "b1")
    assert TREE.parents == {
        "parent": {"a": "all", "a1": "a", "a2": "a", "b": "all", "b1": "b"},
        "parent_second": {"a1": "x", "a2": "y", "b1": "y", "x": "all", "y": "all"},
    }
    assert TREE.ancestors("a1") == ("a1", "a", "all") and TREE.ancestors("a1", "parent_second") == ("a1", "x", "all")
    assert TREE.labels["a1"] == "A1" and TREE.level["x"] == "other"
    assert set(TREE.closure) >= {("a1", "all"), ("a1", "a"), ("a1", "x"), ("a1", "a1"), ("x", "all")}
    assert len(set(TREE.closure)) == len(TREE.closure)
    with pytest.raises(KeyError):
        TREE.ancestors("nowhere")


def test_levels_can_be_left_out():
    flat = TREE.at_levels("leaf")
    assert flat.codes == ("all", "a1", "a2", "b1") and flat.parents == {
        "parent": dict.fromkeys(("a1", "a2", "b1"), "all"),
        "parent_second": dict.fromkeys(("a1", "a2", "b1"), "all"),
    }
    high = TREE.at_levels("branch")
    assert high.codes == ("all", "a", "b") and "parent_second" not in high.columns
    assert TREE.at_levels("other").parents["parent_second"] == {"x": "all", "y": "all"}
    with pytest.raises(ValueError, match="no level wards"):
        TREE.at_levels("wards")


def test_leaving_out_a_part_of_the_total_is_refused():
    ragged = codelist("all total -", "a branch all", "a1 leaf a", "b other all")
    with pytest.raises(ValueError, match=r"'b'.*would not add up"):
        ragged.at_levels("leaf")
    assert ragged.at_levels("leaf", "other").codes == ("all", "a1", "b")


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (["a leaf -"], "exactly one code must have level total"),
        (["all total -", "every total -"], "exactly one code must have level total"),
        (["all total -", "a leaf all", "a leaf all"], "twice"),
        (["all total -", "a leaf nowhere"], "not a code of the list"),
        (["all total -", "a leaf b", "b leaf a"], "circle"),
        (["all total -", "a leaf a"], "circle"),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused(rows, rule):
    with pytest.raises(CodeListError, match=rule):
        codelist(*rows)


@pytest.mark.parametrize(
    "rows", [["lost leaf - -"], ["lost leaf - x", "x other - all"], ["lost leaf all -", "a leaf all x", "x other - all"]]
)
def test_a_list_whose_leaves_do_not_all_reach_the_root_is_refused(rows):
    reference.require_whole(TREE)
    with pytest.raises(CodeListError, match="'lost' does not lead to the root"):
        reference.require_whole(codelist("all total - -", "b leaf all " + ("x" if len(rows) > 1 else "-"), *rows))


def test_a_crosswalk_must_not_give_two_values_to_one_key():
    assert load_mapping("month_words", "word", "month")["Febraury"] == "02"
    with pytest.raises(CodeListError, match="to both"):
        load_mapping("offence_labels", "crimsec_group", "code")


def test_what_is_not_there_is_said():
    with pytest.raises(FileNotFoundError):
        load_codelist("nothing_of_that_name")
    with pytest.raises(FileNotFoundError):
        load_crosswalk("nothing_of_that_name")


@given(st.text(max_size=40))
def test_a_slug_is_a_plain_code_and_stays_itself(text):
    once = slug(text)
    assert slug(once) == once and all(character in "abcdefghijklmnopqrstuvwxyz0123456789-" for character in once)


def test_labels_of_one_list_can_be_told_apart_when_folded():
    for name in CODELISTS:
        listed = load_codelist(name)
        seen = {}
        for row in listed.rows:
            key = (row["level"], tuple(row[column] for column in listed.parents), fold(row["label"]))
            assert key not in seen, f"{name}: {row['code']} and {seen.get(key)}"
            seen[key] = row["code"]
