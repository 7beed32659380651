"""The product `female-homicide`: women and girls killed in London, since 2003."""

from anonymisation.appetite import preset
from anonymisation.records import DistinctLDiversity, RecordPolicy
from vawg_opendata.products.declaration import Definition, Dimension, Measure, Product, TableSpec
from vawg_opendata.products.records import YEAR_BLOCKS, RecordColumn, RecordList, Role
from vawg_opendata.products.wording import PUBLISHER, YEAR_DIMENSION, YEAR_LEVELS


def _table(dimension: str, words: str, levels: tuple[str, ...] = ()) -> TableSpec:
    """Victims by year and one characteristic: no table shows two, because so few cases would single out persons."""
    return TableSpec(
        name=f"victims_by_{dimension}",
        title=f"Female homicide victims by {words} and year",
        description=f"Women and girls killed, by {words}, by year recorded and in blocks of three and five years.",
        measure="female_homicide_victims",
        dimensions={dimension: levels or (dimension,), "year": YEAR_LEVELS},
    )


CASES = RecordList(
    name="female_homicide_cases",
    title="Female homicide cases",
    description="One row per woman or girl killed, in no order. A code may be of any level of its list; the root says that the value is not "
    "told. Cases whose proceedings are live are not in the list, and a year is in it when it is complete.",
    columns=(
        RecordColumn(
            name="years",
            title="Years recorded",
            description="Block of five or of ten years in which the homicide was recorded.",
            codelist=YEAR_BLOCKS,
            dimension="year",
            role=Role.QUASI,
        ),
        RecordColumn(
            name="age_band", title="Age of the victim", description="Age of the victim in bands of several widths.", codelist="age_band", dimension="age_group",
            role=Role.QUASI
        ),
        RecordColumn(
            name="ethnicity",
            title="Ethnicity of the victim",
            description="Ethnicity of the victim as an officer observed it.",
            codelist="ethnicity",
            dimension="ethnicity",
            role=Role.QUASI,
        ),
        RecordColumn(
            name="killing_method",
            title="Method of killing",
            description="How the victim was killed; strangulation kept apart where the source does so.",
            codelist="case_method",
            dimension="method",
            role=Role.QUASI,
        ),
        RecordColumn(
            name="domestic_abuse",
            title="Domestic abuse",
            description="Whether the homicide is recorded as domestic.",
            codelist="domestic_abuse",
            dimension="domestic_abuse",
            role=Role.QUASI,
        ),
        RecordColumn(
            name="case_status",
            title="Status of the case",
            description="Whether the case is solved, and what has become of it where the source says so.",
            codelist="case_status",
            dimension="status",
            role=Role.QUASI,
        ),
        RecordColumn(
            name="relationship",
            title="Relationship to the suspect",
            description="What the principal suspect was to the victim, in the groups of the Homicide Index.",
            codelist="relationship",
            dimension="relationship",
            role=Role.SENSITIVE,
            levels=("relationship_group",),
        ),
        RecordColumn(
            name="suspect_ethnicity",
            title="Ethnicity of the suspect",
            description="Ethnicity of the principal suspect as an officer observed it.",
            codelist="suspect_ethnicity",
            dimension="suspect_ethnicity",
            role=Role.SENSITIVE,
        ),
    ),
    policy=RecordPolicy(
        quasi_identifiers=("years", "age_band", "ethnicity", "killing_method", "domestic_abuse", "case_status"),
        k=5,
        sensitive={"relationship": (DistinctLDiversity(2),), "suspect_ethnicity": (DistinctLDiversity(2),)},
        recoding="local",
    ),
    kept={"domestic_abuse": "domestic_abuse", "case_status": "status"},
)
"""The list of cases: no name, date, borough or exact age, and no year alone."""

