"""The product `vawg-records`: record-level data for partners under an agreement, linked case by case and by pools of cases."""

from pathlib import Path

from anonymisation.appetite import preset
from anonymisation.records import DistinctLDiversity, RecordPolicy
from vawg_opendata.products.declaration import Definition, Product, Section
from vawg_opendata.products.linked import LinkedRecords, PoolRule
from vawg_opendata.products.vawg_offences import VAWG_OFFENCES
from vawg_opendata.products.wording import PUBLISHER

VAWG_RECORDS = Product(
    name="vawg-records",
    audience="safestats",
    title="Records of violence against women and girls for partners",
    description="Record by record, for partners under the Serious Violence Duty: a random part of the recorded offences of violence against women "
    "and girls with a woman or girl as victim. Place, time, offence, victim and suspect are told case by case, as finely as at least three "
    "cases look alike; everything else of pools of at least ten cases.",
    keywords=("violence against women and girls", "record-level data", "Serious Violence Duty", "strategic needs assessment", "London", "Safe Stats"),
    policy=preset("safestats-partner").policy,
    measures=(),
    dimensions=(),
    tables=(),
    linked=LinkedRecords(
        policy=RecordPolicy(
            quasi_identifiers=("week", "place", "location", "time", "victim_age", "victim_ethnicity", "suspect"),
            k=3,
            sensitive={"offence_group": (DistinctLDiversity(2),), "true_group": (DistinctLDiversity(2),)},
            recoding="local",
            importance={"place": 4.0},
        ),
        share=0.2,
        pools=PoolRule(size=10, applying=5, most_alike=2 / 3),
        whole_for="local-policing-body",
        access=Path(__file__).with_name("vawg_records_access.csv"),
    ),
    definitions=(
        *(definition for definition in VAWG_OFFENCES.definitions if definition.term == "violence against women and girls"),
        Definition(
            term="case",
            definition="A recorded offence, homicides apart, with one woman or girl as victim and, where one is recorded, one suspect.",
            source="This product",
        ),
        Definition(
            term="pool",
            definition="At least ten cases, most often of one place and time, of which the tables of pools tell together. Wide pools are made of pools, and "
            "widest pools of wide ones: what not all cases have is told of them.",
            source="This product",
        ),
        Definition(
            term="week",
            definition="The 1st to 7th, 8th to 14th, 15th to 21st, or 22nd to last day of a month, so that weeks add up to months.",
            source="This product",
        ),
    ),
    caveats=("recorded-not-prevalence", "part-of-the-cases", "told-coarsely", "recorded-date", "outcomes-take-time", "suspects-are-not-offenders"),
    series_breaks=("domestic-abuse-flag-2015", "principal-crime-2023", "cris-to-connect-2024"),
    contact=PUBLISHER,
    sections=(
        Section(
            title="Which cases are here",
            paragraphs=(
                "Of the cases that stand in published cells of the tables of counts, about a fifth, chosen at random; nobody is the victim or the "
                "suspect of two cases of one batch. So this is no census: count in the tables, and study relations here. A case that is not here "
                "tells nothing, and nobody can know whether the case of a person they know is.",
                "Cases are told once. A later version adds the cases of later months as a batch and changes none of those that were there, whatever "
                "has become of them: what came or changed between two versions would single people out. So is a field that is new: it is told of new cases, and "
                "empty for those of before. Months of a version that was withdrawn are not told again. A batch waits where it has too few cases.",
            ),
        ),
        Section(
            title="How a person is protected",
            paragraphs=(
                "Somebody may know of a person where and when it happened, in what kind of place, her age and ethnic appearance, and the suspect's sex "
                "and age. All of that is coarsened together, over all tables that are linked by the case, until at least three cases are the same in "
                "all of it. Where a field is empty it is not told so finely. Among the cases that are the same, the offence is of at least two groups.",
                "Everything else could hurt, or is known to somebody. It is told of pools of cases, each of whole such groups and of at least ten "
                "cases, and each field in an order of its own: the rows of a table of pools are as many as the pool has cases, and values of one row do "
                "not belong together. So whoever knows one thing of a person, a referral or an injury, learns no other by it.",
                "A field that applies to some cases only, such as a question that is asked where the risk is assessed, applies to none of a pool or to at "
                "least five. Of those to whom it applies, and of those who can have it for all that is told of them, no more than two thirds have the same "
                "value, where it says something of a person. What describes the work of the police alone has no such bound. That some things often go "
                "together is no secret, and is not one here.",
                "Keys are random and another for each agreement, so packages of two partners cannot be linked by them.",
            ),
        ),
        Section(
            title="Beside the tables of counts",
            paragraphs=(
                "Partners hold the tables of `vawg-offences` and `vawg-borough-profiles` too, in which small counts are withheld. Counting records "
                "must not give such a count away. So a case is here only if the cells in which those tables count its offence, its victim and its "
                "orders are published, each at its finest; of the offence it tells the class, or no more than the group or the branch, where a finer cell "
                "is withheld. Then whatever the withheld counts may be, they leave room for every case that is told, and the records narrow none of them.",
            ),
        ),
        Section(
            title="What survives",
            paragraphs=(
                "Of some 97,000 synthetic cases of three months (seed 1), 99 of 100 stand in published cells, and about 17,600 are told. Of these the command "
                "unit is told of all, the borough of 38 %, the ward of 2 %, the month of 69 % and the week of 18 %; the type of place of 33 % and whether it "
                "was private, public or online of 82 %; the victim's age in bands of twenty years of 89 % and of ten of 44 %; the class of the offence of "
                "44 %. They lie in some 600 pools, of which more than half have no more than twelve cases, 160 wide pools and 26 widest ones. "
                "Places finer than wards are never told: areas of the census cross the borders of wards, and telling both would cut "
                "out slivers of either. Self-defined ethnicity, gender, sexual orientation and religion are left out altogether.",
            ),
        ),
        Section(
            title="Who is given which field",
            paragraphs=(
                "`fields.csv` names for each field the kinds of partners that are given it, and the legal gateway. `partners/<profile>/` is the package of "
                "a kind of partner, with its fields and no others; the whole is for the Mayor's Office for Policing and Crime, which runs Safe Stats. "
                "Hand a partner its own folder.",
            ),
        ),
    ),
)
