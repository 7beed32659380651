"""The risk appetite: the presets that come with the library, and errors that say where a file is wrong and what to do."""

import pytest

from anonymisation import AnonymisationError, Policy
from anonymisation.appetite import BUILT_IN, KINDS, AppetiteError, load_appetite, preset
from anonymisation.perturbation import CellKey, Nhs, Rounding, TenFive
from anonymisation.primary import GroupDisclosure, Singletons

GOOD = "presets:\n  mine:\n    title: Words\n    kind: suppression\n    threshold: 7\n"


def write(tmp_path, text: str):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_presets_that_come_with_the_library():
    policies = {name: entry.policy for name, entry in load_appetite().items()}
    assert policies["datastore-public"] == Policy(threshold=5, guarantee="contract")
    assert policies["safestats-partner"] == Policy(threshold=3, guarantee="contract")
    assert policies["ons-10-5"] == TenFive("contract") and policies["ons-10-5-as-stated"] == TenFive("none")
    assert policies["nhs-1-7"] == Nhs("contract") and policies["nhs-1-7-as-stated"] == Nhs("none")
    assert policies["rounding-3"] == Rounding(3) and policies["rounding-5"] == Rounding(5)
    assert policies["census-cell-key"] == CellKey(5, 3.0, 2)
    assert policies["tau-argus-comparison"].reader == "non-negative"
    assert {type(policy) for policy in policies.values()} == set(KINDS.values())


def test_the_file_explains_every_kind_and_every_parameter():
    comments = "\n".join(line for line in BUILT_IN.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    for kind, policy in KINDS.items():
        assert f"kind: {kind}" in comments
        for parameter in policy.__dataclass_fields__:
            assert f"#       {parameter} " in comments, parameter


def test_an_own_file_is_read(tmp_path):
    assert preset("mine", write(tmp_path, GOOD)).policy == Policy(threshold=7)


def test_further_rules_are_read(tmp_path):
    text = GOOD + "    zeros: available\n    rules:\n      - singletons\n      - group_disclosure: age\n"
    policy = preset("mine", write(tmp_path, text)).policy
    assert policy == Policy(7, zeros="available", rules=(Singletons(), GroupDisclosure("age")))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("threshold", "treshold"), 5, "unknown key 'treshold'; did you mean 'threshold'?"),
        (GOOD + "    base: 5\n", 6, "unknown key 'base'; it knows"),
        (GOOD.replace("suppression", "supression"), 3, "unknown kind 'supression'; give one of suppression, rounding"),
        (GOOD.replace("7", "seven"), 5, "threshold must be a whole number, not 'seven'"),
        (GOOD.replace("7", "true"), 5, "threshold must be a whole number, not 'true'"),
        (GOOD.replace("7", "[1, 2]"), 5, "threshold must be one value"),
        (GOOD.replace("7", "1"), 3, "give 2 or more"),
        (GOOD + "    guarantee: best\n", 3, "give one of exact, interval, contract"),
        (GOOD.replace("    title: Words\n", ""), 3, "lacks 'title'"),
        (GOOD + "    threshold: 8\n", 6, "'threshold' twice"),
        (GOOD + "  mine:\n    title: x\n    kind: nhs\n", 6, "'mine' twice"),
        (GOOD + "    rules: singletons\n", 6, "rules must be a list"),
        (GOOD + "    rules:\n      - singeltons\n", 7, "unknown rule 'singeltons'; give singletons or"),
        (GOOD + "    rules:\n      - group: age\n", 7, "unknown key 'group'; it knows group_disclosure"),
        (GOOD + "    rules:\n      - group_disclosure: age\n", 3, "give 'available'"),
        (GOOD + "other: 1\n", 6, "unknown key 'other'"),
        ("- a\n", 1, "must be keys with values"),
        ("presets:\n  mine: 3\n", 2, "must be keys with values"),
        ("presets: [\n", 2, "is not YAML"),
        ("presets:\n  r:\n    title: x\n    kind: rounding\n    base: 4\n", 3, "give 3 or 5"),
        ("presets:\n  k:\n    title: x\n    kind: cell_key\n    maximum: 2\n    smallest: 2\n", 3, "below the maximum"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_what_to_do(tmp_path, text, line, words):
    with pytest.raises(AppetiteError) as caught:
        load_appetite(write(tmp_path, text))
    assert str(caught.value).startswith(f"own.yaml, line {line}: ") and words in str(caught.value)
    assert isinstance(caught.value, AnonymisationError)


def test_files_that_cannot_be_read_and_presets_that_are_not_there(tmp_path):
    with pytest.raises(AppetiteError, match="cannot be read"):
        load_appetite(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"presets: \xe9\n")
    with pytest.raises(AppetiteError, match="not UTF-8"):
        load_appetite(tmp_path / "latin.yaml")
    with pytest.raises(AppetiteError, match="must be keys"):
        load_appetite(write(tmp_path, ""))
    with pytest.raises(AppetiteError, match="no preset 'mine'; there are datastore-public, "):
        preset("mine")
    tagged = tmp_path / "tagged.yaml"
    tagged.write_text("presets:\n  a:\n    title: !!python/name:os.system x\n    kind: nhs\n", encoding="utf-8")
    with pytest.raises(AppetiteError, match="line 3"):
        load_appetite(tagged)
