"""What the sample makes up: probabilities that no published margin gives, chosen to be plausible and for nothing else.

None of these numbers is a finding. They give the synthetic records the shape of real ones (a partner is mostly a man, an
offence in a club is mostly at night) so that joint tables look like tables. Whatever a published margin does give is in
`margins`. Nothing is drawn here.
"""

GROUPS = (
    "rape",
    "other-sexual-offences",
    "violence-with-injury",
    "stalking-and-harassment",
    "public-fear-alarm-distress",
    "modern-slavery",
    "exploitation-of-prostitution",
    "other-flagged-offences",
    "homicide",
)


def by_group(*values: float) -> tuple[float, ...]:
    """One probability per group, in their order."""
    assert len(values) == len(GROUPS)
    return values


DOMESTIC = by_group(0.30, 0.10, 0.48, 0.42, 0.08, 0.03, 0.02, 0.93, 0.50)
NO_SUSPECT = by_group(0.12, 0.35, 0.18, 0.22, 0.45, 0.30, 0.30, 0.15, 0.08)
ONLINE = by_group(0.0, 0.10, 0.0, 0.35, 0.03, 0.05, 0.10, 0.02, 0.0)
PRIVATE = by_group(0.65, 0.30, 0.30, 0.40, 0.12, 0.55, 0.45, 0.40, 0.55)  # not domestic; domestic is DOMESTIC_PRIVATE
DOMESTIC_PRIVATE = 0.85
REPEAT = by_group(0.20, 0.15, 0.25, 0.35, 0.10, 0.05, 0.10, 0.40, 0.0)
YOUNG = by_group(1.8, 1.9, 0.9, 0.8, 0.8, 1.5, 1.0, 1.0, 1.0)  # tilt towards victims under 30
CENTRAL = by_group(1.2, 1.5, 1.0, 0.85, 1.3, 1.2, 2.0, 0.75, 1.0)  # tilt towards the boroughs of going out

CENTRAL_BOROUGHS = ("E09000007", "E09000012", "E09000019", "E09000022", "E09000028", "E09000030", "E09000033")

HOME_OFFICE_CODE = {  # by class of the Met's classification
    "class-murder": "1",
    "class-manslaughter": "4.1",
    "class-rape-of-a-female-aged-16-and-over": "19C",
    "class-rape-of-a-female-child-under-16": "19D",
    "class-rape-of-a-female-child-under-13": "19E",
    "class-rape-of-a-female-multiple-undefined-offenders": "19J",
    "class-abuse-of-children-through-sexual-exploitation": "71",
    "class-abuse-of-position-of-trust-of-a-sexual-nature": "73",
    "class-causing-sexual-activity-without-consent": "22A",
    "class-exposure-and-voyeurism": "88E",
    "class-incest-or-familial-sexual-offences": "23",
    "class-other-miscellaneous-sexual-offences": "88C",
    "class-sexual-activity-etc-with-a-person-with-a-mental-disorder": "70",
    "class-sexual-activity-involving-a-child-under-13": "21",
    "class-sexual-activity-involving-a-child-under-16": "22B",
    "class-sexual-assault-on-a-female-aged-13-and-over": "20A",
    "class-sexual-assault-on-a-female-child-under-13": "20B",
    "class-sexual-grooming": "88A",
    "class-unnatural-sexual-offences": "88D",
    "class-assault-with-injury": "8N",
    "class-assault-with-injury-on-a-constable": "8S",
    "class-assault-with-injury-on-an-emergency-worker-other-than-a-constable": "8T",
    "class-assault-with-intent-to-cause-serious-harm": "5D",
    "class-attempted-murder": "2",
    "class-cause-or-allow-death-or-serious-physical-harm-to-child-or-vulnerable-person": "4.7",
    "class-endangering-life": "5E",
    "class-intentional-destruction-of-a-viable-unborn-child": "4.3",
    "class-racially-or-religiously-aggravated-assault-with-injury": "8P",
    "class-controlling-or-coercive-behaviour": "8U",
    "class-harassment-offences": "8L",
    "class-malicious-communications": "8R",
    "class-racially-or-religiously-aggravated-harassment": "8M",
    "class-stalking": "8Q",
    "class-public-fear-alarm-or-distress": "9A",
    "class-racially-or-religiously-aggravated-public-fear-alarm-or-distress": "9B",
    "class-exploitation-of-prostitution": "24",
    "class-modern-slavery": "106",
}
FLAGGED_CODE = {
    "105A": 0.42,
    "58A": 0.10,
    "58C": 0.06,
    "58D": 0.10,
    "49": 0.09,
    "28E": 0.06,
    "3B": 0.09,
    "34B": 0.02,
    "36": 0.02,
    "11A": 0.04,
}

