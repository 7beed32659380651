"""The command `measure`, run as a statistician runs it."""

import json

from anonymisation.__main__ import main
from anonymisation.measures import measure
from tests.paths import shared


def test_it_prints_the_measures_of_a_file_as_json(capfd):
    path = shared("cases", "records", "adult", "adult_k3_anonymized_l2.csv")
    names = (["age", "education", "occupation", "relationship", "sex", "native-country"], ["salary-class"])
    assert main(["measure", str(path), "--quasi-identifiers", ",".join(names[0]), "--sensitive", *names[1]]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert printed == measure(path, *names).plain()
    assert (printed["k"], printed["worst"]["l"], printed["worst"]["t"]) == (3, 2, 0.4948037676609105)


def test_a_population_is_taken_and_each_file_has_its_own_separator(tmp_path, capfd):
    (tmp_path / "in.csv").write_text("x;y;s\na;1;p\na;1;q\n")
    (tmp_path / "all.csv").write_text("x,y\n" + "a,1\n" * 8)
    options = ["--quasi-identifiers", "x,y", "--population", str(tmp_path / "all.csv")]
    assert main(["measure", str(tmp_path / "in.csv"), *options]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert (printed["k"], printed["worst"], printed["journalist"]["k"], printed["marketer"]) == (2, None, 8, 0.125)


def test_what_cannot_be_used_is_said_with_status_2(tmp_path, capfd):
    (tmp_path / "in.csv").write_text("x\na\n")
    for name, options, words in (
        ("in.csv", ["--quasi-identifiers", "q"], "no column 'q'"),
        ("in.csv", ["--quasi-identifiers", ","], "no quasi-identifier"),
        ("none.csv", ["--quasi-identifiers", "x"], "no such file"),
    ):
        assert main(["measure", str(tmp_path / name), *options]) == 2
        printed = capfd.readouterr()
        assert words in printed.err and not printed.out
