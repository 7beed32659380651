"""The list of homicide cases, from outside: what it says of cases, what it never says, and what others make of it."""

import csv
import json
from collections import Counter
from dataclasses import replace

import duckdb
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pytest

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable
from anonymisation.measures import link, measure
from anonymisation.releases import ReleaseRefusedError
from tests.judges import pycanon
from vawg_opendata.microdata import Microdata, RecordTable, beside_last, check_beside, protect_list, published_list
from vawg_opendata.microdata.lists import extend_list, year_blocks
from vawg_opendata.microdata.versions import singled_out
from vawg_opendata.products.female_homicide import CASES, FEMALE_HOMICIDE
from vawg_opendata.reference import load_codelist
from vawg_opendata.sample import generate
from vawg_opendata.sources.landing import read_landing
from vawg_opendata.statistics import build

QUASI = list(CASES.policy.quasi_identifiers)
SENSITIVE = list(CASES.policy.sensitive)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The records of a sample with homicides since 2003."""
    folder = tmp_path_factory.mktemp("cases")
    generate(2_000, 11, folder / "landing", first="2025-12", last="2026-02", street_months=1)
    (folder / "work").mkdir()
    read_landing(folder / "landing", folder / "work")
    return folder / "work"


@pytest.fixture(scope="module")
def made(work) -> Microdata:
    return protect_list(CASES, work / "records")


@pytest.fixture(scope="module")
def women(work):
    """The true cases, in the codes of the list's finest level, with those under legal hold."""
    path = work / "records" / "extract_homicides.parquet"
    return duckdb.sql(
        "SELECT legal_hold, year, (2003 + (year - 2003) // 5 * 5)::INTEGER || '-' || (2007 + (year - 2003) // 5 * 5)::INTEGER AS years, age_group AS age_band, "
        "ethnicity, method AS killing_method, domestic AS domestic_abuse, CASE WHEN stage IN ('no-suspect', 'suspect-not-charged') THEN 'undetected' "
        f"ELSE stage END AS case_status, relationship_group AS relationship, suspect_ethnicity FROM '{path}' WHERE sex = 'female' AND year < 2026"
    ).to_arrow_table()


def test_others_find_the_anonymity_and_diversity_that_are_claimed(made):
    frame = made.tables[0].rows.to_pandas()
    claim = made.tables[0].claim
    assert claim["k"] == 5 and claim["quasiIdentifiers"] == QUASI
    assert pycanon().k_anonymity(frame, QUASI) >= 5
    for name in SENSITIVE:
        assert pycanon().l_diversity(frame, QUASI, [name]) >= claim["sensitive"][name]["l"] == 2
    assert measure(made.tables[0].rows, QUASI, SENSITIVE).k >= 5


def test_somebody_who_knows_every_true_case_singles_nobody_out(made, women):
    """The intruder knows all quasi-identifiers of all cases, and looks for each of them in the list."""
    hierarchies = {}
    for name in QUASI:
        codes = made.codelists[name]
        chains = [codes.ancestors(leaf) for leaf in codes.leaves]
        deepest = max(map(len, chains))
        hierarchies[name] = [(chain[0],) * (deepest - len(chain)) + chain for chain in chains]
    shown = women.filter(pyarrow.compute.invert(women.column("legal_hold")))
    found = link(made.tables[0].rows, shown, QUASI, SENSITIVE, hierarchies)
    assert found.fewest >= 5 and found.singled_out(5) == 0 and found.unmatched == 0
    for name in SENSITIVE:
        assert found.learnt(name) == 0


def test_held_cases_and_years_that_have_begun_are_in_no_row(made, women):
    held = sum(women.column("legal_hold").to_pylist())
    assert held > 0 and made.tables[0].missing["held"] == held
    assert made.tables[0].rows.num_rows + made.tables[0].missing["left_out"] == women.num_rows - held
    assert not any("2026" in code for code in made.codelists["years"].labels["2023-2027"].split("only")[1:])


def test_the_list_has_no_column_that_it_must_not_have(made):
    assert set(made.tables[0].rows.column_names) == {*QUASI, *SENSITIVE}
    years = set(made.tables[0].rows.column("years").to_pylist())
    assert all(made.codelists["years"].level[code] in ("years_5", "years_10", "total") for code in years)


