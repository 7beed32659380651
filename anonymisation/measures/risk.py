"""Risk of re-identification: how often would somebody who looks for people in the table be right?

Belongs here: the three attackers of El Emam and Dankar ("Protecting privacy using k-anonymity", J. Am. Med. Inform. Assoc. 15(5), 2008;
El Emam, "Guide to the De-Identification of Personal Health Information", 2013), as ARX computes them.  Does not belong here: what the
matched records then tell (``models``), attackers who know hierarchies (``linkage``).

With f records in a class of the table and F people in the same class of the population: the *prosecutor* looks for one
person of whom she knows that she is in the table, and is right with 1/f; the *journalist* for anyone, not knowing who is in
the table, and is right with 1/F; the *marketer* matches all records, and is right in a share of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anonymisation.measures.classes import Classes


@dataclass(frozen=True)
class Risk:
    """Probabilities of being right about a record.

    ``highest``: about the record most at risk; ``at_highest``: the share of records at that risk.  ``average``: over all
    records.  ``k``: the fewest people that share the values of a record, 1 / ``highest``; against a population it is the k of
    k-map (Sweeney, "Computational disclosure control", PhD thesis, MIT 2001).
    """

    highest: float
    at_highest: float
    average: float
    k: int


def prosecutor_risk(classes: Classes) -> Risk:
    """The risk to people who are known to be in the table; the average is classes / records."""
    return _risk(classes.sizes, classes.sizes, len(classes.sizes) / float(classes.sizes.sum()))


def journalist_risk(classes: Classes) -> Risk:
    """The risk to people of the population ``classes`` were counted with.

    The average is the larger of two: of picking people of the population and finding the record, classes over people in them,
    and of picking records and finding the person, as the marketer does.
    """
    if classes.population is None:
        raise ValueError("no population was given; give one to classes_of")
    picking_people = len(classes.sizes) / float(classes.population.sum())
    return _risk(classes.sizes, classes.population, max(picking_people, marketer_risk(classes)))


def marketer_risk(classes: Classes) -> float:
    """The share of records that a matching of all of them gets right on average.

    They are matched with the population, or where none was given with the people in the table.
    """
    people = classes.sizes if classes.population is None else classes.population
    # Sorted, as DuckDB gives classes in any order, and sums of fractions depend on theirs.
    return float(np.sort(classes.sizes / people).sum() / classes.sizes.sum())


def _risk(sizes: np.ndarray, people: np.ndarray, average: float) -> Risk:
    least = int(people.min())
    return Risk(1 / least, float(sizes[people == least].sum() / sizes.sum()), average, least)