PRIVATE_PLACES = {"dwelling-victim": 0.55, "dwelling-suspect": 0.18, "dwelling-other": 0.22, "institution": 0.05}
DOMESTIC_PLACES = {"dwelling-victim": 0.48, "dwelling-suspect": 0.15, "dwelling-shared": 0.30, "dwelling-other": 0.05, "institution": 0.02}
PUBLIC_PLACES = {
    "street": 0.48, "park": 0.05, "transport-vehicle": 0.06, "transport-place": 0.06, "licensed": 0.10, "retail": 0.07, "education": 0.04,
    "workplace": 0.04, "health": 0.03, "hotel": 0.02, "leisure": 0.02, "other-public": 0.03,
}  # fmt: skip

ROUTES = {
    "999": 0.46,
    "101": 0.12,
    "online": 0.12,
    "front-counter": 0.08,
    "officer": 0.08,
    "third-party": 0.09,
    "other": 0.02,
    "not-known": 0.03,
}
GRADES = {"I": 0.30, "S": 0.30, "E": 0.15, "R": 0.20, "none": 0.05}
UNITS = {
    "response": 0.22,
    "neighbourhood": 0.08,
    "bcu-investigation": 0.42,
    "public-protection": 0.25,
    "predatory-offender": 0.02,
    "other": 0.01,
}
PROTECTION_UNITS = {"public-protection": 0.85, "bcu-investigation": 0.10, "predatory-offender": 0.05}
WEAPONS = {
    "none": 0.82,
    "knife": 0.03,
    "blunt": 0.02,
    "firearm": 0.003,
    "corrosive": 0.001,
    "ligature": 0.005,
    "body": 0.08,
    "other": 0.03,
    "not-known": 0.011,
}
HATE = {"none": 0.955, "race": 0.028, "religion": 0.006, "sexual-orientation": 0.006, "disability": 0.003, "transgender": 0.002}

OBSERVED = {  # identity codes within the ethnic appearance of the published series
    "White": {"IC1": 0.83, "IC2": 0.17},
    "Black": {"IC3": 1.0},
    "Asian": {"IC4": 1.0},
    "Any Other": {"IC5": 0.45, "IC6": 0.55},
    "Unknown": {"IC9": 1.0},
}
SELF_DEFINED = {  # what a person states, by what an officer observes; more than a third are never asked
    "IC1": {"W1": 0.42, "W2": 0.02, "W3": 0.005, "W4": 0.005, "W9": 0.08, "M9": 0.01, "NS": 0.10, "NR": 0.36},
    "IC2": {"W1": 0.10, "W9": 0.38, "O2": 0.01, "O9": 0.03, "M9": 0.02, "NS": 0.10, "NR": 0.36},
    "IC3": {"B1": 0.17, "B2": 0.24, "B9": 0.06, "M1": 0.05, "M2": 0.02, "NS": 0.10, "NR": 0.36},
    "IC4": {"A1": 0.17, "A2": 0.12, "A3": 0.12, "A9": 0.10, "M3": 0.02, "NS": 0.10, "NR": 0.37},
    "IC5": {"A4": 0.34, "A9": 0.16, "O9": 0.04, "NS": 0.10, "NR": 0.36},
    "IC6": {"O2": 0.34, "O9": 0.15, "W9": 0.04, "NS": 0.10, "NR": 0.37},
    "IC9": {"W1": 0.08, "W9": 0.03, "B1": 0.02, "B2": 0.03, "A1": 0.02, "O9": 0.02, "NS": 0.20, "NR": 0.60},
}
SUSPECT_OBSERVED = {"IC1": 0.30, "IC2": 0.08, "IC3": 0.27, "IC4": 0.15, "IC5": 0.02, "IC6": 0.04, "IC9": 0.14}
SAME_OBSERVED = 0.7  # a suspect's observed ethnicity is the victim's

DISABILITY = {
    "none": 0.55,
    "mobility": 0.02,
    "sight": 0.003,
    "hearing": 0.004,
    "learning": 0.02,
    "mental-health": 0.06,
    "long-term-illness": 0.02,
    "other": 0.013,
    "not-known": 0.31,
}
ORIENTATION = {
    "heterosexual": 0.45,
    "lesbian-or-gay": 0.012,
    "bisexual": 0.014,
    "other": 0.004,
    "prefer-not-to-say": 0.05,
    "not-known": 0.47,
}
RELIGION = {
    "none": 0.14,
    "christian": 0.18,
    "muslim": 0.09,
    "hindu": 0.02,
    "jewish": 0.008,
    "sikh": 0.008,
    "buddhist": 0.004,
    "other": 0.01,
    "prefer-not-to-say": 0.04,
    "not-known": 0.50,
}
INJURY = {"none": 0.48, "threat": 0.12, "minor": 0.30, "moderate": 0.06, "serious": 0.02, "not-known": 0.02}
SUPPORT = {"supports": 0.42, "does-not-support": 0.28, "withdrawn": 0.14, "undecided": 0.06, "not-asked": 0.10}

