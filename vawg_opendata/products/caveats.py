"""The fixed vocabulary of caveats and series breaks: what a reader must know before using a number.

A product names the codes that concern it; the words are here once, so that all products warn of the same thing in the
same words. What a term means belongs in a product's definitions.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caveat:
    """A limit of the data: what it is and what not to do with them because of it."""

    code: str
    title: str
    description: str


@dataclass(frozen=True, kw_only=True)
class SeriesBreak:
    """A date from which counts before and after are not comparable, or not fully; `date` is a day, a month or a year."""

    code: str
    date: str
    title: str
    description: str


CAVEATS = {
    caveat.code: caveat
    for caveat in (
        Caveat(
            code="recorded-not-prevalence",
            title="Recorded crime is not prevalence",
            description="Counts are of what was reported to the police and recorded by them. Most violence against women and girls "
            "is never reported. A rise may mean more reporting or better recording, a fall the opposite. Use the Crime Survey "
            "for England and Wales to judge how common these offences are.",
        ),
        Caveat(
            code="suppressed-is-not-zero",
            title="A withheld count is not zero",
            description="Counts below the threshold, and others from which they could be worked out, are withheld and marked c. Do not "
            "read them as zero and do not add up cells to replace a total: the totals are given.",
        ),
        Caveat(
            code="revised-with-each-version",
            title="Counts are revised",
            description="Offences are reclassified, cancelled and recorded late. A version shows what was recorded when its source was "
            "extracted; quote the version with the number.",
        ),
        Caveat(
            code="recorded-date",
            title="Counted when recorded",
            description="Months and years are those in which the police recorded the offence, not those in which it was committed. "
            "Sexual offences in particular may be recorded many years later.",
        ),
        Caveat(
            code="offences-are-not-victims",
            title="Offences and victims are different counts",
            description="An offence can have several victims and a person can be the victim of several offences. The two measures are "
            "counted apart and cannot be divided by each other.",
        ),
        Caveat(
            code="other-flagged-offences",
            title="Other flagged offences are included in the total",
            description="The published total includes offences outside the classification of violence against women and girls that carry "
            "a flag such as domestic abuse. Tables by offence tell the two apart; tables by area and by victim cannot.",
        ),
        Caveat(
            code="ward-not-always-known",
            title="The ward is not always known",
            description="Offences without a ward count in their borough and in its code Ward unknown. The share has grown since the "
            "change of the crime recording system in 2024, so wards are compared over time with care.",
        ),
        Caveat(
            code="unknown-ethnicity",
            title="Ethnicity is often unknown",
            description="Ethnic appearance is what an officer observed, not what the victim stated, and is missing for about one "
            "victim in five. Shares among known cases may mislead.",
        ),
        Caveat(
            code="no-victims-under-10",
            title="No victims under ten",
            description="The source counts female victims aged ten and over.",
        ),
        Caveat(
            code="few-cases",
            title="Few cases, much withheld",
            description="A few dozen women and girls are killed in London in a year: 20 to 64 from 2003 to 2021. Most cells of a single year are small and withheld; "
            "blocks of five years show more.",
        ),
        Caveat(
            code="status-changes",
            title="Homicide records change as investigations do",
            description="A death may become or cease to be a homicide, murder become manslaughter, and an unsolved case be solved, "
            "years later. Later versions may differ for any year.",
        ),
        Caveat(
            code="differs-from-other-counts",
            title="Differs from the Homicide Index and the Femicide Census",
            description="The Home Office Homicide Index counts by its own rules and dates, and the Femicide Census counts women killed by "
            "men in the United Kingdom from more sources than the police. Neither need agree with these counts.",
        ),
        Caveat(
            code="one-category",
            title="Violence and sexual offences are one category",
            description="The source publishes violence and sexual offences together, of victims of any sex, with no mark for domestic "
            "abuse. It is not a count of violence against women and girls.",
        ),
        Caveat(
            code="snapped-locations",
            title="Places are approximate",
            description="The source moves each crime to the nearest of a fixed set of map points before it gives an area. Small areas, "
            "and areas on a boundary, hold crimes of their neighbours.",
        ),
        Caveat(
            code="months-covered",
            title="Only some months may be covered",
            description="A month counts only where a file of that force really holds this type of crime. Periods with a month that is not "
            "covered are marked x, not available.",
        ),
        Caveat(
            code="area-codes-change",
            title="Small areas changed in 2021",
            description="Codes of Lower layer Super Output Areas are those of 2021. Where the source used codes of 2011 that were divided or "
            "merged in 2021, or no lookup was at hand, crimes count under the ceased code, and the areas that replaced it show none "
            "for those months: do not compare such areas over time.",
        ),
        Caveat(
            code="outcomes-take-time",
            title="Outcomes take time",
            description="An offence may get its outcome months or years after it was recorded. The share of an outcome among recent offences is "
            "not the share that it will have; compare years only when they are equally old.",
        ),
        Caveat(
            code="part-of-the-cases",
            title="A part of the cases",
            description="The records are a random part of the cases, and rare kinds of case are rarer here than they are. Count in the tables of counts, not here.",
        ),
        Caveat(
            code="told-coarsely",
            title="Told as finely as others allow",
            description="How finely a thing is told depends on how many cases are like it, so cases of rare places and people are told more coarsely. "
            "In tables of cases an empty field means that the value is not told, and never that there is none; in tables of pools, that it does not apply.",
        ),
        Caveat(
            code="suspects-are-not-offenders",
            title="A suspect is not an offender",
            description="Nobody is an offender unless a court says so. Many suspects are never charged, and some are eliminated.",
        ),
        Caveat(
            code="synthetic",
            title="Synthetic data",
            description="These are not real crimes. The records were generated with the margins of published data, to show the form of "
            "the product. Do not quote any number.",
        ),
    )
}

SERIES_BREAKS = {
    series_break.code: series_break
    for series_break in (
        SeriesBreak(
            code="domestic-abuse-flag-2015",
            date="2015-04",
            title="National collection of the domestic abuse flag",
            description="Forces have had to flag domestic abuse on offences since April 2015. Earlier flags are less complete, which "
            "concerns the branch of other flagged offences.",
        ),
        SeriesBreak(
            code="principal-crime-2023",
            date="2023",
            title="Conduct crimes and the principal crime rule",
            description="In 2023 the Home Office Counting Rules changed which offence is recorded when several are reported "
            "together, stalking, harassment and controlling behaviour in particular. Fewer offences are recorded for the same events.",
        ),
        SeriesBreak(
            code="cris-to-connect-2024",
            date="2024-02-28",
            title="Crime recording system changed from CRIS to CONNECT",
            description="The Metropolitan Police Service changed its crime recording system on 28 February 2024. Counts before and after "
            "are not directly comparable, above all where a flag is used, and victims are counted differently; places became "
            "those of the incident, for earlier years as well.",
        ),
        SeriesBreak(
            code="police-uk-categories-2013",
            date="2013-05",
            title="Violent crime became violence and sexual offences",
            description="data.police.uk named the category Violent crime until April 2013 and moved offences between categories then. "
            "Earlier months are not counted in this product.",
        ),
    )
}