def test_what_the_relationship_tells_is_never_hidden_in_name_only(made):
    """A column that is always told is equal within all rows that look alike, so nothing narrows them further."""
    assert "total" not in made.tables[0].rows.column("domestic_abuse").to_pylist()
    assert "total" not in made.tables[0].rows.column("case_status").to_pylist()


def test_the_same_records_give_the_same_list(made, work):
    assert protect_list(CASES, work / "records").tables[0].rows.equals(made.tables[0].rows)


def test_what_is_kept_in_the_work_folder_is_what_was_made(made, tmp_path):
    made.save(tmp_path / "kept")
    assert Microdata.load(tmp_path / "kept") == made


def test_every_code_is_in_its_list(made):
    for name, codes in made.codelists.items():
        assert set(made.tables[0].rows.column(name).to_pylist()) <= set(codes.codes)


def test_methods_are_counted_as_the_crosswalk_of_the_extract_says():
    ours = {row["code"]: row["method"] for row in load_codelist("case_method").rows if row["method"]}
    tables = load_codelist("method")
    for row in load_codelist("crime_extract/killing_method").rows:
        if row["method"]:
            assert ours[row["code"]] in tables.ancestors(row["method"])


def beside(rows: dict[str, list[str]], published: bool, missing: dict[str, int]) -> None:
    """A list of status beside a table of status in which the two small counts are withheld: 6 solved, 3 unsolved."""
    statuses = Hierarchy("status", ["total", "solved", "unsolved"], "total", {"parent": {"solved": "total", "unsolved": "total"}})
    years = Hierarchy("year", ["total", "2020"], "total", {"parent": {"2020": "total"}})
    table = PublishedTable("t", "m", {"status": ("total", "solved", "unsolved"), "year": ("total", "2020")}, [[9, 9], [6, 6], [3, 3]], [[1, 1], [published] * 2, [published] * 2])
    declared = replace(CASES, measure="m", columns=(CASES.column("case_status"),))
    listed = RecordTable("female_homicide_cases", "crime_extract", pyarrow.table(rows), {}, missing)
    lists = {"case_status": replace(load_codelist("case_status"), name="case_status")}
    check_beside(declared, listed, lists, [table], {"status": statuses, "year": years}, 5)


def test_a_list_that_gives_a_withheld_count_away_is_refused():
    exact = {"case_status": ["convicted"] * 6 + ["undetected"] * 3}
    with pytest.raises(ReleaseRefusedError):
        beside(exact, False, {"held": 0, "left_out": 0})
    beside({"case_status": ["total"] * 9}, False, {"held": 0, "left_out": 0})


def test_a_block_with_one_year_so_far_is_the_block_where_the_table_has_no_years():
    """Series that begin or end within a block: years and blocks can stand for the same; the list has a decade, which no table has."""
    blocks = {"2017": "2013-2017", "2018": "2018-2022", "2019": "2018-2022", "2023": "2023-2027"}
    codes = ["total", *blocks, *dict.fromkeys(blocks.values())]
    years = Hierarchy("year", codes, "total", {"parent": dict.fromkeys(blocks, "total"), "blocks": blocks | dict.fromkeys(blocks.values(), "total")})
    rows = pyarrow.table({"years": ["2013-2017"] * 6 + ["2018-2022"] * 3 + ["2023-2027"] * 8})
    listed = RecordTable("female_homicide_cases", "crime_extract", rows, {}, {"held": 0, "left_out": 0})
    declared, lists = replace(CASES, measure="m", columns=(CASES.column("years"),)), {"years": year_blocks("years", range(2017, 2024))}
    table = PublishedTable("t", "m", {"year": ("total", *dict.fromkeys(blocks.values()))}, [17, 6, 3, 8], [1, 0, 0, 1])
    with pytest.raises(ReleaseRefusedError, match="year=2018-2022"):
        check_beside(declared, listed, lists, [table], {"year": years}, 5)


def test_a_refused_list_does_without_what_it_may_and_then_is_coarser(work):
    asked = []

    def check(table, codelists):
        asked.append((table.claim["k"], "years" in table.rows.column_names))
        if len(asked) < 3:
            raise ReleaseRefusedError("too much", ())

    assert protect_list(CASES, work / "records", check).summary["k"] == 10
    assert asked == [(5, True), (5, False), (10, False)]


