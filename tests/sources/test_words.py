"""Words and months: what they turn into, whatever the writing, and what they never turn into."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vawg_opendata.reference import fold
from vawg_opendata.sources.tabular import connect
from vawg_opendata.sources.words import LISTED, count_sql, month, translate, unknown

TODAY = datetime.date(2026, 11, 21)
MONTHS = st.dates(datetime.date(2000, 1, 1), TODAY)


@given(
    date=MONTHS,
    form=st.sampled_from(["%Y-%m", "%Y-%m-01", "%Y-%m-01 00:00:00", "%Y-%m-01T00:00:00", "%b %Y", "%b-%y", "%B %Y", "%B-%Y", " %b %Y "]),
)
def test_a_month_in_every_writing_the_publishers_use(date, form):
    text = date.strftime(form)
    for written in (text, text.upper(), text.lower()):
        assert month(written, TODAY) == date.strftime("%Y-%m") or (written != text and "T" in form)


@given(text=st.text(max_size=20))
def test_any_text_gives_a_month_of_the_past_or_none(text):
    result = month(text, TODAY)
    assert result is None or (datetime.date.fromisoformat(result + "-01") <= TODAY and any(character.isdigit() for character in text))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2021",
        "2021-13",
        "2021-00",
        "2021-02-30",
        "2021-02-01 12:00:00",
        "Feb",
        "Febr 2021",
        "13 2021",
        "Feb 021",
        "1/2/2021",
        "Jan 2999",
        "Dec 2026",
        "2026-12",
        "0000-01",
        "２021-01x",
    ],
)
def test_no_month_is_guessed(text):
    assert month(text, TODAY) is None


def test_the_misspelling_of_the_real_file_is_known():
    assert month("Febraury 2021", TODAY) == "2021-02"


@given(text=st.text(max_size=30))
def test_folding_is_stable_and_leaves_letters_and_digits_only(text):
    once = fold(text)
    assert fold(once) == once and all(character.isalnum() for character in once)


@given(
    words=st.lists(st.text(st.characters(categories=("Ll", "Nd"), max_codepoint=127), min_size=1), min_size=1, max_size=5), data=st.data()
)
def test_folding_ignores_case_spaces_dashes_and_full_stops_and_nothing_else(words, data):
    mark = data.draw(st.sampled_from([" ", "  ", "-", " - ", "–", ".", ""]))
    assert fold(mark.join(words).upper() + ".") == fold(" ".join(words)) == "".join(words)
    assert fold("x".join(words)) != fold("y".join(words)) or len(words) == 1


def test_an_ampersand_is_the_word_and():
    assert fold("Barking & Dagenham") == fold("BARKING AND DAGENHAM ") != fold("Barking Dagenham")


@given(number=st.integers(0, 999_999_999), tail=st.sampled_from(["", ".0", ".00", " "]))
def test_whole_numbers_are_counts(number, tail):
    with connect() as connection:
        assert connection.execute(f"SELECT {count_sql('text')} FROM (SELECT ? AS text)", [f"{number}{tail}"]).fetchall() == [(number,)]


@pytest.mark.parametrize("text", ["", " ", "-1", "1.5", "1e3", "1,000", "one", "1 2", "nan", "9" * 20, "9" * 19, "1000000000", "0x1"])
def test_nothing_else_is_a_count(text):
    with connect() as connection:
        assert connection.execute(f"SELECT {count_sql('text')} FROM (SELECT ? AS text)", [text]).fetchall() == [(None,)]


def test_many_unknown_words_are_summed_up():
    with connect() as connection:
        connection.execute(
            "CREATE TEMP VIEW staged AS SELECT 'f' AS source_file, '' AS part, i + 1 AS source_row, 'w' || (i // 2) AS word FROM range(300) t(i)"
        )
        translate(connection, ["word"], "words", lambda word: "code" if word == "w7" else None)
        problems = unknown(connection, "s", ["word"], "words", "Word", "Mend it.")
    assert len(problems) == LISTED + 1
    assert sum(problem.rows for problem in problems) == 298 and all(problem.blocking for problem in problems)
    assert f"{149 - LISTED} more values" in problems[-1].message
