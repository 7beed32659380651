"""What may be told of how tables and records were protected: the content of ``disclosure.json``.

Belongs here: words and numbers that describe a policy and its result without helping to undo it.  Does not belong
here: writing files; the outcome of each cell, which is internal (``outcomes``).

Told are the policy, the parameters that its readers need or can see anyway, the method with its sources, numbers of
cells and the verdict of the attack, which any reader could repeat.  Not told: seeds and keys; the largest noise and
the smallest perturbed count, from which bounds follow; what a withheld cell costs; and how many cells are withheld for
themselves or for others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from anonymisation.perturbation.policies import CellKey, PerturbationPolicy, Rounding, ThresholdRounding
from anonymisation.policy import Policy
from anonymisation.primary import GroupDisclosure
from anonymisation.records.models import DistinctLDiversity, EntropyLDiversity, Model, RecursiveLDiversity, TCloseness
from anonymisation.records.policy import RecordPolicy

if TYPE_CHECKING:
    from anonymisation.intruder import Attack
    from anonymisation.perturbation.application import Perturbation
    from anonymisation.perturbation.intervals import Known
    from anonymisation.protection import Protection

SUPPRESSION_METHOD = (
    "Counts below the threshold are withheld, and further counts until the guarantee holds over all tables of a measure together. "
    "Then an intruder, a separate program that reads only the published files, derives the interval of possible values of each "
    "withheld count from all published ones (interval propagation, then linear programs). The package is published only if no "
    "interval breaks the guarantee."
)
SUPPRESSION_GUARANTEES = {
    "exact": "No count from 1 to {last} is published, and none of them can be computed from what is published. Its possible values may "
    "still be few.",
    "interval": "No count from 1 to {last} is published. Given everything published, each of them has possible values at least "
    "{threshold} apart, largest minus smallest.",
    "contract": "No count from 1 to {last} is published. Given everything published to this audience, a withheld count that could be below "
    "{threshold} has possible values at least {threshold} apart, largest minus smallest: nobody can prove that it is small.",
}
SINGLETON_GUARANTEE = " Nobody who is alone in a withheld count can compute another small count by knowing of herself."
GROUP_GUARANTEE = " Nobody can conclude that all who are counted somewhere fall in one category of {dimension}."
ROUNDED_CONTRACT = (
    "No count from 1 to {last} is published; other counts are rounded to the nearest {base}. Given everything published, a withheld count "
    "that could be below {threshold} has possible values at least {threshold} apart, largest minus smallest."
)
ROUNDED_ALONE = (
    "No count from 1 to {last} is published; other counts are rounded to the nearest {base}. A withheld count is known to be from 1 to "
    "{last}."
)
ROUNDED_ALONE_LIMITS = (
    "Not guaranteed: rows and columns of rounded counts can tell more about a withheld count than that it is small, up to its value. The "
    "audit says how many counts they tell more about."
)
CONTROLLED = (
    "Every count is rounded to a multiple of {base}, small ones too, and the rounded tables add up. Each count lies within the distance "
    "told here of its published value, and whatever else is published here, every count less than {base} away remains possible."
)
NOISE = (
    "Every count that is not zero has noise of mean 0 and variance {variance:g}. Published tables do not add up exactly. A cell of the same "
    "records has the same value in every table."
)
NOISE_LIMITS = (
    "Not guaranteed: that a count cannot be confined to few values by combining many tables. A published small number need not be a true "
    "one, and a published zero need not be zero."
)
METHODS = {
    "contract": "Withholding and complementary withholding as if all other counts were published as they are; then the others are rounded, "
    "each by itself.",
    "none": "Small counts are withheld and the others rounded, each by itself.",
    "rounding": "Controlled rounding by integer programs over all tables of a measure together.",
    "cell_key": "Cell-key perturbation: the records of a cell together give a key, which draws the noise.",
}
SOURCES = {
    "suppression": (
        "Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4",
        "Kelly, Golden and Assad, Cell suppression: disclosure protection for sensitive tabular data, Networks 22, 1992",
    ),
    "ten_five": ("Office for National Statistics, Comparison of post-tabular statistical disclosure control methods, 2023",),
    "nhs": ("NHS Digital, Disclosure control methodology for Hospital Episode Statistics and Emergency Care Data Set, 2018",),
    "rounding": (
        "Cox and Ernst, Controlled rounding, INFOR 20, 1982",
        "Salazar-Gonzalez, Controlled rounding and cell perturbation: statistical disclosure limitation methods for tabular data, "
        "Mathematical Programming 105, 2006",
    ),
    "cell_key": (
        "Fraser and Wooton, A proposed method for confidentialising tabular output to protect against differencing, 2005",
        "Giessing, Computational issues in the design of transition probabilities and disclosure risk estimation for additive noise, 2016",
    ),
}

ANONYMITY = "Whoever knows {columns} of a person finds at least {k} records that are the same in all of it, however coarsely it is told; an empty value counts as a value."
POPULATION = " At least {k_map} people of the population are the same in it."
DIVERSITY = {
    DistinctLDiversity: " Among records that are the same, {column} has at least {model.l} different values.",
    EntropyLDiversity: " Among records that are the same, {column} is as uncertain as {model.l} equally frequent values.",
    RecursiveLDiversity: " Among records that are the same, the most frequent value of {column} is rarer than {model.c} times all from number {model.l} on, the most frequent being number 1.",
}
MODELS = {
    DistinctLDiversity: "distinct l-diversity",
    EntropyLDiversity: "entropy l-diversity",
    RecursiveLDiversity: "recursive (c,l)-diversity",
    TCloseness: "t-closeness",
}
CLOSENESS = " Among records that are the same, {column} is spread as in all records, to a distance of {model.t}."
RECORD_LIMITS = (
    "Not guaranteed against somebody who knows more of a person than these columns, or of others that their records are among them; nor that "
    "nobody supposes of a person what often holds of people like her."
)
RECODING = {
    "local": "Local recoding: values are replaced by coarser ones along declared hierarchies, record by record and no further than needed, so that the most detail "
    "is kept (granularity).",
    "global": "Global recoding: every column is told at one level of a declared hierarchy, at the combination of levels that loses least of all that keep the policy "
    "({loss}); at most {max_suppressed:.0%} of the records are suppressed.",
}
RECORD_SOURCES = {
    "k": "Samarati, Protecting respondents' identities in microdata release, IEEE Transactions on Knowledge and Data Engineering 13(6), 2001",
    "l": "Machanavajjhala et al., l-diversity: privacy beyond k-anonymity, ACM Transactions on Knowledge Discovery from Data 1(1), 2007",
    "t": "Li, Li and Venkatasubramanian, t-closeness: privacy beyond k-anonymity and l-diversity, ICDE 2007",
    "local": "Prasser et al., Flexible data anonymization using ARX, Software: Practice and Experience 50(7), 2020",
    "global": "Kohlmayer et al., Flash: efficient, stable and optimal k-anonymity, PASSAT 2012",
}


def kind_of(policy: Policy | PerturbationPolicy) -> str:
    """The name of a policy's kind in an appetite file."""
    return {"Policy": "suppression", "Rounding": "rounding", "TenFive": "ten_five", "Nhs": "nhs", "CellKey": "cell_key"}[
        type(policy).__name__
    ]