def test_the_public_files_give_a_list_without_what_they_lack(tmp_path):
    rows = "[" + ", ".join(f"{{'n': {n}}}" for n in range(60)) + "]"
    (tmp_path / "records").mkdir()
    duckdb.sql(
        f"COPY (SELECT (2015 + r.n % 2)::BIGINT AS year, (2015 + r.n % 2) || '-06' AS month, '25-34' AS age_group, 'female' AS sex, "
        f"['physical-assault-no-weapon', 'shooting'][r.n % 2 + 1] AS method, 'domestic' AS domestic_abuse, 'solved' AS status, 'White' AS ethnicity, "
        f"'2016-12' AS vintage FROM (SELECT unnest({rows}) AS r)) TO '{tmp_path}/records/homicide_victims.parquet'"
    )
    made = protect_list(CASES, tmp_path / "records")
    assert made.summary["source"] == "mps_homicide" and "relationship" not in made.tables[0].rows.column_names
    assert Counter(made.tables[0].rows.column("killing_method").to_pylist()) == {"bodily-not-told-apart": 30, "shooting": 30}
    assert made.tables[0].claim["sensitive"] == {}


def published(tmp_path, made: Microdata) -> Microdata:
    """The list as it is in a version that has it, as much of that as the next one looks at."""
    table = made.tables[0]
    for folder in ("data", "codelists"):
        (tmp_path / folder).mkdir()
    pyarrow.csv.write_csv(table.rows, tmp_path / "data" / "cases.csv")
    keys, lists = [], []
    for name, codes in made.codelists.items():
        with (tmp_path / "codelists" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, codes.columns)
            writer.writeheader()
            writer.writerows(codes.rows)
        keys.append({"fields": [name], "reference": {"resource": name, "fields": ["code"]}})
        lists.append({"name": name, "description": f"{codes.title}. Children add up to their parent."})
    resource = {"name": table.name, "path": "data/cases.csv", "records": table.claim, "sources": [{"name": table.source}], "schema": {"foreignKeys": keys}}
    (tmp_path / "datapackage.json").write_text(json.dumps({"version": "1.0.0", "resources": [resource, *lists]}))
    return published_list(table.name, tmp_path)


def with_rows(made: Microdata, rows) -> Microdata:
    return replace(made, tables=(replace(made.tables[0], rows=rows),))


def passes(table, codelists):
    """A check of a list that nothing stands beside."""


def never(check):
    raise AssertionError("nothing asks for a list to be made again")


def refuses(rows):
    """A check that one list does not pass."""

    def check(table, codelists):
        if table.rows.equals(rows):
            raise ReleaseRefusedError("what this list tells is withheld in the tables", [])

    return check


def test_a_list_in_a_package_is_read_as_it_was_made(made, tmp_path):
    last = published(tmp_path, made)
    assert last.tables[0].rows.equals(made.tables[0].rows) and last.tables[0].claim == made.tables[0].claim
    assert last.tables[0].name == made.tables[0].name == "female_homicide_cases"
    assert {name: codes.rows for name, codes in last.codelists.items()} == {name: codes.rows for name, codes in made.codelists.items()}
    # Words of the lists stay, too: else each version with a list that stays would be said to change them.
    assert {name: codes.title for name, codes in last.codelists.items()} == {name: codes.title for name, codes in made.codelists.items()}
    assert published_list("another", tmp_path) is None and published_list("another", None) is None


def test_a_version_that_would_single_out_one_new_case_keeps_the_list_of_the_last(made, tmp_path):
    rows = made.tables[0].rows
    last = published(tmp_path, made)
    one_more = with_rows(made, pyarrow.concat_tables([rows, rows.slice(0, 1)]))
    assert beside_last(one_more, last, passes, never) is last
    assert beside_last(made, last, passes, never) is made
    assert beside_last(one_more, None, passes, never) is one_more
    # A version in which no form of the list may be published has the last one, as long as that may.
    assert beside_last(None, last, passes, never) is last and beside_last(None, None, passes, never) is None


