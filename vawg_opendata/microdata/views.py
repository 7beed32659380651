"""Which record table gives which column of a list of records, as data: one `View` per list and source."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class View:
    """How a source gives a list: the SQL of each column it has, over one record table; what it lacks is left out of the list.

    `where` restricts the rows, and `held` says which of them are under legal hold: those are no rows of the list. `levels` names, for a column whose codes the source knows less
    exactly than its list, the levels that it has. `year` is the SQL of the calendar year, `month` a column that shows which are complete.
    """

    source: str
    records: str
    columns: Mapping[str, str]
    where: str
    levels: Mapping[str, tuple[str, ...]]
    held: str = "false"
    year: str = "year"
    month: str = "month"


_METHODS_TOLD = {
    "knife-or-sharp-implement": "sharp",
    "blunt-implement": "blunt",
    "shooting": "shooting",
    "physical-assault-no-weapon": "bodily-not-told-apart",
    "burning-scalding": "burning",
    "other": "other",
    "other-method": "other",
    "not-known": "not-known",
}
"""The methods of the published series as codes for single cases."""


def _recoded(column: str, codes: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{code}': '{other}'" for code, other in codes.items())
    return f"MAP {{{pairs}}}[{column}]"


VIEWS: Mapping[str, tuple[View, ...]] = {
    "female_homicide_cases": (
        View(
            source="crime_extract",
            records="extract_homicides",
            columns={
                "age_band": "age_group",
                "ethnicity": "ethnicity",
                "killing_method": "method",
                "domestic_abuse": "domestic",
                "case_status": "CASE WHEN stage IN ('no-suspect', 'suspect-not-charged') THEN 'undetected' ELSE stage END",
                "relationship": "relationship_group",
                "suspect_ethnicity": "suspect_ethnicity",
            },
            where="sex = 'female'",
            held="legal_hold",
            levels={},
        ),
        View(
            source="mps_homicide",
            records="homicide_victims",
            columns={
                "age_band": "age_group",
                "ethnicity": "ethnicity",
                "killing_method": _recoded("method", _METHODS_TOLD),
                "domestic_abuse": "domestic_abuse",
                "case_status": "status",
            },
            where="sex = 'female'",
            levels={"case_status": ("status",)},
        ),
    )
}
"""By list, its sources, the one to be preferred first."""