def describe(policy: Policy | PerturbationPolicy) -> dict:
    """A policy in words: ``kind``, ``parameters``, ``guarantee``, ``not_guaranteed`` (or None), ``method``, ``sources``."""
    kind, limits = kind_of(policy), None
    if isinstance(policy, Policy):
        parameters = {"threshold": policy.threshold, "guarantee": policy.guarantee, "zeros": policy.zeros}
        words = SUPPRESSION_GUARANTEES[policy.guarantee].format(threshold=policy.threshold, last=policy.threshold - 1)
        method = SUPPRESSION_METHOD
        for rule in policy.rules:
            if isinstance(rule, GroupDisclosure):
                words += GROUP_GUARANTEE.format(dimension=rule.dimension)
            else:
                words += SINGLETON_GUARANTEE
        if policy.zeros == "sensitive":
            words = words.replace("No count from 1 to", "No count from 0 to")
        if policy.reader != "rules":
            limits = "Not guaranteed against a reader who knows that a withheld count is not zero."
    elif isinstance(policy, ThresholdRounding):
        parameters = {"threshold": policy.threshold, "base": policy.base, "secondary": policy.secondary}
        contract = policy.secondary == "contract"
        words = (ROUNDED_CONTRACT if contract else ROUNDED_ALONE).format(
            threshold=policy.threshold, last=policy.threshold - 1, base=policy.base
        )
        limits = None if contract else ROUNDED_ALONE_LIMITS
        method = METHODS[policy.secondary]
    elif isinstance(policy, Rounding):
        parameters, words, method = {"base": policy.base}, CONTROLLED.format(base=policy.base), METHODS[kind]
    else:
        parameters, words, method = {"variance": policy.variance}, NOISE.format(variance=policy.variance), METHODS[kind]
        limits = NOISE_LIMITS
    return {
        "kind": kind,
        "parameters": parameters,
        "guarantee": words,
        "not_guaranteed": limits,
        "method": method,
        "sources": list(SOURCES[kind]),
    }