FEMALE_HOMICIDE = Product(
    name="female-homicide",
    audience="datastore",
    title="Women and girls killed in London, recorded by the Metropolitan Police Service",
    description="Female victims of homicide recorded by the Metropolitan Police Service by year, each by method, age group, ethnicity, "
    "whether domestic, and status; by relationship to the suspect and by the suspect's ethnicity where the source has them; with "
    "blocks of three and five years because there are few cases in one.",
    keywords=("homicide", "femicide", "women and girls", "domestic homicide", "police recorded crime", "London"),
    policy=preset("datastore-public").policy,
    measures=(
        Measure(
            name="female_homicide_victims",
            title="Female homicide victims",
            description="Number of women and girls recorded as victims of murder, manslaughter or infanticide.",
            unit="victims",
        ),
    ),
    dimensions=(
        Dimension(name="method", title="Method of killing", description="How the victim was killed.", codelist="method", held_level="method"),
        Dimension(name="age_group", title="Age group of the victim", description="Age of the victim in bands.", codelist="homicide_age_group", held_level="age_group"),
        Dimension(
            name="ethnicity",
            title="Ethnicity of the victim",
            description="Ethnicity of the victim as an officer observed it.",
            codelist="ethnicity", held_level="ethnicity",
        ),
        Dimension(
            name="domestic_abuse",
            title="Domestic abuse",
            description="Whether the homicide is recorded as domestic.",
            codelist="domestic_abuse", held_level="domestic_abuse",
        ),
        Dimension(name="status", title="Status", description="Whether the homicide is recorded as solved.", codelist="status", held_level="status"),
        Dimension(
            name="relationship",
            title="Relationship to the suspect",
            description="What the principal suspect was to the victim, in the groups of the Homicide Index.",
            codelist="relationship", held_level="relationship_group",
        ),
        Dimension(
            name="suspect_ethnicity",
            title="Ethnicity of the suspect",
            description="Ethnicity of the principal suspect as an officer observed it.",
            codelist="suspect_ethnicity", held_level="suspect_ethnicity",
        ),
        Dimension(
            name="offence_type",
            title="Homicide offence",
            description="Murder, manslaughter, corporate manslaughter or infanticide, as it is recorded now.",
            codelist="homicide_offence_type",
            held_level="offence_type",
        ),
        YEAR_DIMENSION,
    ),
    tables=(
        _table("method", "method of killing"),
        _table("age_group", "age group"),
        _table("ethnicity", "ethnicity"),
        _table("domestic_abuse", "whether domestic"),
        _table("status", "status"),
        _table("offence_type", "homicide offence"),
        _table("relationship", "relationship to the suspect", ("relationship_group",)),
        _table("suspect_ethnicity", "ethnicity of the suspect"),
    ),
    definitions=(
        Definition(
            term="female homicide victim",
            definition="A person recorded as female and as victim of murder, manslaughter or infanticide. Each victim counts once, in the "
            "year in which the homicide was recorded. Sex is as recorded by the police.",
            source="Metropolitan Police Service, homicide dashboard data",
        ),
        Definition(
            term="solved",
            definition="Recorded as solved by the force when the data were taken; a case may be solved years later.",
            source="Metropolitan Police Service",
        ),
        Definition(
            term="domestic abuse",
            definition="Abuse between persons aged 16 or over who are personally connected; applied by a flag on the record.",
            source="Domestic Abuse Act 2021",
        ),
        Definition(
            term="year",
            definition="A calendar year is published when it is complete.",
            source="This product",
        ),
        Definition(
            term="block of years",
            definition="Three (five) calendar years counted from 2003, never overlapping; a block of which the data cover a part says so.",
            source="This product",
        ),
    ),
    caveats=(
        "recorded-not-prevalence",
        "suppressed-is-not-zero",
        "revised-with-each-version",
        "recorded-date",
        "few-cases",
        "status-changes",
        "differs-from-other-counts",
    ),
    series_breaks=("cris-to-connect-2024",),
    contact=PUBLISHER,
    records=(CASES,),
)
