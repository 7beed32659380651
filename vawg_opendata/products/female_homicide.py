"""The product `female-homicide`: women and girls killed in London, since 2003."""

from dataclasses import replace

from anonymisation.appetite import preset
from anonymisation.records import DistinctLDiversity, RecordPolicy
from vawg_opendata.products.declaration import Definition, Dimension, Measure, Product, Section, TableSpec
from vawg_opendata.products.records import YEAR_BLOCKS, RecordColumn, RecordList, Role
from vawg_opendata.products.wording import PUBLISHER, YEAR_DIMENSION, YEAR_LEVELS
from vawg_opendata.schemas.fields import Sensitivity


def _table(dimension: str, words: str, levels: tuple[str, ...] = (), years: tuple[str, ...] = YEAR_LEVELS) -> TableSpec:
    """Victims by one characteristic over time: no table shows two, because so few cases would single out persons."""
    yearly = "year" in years
    shown = "by year recorded and in blocks of five years" if yearly else "in blocks of five years: with single years most counts of either would be withheld"
    return TableSpec(
        name=f"victims_by_{dimension}",
        title=f"Female homicide victims by {words} and {'year' if yearly else 'five years'}",
        description=f"Women and girls killed, by {words}, {shown}.",
        measure="female_homicide_victims",
        dimensions={dimension: levels or (dimension,), "year": years},
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
        importance={"killing_method": 2.0},
    ),
    measure="female_homicide_victims",
    first_given_up=("years",),
    kept={"domestic_abuse": "domestic_abuse", "case_status": "status"},
    reasons=(
        "What survives when at least k cases must look alike, of the 642 cases of 2003 to 2021 in the force's public files (which have neither "
        "relationship nor suspect) and of 559 synthetic cases in the form of its extract. The share of cases with their finest code:",
        "| cases | k | age group | ethnicity | method | kinds of case |\n|---|---|---|---|---|---|\n"
        "| public, with years | 3 | 49 % | 85 % | 92 % | 189 |\n| public, with years | 5 | 20 % | 78 % | 87 % | 116 |\n"
        "| public, with years | 10 | 5 % | 69 % | 81 % | 56 |\n| synthetic, without years | 3 | 38 % | 55 % | 66 % | 123 |\n"
        "| synthetic, without years | 5 | 30 % | 47 % | 47 % | 86 |\n| synthetic, without years | 10 | 10 % | 45 % | 44 % | 48 |",
        "We chose 5. Anybody may read the list, and much of a case is in newspapers: 3 leaves an intruder with three cases to tell apart, and 10 "
        "leaves hardly an age. Each case is coarsened no more than it needs, so codes of several levels stand side by side: count in the tables, "
        "not in the list. Whether a case is domestic and whether it is solved are always told, because the relationship tells them as well. "
        "Relationship and the suspect's ethnicity are never the same for all cases that look alike.",
        "The list was attacked together with the tables: cases that may be counted in a cell bound its count. Where the list tells each "
        "relationship it does without years, since both would give away counts that the tables withhold.",
    ),
)
"""The list of cases: no name, date, borough or exact age, and no year alone."""

FEMALE_HOMICIDE = Product(
    name="female-homicide",
    audience="datastore",
    title="Women and girls killed in London, recorded by the Metropolitan Police Service",
    description="Female victims of homicide recorded by the Metropolitan Police Service, by year and in blocks of five years, by method, age group, "
    "ethnicity and whether domestic, and by the suspect's ethnicity where the source has it; in blocks of five years alone, because there are few "
    "cases in one, by status, homicide offence and, where the source has it, relationship to the suspect.",
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
        Dimension(
            name="method",
            title="Method of killing",
            description="How the victim was killed.",
            codelist="method",
            held_level="method",
            sensitivity=Sensitivity.SENSITIVE,
        ),
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
            codelist="domestic_abuse",
            held_level="domestic_abuse",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        Dimension(
            name="status",
            title="Status",
            description="Whether the homicide is recorded as solved.",
            codelist="status",
            held_level="status",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        Dimension(
            name="relationship",
            title="Relationship to the suspect",
            description="What the principal suspect was to the victim, in the groups of the Homicide Index.",
            codelist="relationship",
            held_level="relationship_group",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        Dimension(
            name="suspect_ethnicity",
            title="Ethnicity of the suspect",
            description="Ethnicity of the principal suspect as an officer observed it.",
            codelist="suspect_ethnicity",
            held_level="suspect_ethnicity",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        Dimension(
            name="offence_type",
            title="Homicide offence",
            description="Murder, manslaughter, corporate manslaughter or infanticide, as it is recorded now.",
            codelist="homicide_offence_type",
            held_level="offence_type",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        YEAR_DIMENSION,
    ),
    tables=(
        _table("method", "method of killing"),
        _table("age_group", "age group"),
        _table("ethnicity", "ethnicity"),
        _table("domestic_abuse", "whether domestic"),
        _table("status", "status", years=("pooled_5",)),
        _table("offence_type", "homicide offence", years=("pooled_5",)),
        replace(
            _table("relationship", "relationship to the suspect", ("relationship_group",), ("pooled_5",)),
            description="Women and girls killed, by relationship to the suspect, in blocks of five years: the list of cases tells the "
            "relationship of each, and with single years beside it, few as they are, would give withheld counts away.",
        ),
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
            definition="Five calendar years counted from 2003, never overlapping; a block of which the data cover a part says so.",
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
    series_breaks=("domestic-abuse-flag-2015", "cris-to-connect-2024"),
    contact=PUBLISHER,
    records=(CASES,),
    sections=(
        Section(
            title="Trends and revisions",
            paragraphs=(
                "The series begins in 2003. Counts of a year change when an investigation does: murder becomes manslaughter, somebody is charged, "
                "a death turns out to be no homicide. Tables by homicide offence and by status show the state at the time of the version, and "
                "`CHANGES.md` and `changes.json` list each published count that changed since the version before, with the old and the new one. "
                "The breaks above are dates at which a step in the numbers may be one of recording.",
                "The list of cases is not revised like that: whoever compares two versions of it must not learn of one woman what each of them hides. Most often "
                "it stays as it was, and the cases of whole years are added when enough of them look alike among themselves. What has become of a case "
                "since is in the counts.",
            ),
        ),
        Section(
            title="Cases under legal hold",
            paragraphs=(
                "A case whose proceedings are live, as the extract marks it, counts in totals and under the code `legal-hold`, and under no other. "
                "It is not in the list of cases. The public files do not mark such cases.",
            ),
        ),
        Section(
            title="How this differs from other counts",
            paragraphs=(
                "| | this product | Homicide Index (Home Office) | Femicide Census |\n|---|---|---|---|\n"
                "| who | women and girls recorded as victims by the Metropolitan Police Service | victims in England and Wales, as forces report them | "
                "women killed by men in the United Kingdom, since 2009 |\n"
                "| year | when the homicide was recorded | when the police recorded it, by year to March | when the woman was killed |\n"
                "| suspect | the principal suspect in the crime record | charged, or suspected and dead before a charge | a man, from answers of the police, other public sources and press |\n"
                "| relationship | groups of the Homicide Index | partners, former partners and lovers are one group; three years are pooled | its own, "
                "with the history of abuse and separation |",
                "So none of them is the sum or a part of another. Sources: the notes on Homicide Index data at vawg.gss-data.org.uk; the pages and "
                "annual reports of the Femicide Census at femicidecensus.org.",
            ),
        ),
    ),
)