def test_enough_new_cases_of_a_kind_come_in(made, tmp_path):
    rows = made.tables[0].rows
    more = with_rows(made, pyarrow.concat_tables([rows, *[rows.slice(0, 1)] * 5]))
    assert beside_last(more, published(tmp_path, made), passes, never) is more


@pytest.fixture(scope="module")
def earlier(work, tmp_path_factory):
    """By year, the list as it was made when the records went to the end of that year, without years; and the folder of these records."""
    made = {}
    for year in (2010, 2023):
        folder = tmp_path_factory.mktemp(f"until-{year}")
        source = work / "records" / "extract_homicides.parquet"
        duckdb.sql(f"COPY (SELECT * REPLACE ('{year}-12' AS vintage) FROM '{source}' WHERE year <= {year}) TO '{folder}/extract_homicides.parquet'")
        made[year] = protect_list(WITHOUT_YEARS, folder)
    return made


WITHOUT_YEARS = replace(CASES, columns=tuple(column for column in CASES.columns if column.name != "years"))


def told_of(made, women):
    """By true case, the values of each sensitive column that its row of the list may have."""
    table, known = made.tables[0].rows.to_pylist(), [name for name in QUASI if name in made.tables[0].rows.column_names]
    classes: dict[tuple[str, ...], list[set[str]]] = {}
    for row in table:
        for values, name in zip(classes.setdefault(tuple(row[name] for name in known), [set() for _ in SENSITIVE]), SENSITIVE, strict=True):
            values.add(row[name])
    above = {name: {leaf: set(made.codelists[name].ancestors(leaf)) for leaf in made.codelists[name].leaves} for name in known}
    found = []
    for woman in women:
        fitting = [values for codes, values in classes.items() if all(code in above[name][woman[name]] for name, code in zip(known, codes, strict=True))]
        found.append([set().union(*(values[place] for values in fitting)) for place in range(len(SENSITIVE))])
    return found


def learnt(one, other, women):
    """How many sensitive values of women who are in both versions are left alone when both are held."""
    both = zip(told_of(one, women), told_of(other, women), strict=True)
    return sum(len(old & new) == 1 for olds, news in both for old, new in zip(olds, news, strict=True) if old and new)


def test_a_list_made_anew_is_refused_where_two_versions_together_tell_what_each_hides(work, women, earlier):
    made = protect_list(WITHOUT_YEARS, work / "records")
    before = [woman for woman in women.to_pylist() if woman["year"] <= 2010 and not woman["legal_hold"]]
    assert learnt(earlier[2010], made, before) > 0 == learnt(made, made, before)
    assert singled_out(earlier[2010].tables[0].rows, made.tables[0].rows, made.codelists, made.tables[0].claim)


def test_a_list_is_extended_by_the_cases_of_later_years_and_tells_nothing_anew_of_others(work, women, earlier, tmp_path):
    last = earlier[2023]
    longer = extend_list(WITHOUT_YEARS, work / "records", last, 2023, passes)
    old, new = (Counter(map(json.dumps, one.tables[0].rows.to_pylist())) for one in (last, longer))
    assert old <= new and 5 <= (new - old).total() == longer.summary["added"] <= 60
    assert longer.tables[0].claim["years"] == {"first": 2003, "last": 2025} and longer.tables[0].missing is None
    assert longer.tables[0].rows.equals(longer.tables[0].rows.sort_by([(name, "ascending") for name in longer.tables[0].rows.column_names]))
    added = pyarrow.Table.from_pylist(list(map(json.loads, (new - old).elements())))
    known = [name for name in QUASI if name != "years"]
    assert measure(added, known, SENSITIVE).k >= 5 and all(measure(added, known, SENSITIVE).sensitive[name].l >= 2 for name in SENSITIVE)
    before = [woman for woman in women.to_pylist() if woman["year"] <= 2023 and not woman["legal_hold"]]
    assert learnt(last, longer, before) == 0 and len(before) > 400
    assert not singled_out(last.tables[0].rows, longer.tables[0].rows, longer.codelists, longer.tables[0].claim)
    # It is what follows, as long as it passes beside the tables; then the last one, as it was.
    read = published(tmp_path, last)
    made = protect_list(WITHOUT_YEARS, work / "records")
    again = [beside_last(made, read, check, never, None, lambda both: extend_list(WITHOUT_YEARS, work / "records", read, 2023, both)) for check in (passes, refuses(longer.tables[0].rows))]
    assert again[0].tables[0].rows.equals(longer.tables[0].rows) and again[1] is read
    # Of another source nobody knows whose cases the list has.
    other = replace(last, tables=(replace(last.tables[0], source="mps_homicide"),))
    assert extend_list(WITHOUT_YEARS, work / "records", other, 2023, passes) is None
    assert extend_list(WITHOUT_YEARS, work / "records", last, 2025, passes) is None


