"""Random hierarchies, records and policies for the property tests."""

import hypothesis.strategies as st

from anonymisation.records import (
    DistinctLDiversity,
    EntropyLDiversity,
    RecordHierarchy,
    RecordPolicy,
    RecursiveLDiversity,
    TCloseness,
)

SENSITIVE = "outcome"


@st.composite
def hierarchies(draw, name, most_values=6, most_levels=3):
    """Values joined at random, level by level, up to one."""
    size = draw(st.integers(1, most_values))
    levels = [list(range(size))]
    for _ in range(draw(st.integers(0, most_levels - 1))):
        groups = max(levels[-1]) + 1
        joined = draw(st.lists(st.integers(0, max(groups - 1, 0)), min_size=groups, max_size=groups))
        numbered = {group: i for i, group in enumerate(dict.fromkeys(joined[group] for group in levels[-1]))}
        levels.append([numbered[joined[group]] for group in levels[-1]])
    rows = []
    for leaf in range(size):
        rows.append([f"v{leaf}", *(f"{name}{number}-{level[leaf]}" for number, level in enumerate(levels[1:], 1))])
    return RecordHierarchy.from_rows(name, rows)


@st.composite
def cases(draw, most_records=40, models=True, recodings=("global", "local")):
    """Hierarchies, records as a list of dicts, and a policy for them."""
    names = [f"q{i}" for i in range(draw(st.integers(1, 3)))]
    found = [draw(hierarchies(name)) for name in names]
    blank = draw(st.booleans())
    row = st.fixed_dictionaries(
        {h.name: st.sampled_from((*h.values, None) if blank else h.values) for h in found} | {SENSITIVE: st.sampled_from("abc")}
    )
    rows = draw(st.lists(row, min_size=1, max_size=most_records))
    rows = [{**one, "number": i} for i, one in enumerate(rows)]
    declared = draw(st.lists(model(), max_size=2)) if models else []
    recoding = draw(st.sampled_from(recodings))
    policy = RecordPolicy(
        tuple(names),
        k=draw(st.integers(2, 5)),
        sensitive={SENSITIVE: tuple(declared)} if declared else {},
        max_suppressed=draw(st.sampled_from([0.0, 0.1, 0.4, 1.0])),
        recoding=recoding,
        suppressed=draw(st.sampled_from(["top", "removed", "recoded"] if recoding == "global" else ["top", "removed"])),
        loss="granularity" if recoding == "local" else draw(st.sampled_from(["granularity", "entropy", "discernibility", "class-size"])),
        importance={names[0]: draw(st.sampled_from([0.25, 1.0, 4.0]))},
    )
    return found, rows, policy


def model():
    letters = RecordHierarchy.from_rows(SENSITIVE, [("a", "x", "*"), ("b", "x", "*"), ("c", "y", "*")])
    return st.one_of(
        st.builds(DistinctLDiversity, st.integers(1, 3)),
        st.builds(EntropyLDiversity, st.sampled_from([1.5, 2.0, 2.5])),
        st.builds(RecursiveLDiversity, st.sampled_from([0.7, 1.0, 2.0]), st.integers(1, 3)),
        st.builds(TCloseness, st.sampled_from([0.1, 0.3, 0.6])),
        st.builds(TCloseness, st.sampled_from([0.1, 0.3, 0.6]), st.just(("a", "b", "c"))),
        st.builds(TCloseness, st.sampled_from([0.1, 0.3, 0.6]), st.none(), st.just(letters)),
    )
