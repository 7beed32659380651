"""A small part of what `make months` runs whole: a product of few tables, and two deliveries a year apart."""

from tests.release.months.judge import wrong_changes, wrong_counts
from tests.release.months.run import Months
from vawg_opendata import flow
from vawg_opendata.products import PRODUCTS
from vawg_opendata.settings import Settings

NAME = "female-homicide"


def test_deliveries_a_year_apart_are_told_right_and_safe_together(tmp_path):
    months = Months(tmp_path, 1, (NAME,), records=40_000)
    told = [months.release(month) for month in ("2024-03", "2025-03")]
    assert [one["versions"] for one in told] == [{NAME: "1.0.0"}, {NAME: "1.1.0"}]
    assert months.audit() == 1 and months.faults == []
    first, second = (tmp_path / "published" / "datastore" / NAME / version for version in ("1.0.0", "1.1.0"))
    settings = Settings(landing=tmp_path / "landing" / "2025-03", published=tmp_path / "published", work=tmp_path / "work")
    counts = flow.counted(settings, PRODUCTS[NAME]).counts
    assert wrong_counts(second, counts) == []
    # The judge is no yes-man: a changed count is found, as one that is not counted and as one that is not told.
    path = next((second / "data").glob("victims_by_method.csv"))
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines[1:], 1) if line.split(",")[-2].isdigit())
    *codes, count, status = lines[place].split(",")
    path.write_text("\n".join([*lines[:place], ",".join([*codes, str(int(count) + 1), status]), *lines[place + 1 :]]) + "\n", encoding="utf-8")
    assert wrong_counts(second, counts) and wrong_changes(first, second)