def test_a_list_after_a_withdrawn_one_is_compared_with_that_too(made, tmp_path):
    rows = made.tables[0].rows
    (tmp_path / "last").mkdir()
    last, one_more = published(tmp_path / "last", made), with_rows(made, pyarrow.concat_tables([rows, rows.slice(0, 1)]))
    enough = with_rows(made, pyarrow.concat_tables([rows, *[rows.slice(0, 1)] * 5]))
    assert beside_last(enough, last, passes, never) is enough
    assert beside_last(enough, last, passes, never, one_more) is last
    # Where readers have none any more, but had one, the new one must not single out who is new since.
    assert beside_last(one_more, None, passes, lambda check: None, made) is None
    assert beside_last(enough, None, passes, never, made) is enough


def test_a_list_that_stayed_is_made_anew_where_it_gives_away_what_the_new_tables_withhold(made, tmp_path):
    """It must pass the check, and comparing it with the last one must single nobody out; where no form does both there is none."""
    rows = made.tables[0].rows
    last = published(tmp_path, made)
    one_more = with_rows(made, pyarrow.concat_tables([rows, rows.slice(0, 1)]))
    enough = with_rows(made, pyarrow.concat_tables([rows, *[rows.slice(0, 1)] * 5]))

    def again(*forms):
        def make(check):
            for form in forms:
                try:
                    check(form.tables[0], form.codelists)
                    return form
                except ReleaseRefusedError as error:
                    refusal = error
            raise refusal

        return make

    assert beside_last(one_more, last, refuses(rows), again(one_more, last, enough)) is enough
    assert beside_last(one_more, last, refuses(rows), again(one_more, last)) is None


def test_a_list_that_stayed_is_judged_beside_the_new_tables(made, tmp_path):
    """The last list tells the status of 9 cases, 3 of them unsolved; how many cases have come since, the tables tell."""
    years = Hierarchy("year", ["total", "2020"], "total", {"parent": {"2020": "total"}})
    statuses = Hierarchy("status", ["total", "solved", "unsolved"], "total", {"parent": {"solved": "total", "unsolved": "total"}})
    lists = {"case_status": replace(load_codelist("case_status"), name="case_status")}
    declared = replace(CASES, measure="m", columns=(CASES.column("case_status"),))

    def told(solved, unsolved, tell_solved=False):
        listed = RecordTable("l", "s", pyarrow.table({"case_status": ["convicted"] * 6 + ["undetected"] * 3}), {}, None)
        total = solved + unsolved
        shown = [[1, 1], [tell_solved] * 2, [0, 0]]
        table = PublishedTable("t", "m", {"status": ("total", "solved", "unsolved"), "year": ("total", "2020")}, [[total] * 2, [solved] * 2, [unsolved] * 2], shown)
        check_beside(declared, listed, lists, [table], {"status": statuses, "year": years}, 5)

    told(11, 3)  # from 3 to 8
    with pytest.raises(ReleaseRefusedError):
        told(9, 3)  # from 3 to 6
    with pytest.raises(InconsistentTablesError):
        told(5, 9, tell_solved=True)  # the list has more that are solved


def test_a_held_case_counts_in_totals_and_under_no_category(work, women, tmp_path):
    statistics = build(FEMALE_HOMICIDE, work / "records", tmp_path)
    held = sum(women.column("legal_hold").to_pylist())
    for table in statistics.counts.values():
        dimension = next(name for name in table.axes if name != "year")
        by_code = dict(zip(table.axes[dimension], table.counts.take(table.axes["year"].index("total"), axis=list(table.axes).index("year")), strict=True))
        assert by_code["legal-hold"] == held and by_code["total"] == women.num_rows
