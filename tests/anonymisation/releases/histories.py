"""Histories of releases: records that are added, taken away, coded anew, and months that pass.

Belongs here: making the tables of a history.  Does not belong here: tests.
"""

from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy
from tests.anonymisation.systems import flat, months, table

State = tuple[list[CountTable], dict[str, Hierarchy]]


@st.composite
def histories(draw: st.DrawFn, most: int = 4) -> list[State]:
    """Two to ``most`` states of one set of records: by area (two levels) and month, by offence and month, both, or by both of a year."""
    wards = draw(st.integers(1, 3))
    area = Hierarchy(
        "area",
        ["total", "A", "B", *(f"{b}{i}" for b in "AB" for i in range(wards))],
        "total",
        {"parent": {"A": "total", "B": "total"} | {f"{b}{i}": b for b in "AB" for i in range(wards)}},
    )
    offences = ["x", "y", "z"]
    names = draw(st.lists(st.sampled_from(["by_area", "by_offence", "by_borough", "by_year"]), min_size=1, max_size=3, unique=True))
    covered = draw(st.integers(2, 4))
    records: list[dict[str, str]] = []
    states = []
    for number in range(draw(st.integers(2, most))):
        if number:
            covered += draw(st.integers(0, 2))
            if draw(st.integers(0, 4)) == 0 and "w" not in offences:
                offences = [*offences, "w"]
        hierarchies = {"area": area, "offence": flat("offence", *offences), "month": months(covered)}
        leaf = st.fixed_dictionaries({d: st.sampled_from(h.leaves) for d, h in hierarchies.items()})
        size = 10 if not number else 3
        records = records + [r for r, n in draw(st.lists(st.tuples(leaf, st.integers(1, 9)), max_size=size)) for _ in range(n)]
        for place in draw(st.lists(st.integers(0, 200), max_size=2)) if number and records else []:
            place %= len(records)
            if draw(st.booleans()):
                records = records[:place] + records[place + 1 :]
            else:
                records = records[:place] + [records[place] | draw(leaf)] + records[place + 1 :]
            if not records:
                break
        shapes = {
            "by_area": {"area": area.codes, "month": hierarchies["month"].codes},
            "by_offence": {"offence": hierarchies["offence"].codes, "month": hierarchies["month"].codes},
            "by_borough": {"area": ("total", "A", "B"), "offence": hierarchies["offence"].codes, "month": hierarchies["month"].codes},
            "by_year": {"area": ("total", "A", "B"), "offence": hierarchies["offence"].codes, "month": ("FY2023",)},
        }
        states.append(([table(name, hierarchies, shapes[name], records) for name in names], hierarchies))
    return states