def describe_records(policy: RecordPolicy) -> dict:
    """A policy for records in words, with the keys of ``describe``; its kind is ``records``."""
    words = ANONYMITY.format(columns=_listed(policy.quasi_identifiers), k=policy.k)
    words += POPULATION.format(k_map=policy.k_map) if policy.k_map else ""
    models = [(column, model) for column, models in policy.sensitive.items() for model in models]
    for column, model in models:
        words += DIVERSITY.get(type(model), CLOSENESS).format(column=column, model=model)
    closeness = {"t" for _, model in models if type(model) not in DIVERSITY}
    used = ["k", *(["l"] if len(closeness) < len({type(model) for _, model in models}) else []), *closeness, policy.recoding]
    return {
        "kind": "records",
        "parameters": {
            "k": policy.k,
            **({"k_map": policy.k_map} if policy.k_map else {}),
            "quasi_identifiers": list(policy.quasi_identifiers),
            "sensitive": {column: [_model(model) for model in models] for column, models in policy.sensitive.items()},
            "recoding": policy.recoding,
        },
        "guarantee": words,
        "not_guaranteed": RECORD_LIMITS,
        "method": RECODING[policy.recoding].format(loss=policy.loss, max_suppressed=policy.max_suppressed),
        "sources": [RECORD_SOURCES[name] for name in used],
    }


def _model(model: Model) -> dict:
    """A model by its name and numbers; by which order or hierarchy values are close is not told."""
    return {"model": MODELS[type(model)], **{name: value for name, value in vars(model).items() if isinstance(value, int | float)}}


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def disclosure(
    name: str,
    policy: Policy | PerturbationPolicy,
    result: Protection | Perturbation,
    verdict: Attack | Known | None,
) -> dict:
    """The content of ``disclosure.json`` for the ``result`` of the policy called ``name``.

    ``verdict``: what the attack on these tables found.  Without one, as under cell keys, whose bounds readers are not told, the
    statement says that there was none.
    """
    told = describe(policy)
    if isinstance(policy, Rounding):
        # More than the base where multiples next to the counts do not add up.
        told["parameters"]["distance"] = result.distance
    return {
        "policy": name,
        **told,
        "tables": [
            {
                "table": table.name,
                "measure": table.measure,
                "cells": int(table.published.size),
                "withheld": int((~table.published).sum()),
                "share_withheld": round(float((~table.published).mean()), 4) if table.published.size else 0.0,
            }
            for table in result.tables.values()
        ],
        "audit": None if verdict is None or isinstance(policy, CellKey) else _verdict(verdict),
    }


def _verdict(verdict: Attack | Known) -> Mapping[str, object]:
    told = {"cells": verdict.cells, "disclosed": verdict.disclosed}
    if hasattr(verdict, "narrowed"):
        return {**told, "narrowed": verdict.narrowed, "computed": verdict.computed}
    return {**told, "withheld": verdict.withheld}
