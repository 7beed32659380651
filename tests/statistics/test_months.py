"""A month more, a month revised, a month taken away: what is merged from what is kept is, byte for byte, what is made from nothing."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.sources.samples import CITY, CRIME, STREET, csv_bytes, put
from vawg_opendata import flow
from vawg_opendata.settings import Settings

MONTHS = ("2022-12", "2023-01", "2023-03", "2023-04")
NAMES = ("violence-and-sexual-offences",)
PLACES = ("E01000001", "E01000002", "")
KINDS = ("Violence and sexual offences", "Drugs")

VIOLENCE, DRUGS = ((PLACES[0], kind) for kind in KINDS)

crimes = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(KINDS)), max_size=4)
deliveries = st.fixed_dictionaries({month: crimes for month in MONTHS}).filter(lambda delivery: any(delivery.values()))


def deliver(landing: Path, delivery) -> None:
    """The landing folder as it is with a delivery: files of other months gone, those that stay as they were not touched."""
    for month in MONTHS:
        path = landing / "police_uk" / month / f"{month}-city-of-london-street.csv"
        rows = [CRIME | {"Month": month, "Falls within": CITY, "LSOA code": place, "Crime type": kind} for place, kind in delivery.get(month, [])]
        if not rows:
            shutil.rmtree(path.parent, ignore_errors=True)
        elif not path.is_file() or path.read_bytes() != csv_bytes(STREET, rows):
            put(landing, str(path.relative_to(landing)), csv_bytes(STREET, rows))


def made(landing: Path, work: Path) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """The months that were read, and all that a run leaves up to the statistics: every file but the index, which tells times."""
    run = Settings(landing=landing, work=work, published=work.with_name("published"), products=NAMES)
    read = flow.read_records(run).read["police_uk"]
    checks = flow.judge_records(run)
    for product in flow.chosen_products(run):
        flow.count(run, product)
    files = {str(path.relative_to(work)): path.read_bytes() for path in sorted((work / "statistics").rglob("*")) if path.is_file()}
    return read, files | {name: (work / name).read_bytes() for name in ("accounting.json", "inputs.json", "digests.json")} | {"checks": repr(checks).encode()}


@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate])  # histories are short enough to read as they are
@example(  # a month arrives; one is revised, to another count and to none of the kind; one is taken away
    [
        {"2022-12": [VIOLENCE], "2023-01": [VIOLENCE], "2023-03": [VIOLENCE]},
        {"2022-12": [VIOLENCE], "2023-01": [VIOLENCE], "2023-03": [VIOLENCE], "2023-04": [VIOLENCE, DRUGS]},
        {"2022-12": [VIOLENCE, VIOLENCE], "2023-03": [DRUGS], "2023-04": [VIOLENCE, DRUGS]},
    ]
)
@given(st.lists(deliveries, min_size=2, max_size=3))
def test_statistics_merged_from_months_are_those_made_from_nothing(history):
    before: dict = {}  # the delivery before
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder, "landing")
        for delivery in history:
            deliver(landing, delivery)
            read, merged = made(landing, Path(folder, "work"))
            assert read == tuple(month for month in MONTHS if delivery.get(month) and delivery[month] != before.get(month))
            before = delivery
        assert merged == made(landing, Path(folder, "afresh"))[1]
        assert {path.name for path in Path(folder, "work", "months", "police_uk").iterdir()} == {month for month in before if before[month]}