PARTNERS = {
    "spouse": 0.14,
    "cohabiting-partner": 0.12,
    "partner-not-cohabiting": 0.10,
    "ex-spouse": 0.08,
    "ex-cohabiting-partner": 0.12,
    "ex-partner": 0.18,
    "affair": 0.01,
}
FAMILY = {
    "father": 0.03,
    "mother": 0.02,
    "step-parent": 0.01,
    "son": 0.07,
    "daughter": 0.02,
    "step-child": 0.005,
    "brother": 0.05,
    "sister": 0.02,
    "grandchild": 0.005,
    "in-law": 0.02,
    "other-relative": 0.02,
}
DOMESTIC_RELATIONSHIPS = {**PARTNERS, **FAMILY}
OTHER_RELATIONSHIPS = {
    "friend": 0.08,
    "acquaintance": 0.18,
    "neighbour": 0.12,
    "flatmate": 0.02,
    "online-contact": 0.04,
    "fellow-pupil": 0.04,
    "colleague": 0.03,
    "employer": 0.01,
    "client": 0.02,
    "trader": 0.02,
    "carer": 0.01,
    "teacher": 0.005,
    "police": 0.003,
    "other-known-person": 0.05,
    "stranger-person": 0.30,
    "not-recorded": 0.07,
}

# Outcomes by whether anyone is suspected.
OUTCOMES = (
    {"18": 0.83, "14": 0.14, "21": 0.02, "20": 0.01},
    {
        "1": 0.085,
        "1A": 0.005,
        "2": 0.004,
        "3": 0.02,
        "3A": 0.001,
        "4": 0.001,
        "5": 0.002,
        "8": 0.02,
        "9": 0.004,
        "10": 0.01,
        "11": 0.004,
        "12": 0.003,
        "13": 0.002,
        "15": 0.31,
        "16": 0.47,
        "17": 0.01,
        "20": 0.01,
        "21": 0.02,
        "22": 0.019,
    },
)
COURT = {"guilty": 0.58, "not-guilty": 0.10, "discontinued": 0.14, "other": 0.02, "pending": 0.16}

RISK_GRADES = {"standard": 0.62, "medium": 0.27, "high": 0.11}
ORDERS = {
    "DVPN": 0.16,
    "DVPO": 0.15,
    "NMO": 0.30,
    "RO": 0.30,
    "SHPO": 0.02,
    "SRO": 0.01,
    "SPO-interim": 0.02,
    "SPO": 0.02,
    "FGMPO": 0.005,
    "FMPO": 0.015,
}
DECISIONS = {"granted": 0.86, "refused": 0.07, "withdrawn": 0.04, "pending": 0.03}

FEMALE_HOMICIDES, MALE_HOMICIDES = 25, 105  # expected in a year
KILLING_METHODS = (  # of women, of men
    {
        "sharp": 0.38,
        "strangulation": 0.15,
        "hitting": 0.13,
        "blunt": 0.09,
        "shooting": 0.03,
        "burning": 0.03,
        "poison": 0.02,
        "drowning": 0.01,
        "vehicle": 0.02,
        "other": 0.07,
        "not-known": 0.07,
    },
    {
        "sharp": 0.58,
        "strangulation": 0.02,
        "hitting": 0.13,
        "blunt": 0.07,
        "shooting": 0.12,
        "burning": 0.01,
        "poison": 0.01,
        "vehicle": 0.01,
        "other": 0.02,
        "not-known": 0.03,
    },
)
KILLERS = (  # of women, of men
    {
        **{code: share * 0.60 for code, share in PARTNERS.items()},
        **{code: share * 0.55 for code, share in FAMILY.items()},
        "friend": 0.03,
        "acquaintance": 0.08,
        "neighbour": 0.03,
        "client": 0.02,
        "carer": 0.01,
        "stranger-person": 0.12,
        "other-known-person": 0.02,
        "not-recorded": 0.05,
        "no-suspect-identified": 0.05,
    },
    {
        "spouse": 0.01,
        "ex-partner": 0.01,
        "son": 0.02,
        "brother": 0.02,
        "friend": 0.12,
        "acquaintance": 0.26,
        "neighbour": 0.02,
        "stranger-person": 0.30,
        "other-known-person": 0.04,
        "not-recorded": 0.08,
        "no-suspect-identified": 0.12,
    },
)
