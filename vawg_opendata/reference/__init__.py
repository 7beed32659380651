"""Code lists and crosswalks: the CSV files of this folder, and the functions that read and check them.

A code list names every value a dimension may have, with its label, level and parents; the records hold its codes and
nothing else. A crosswalk carries a publisher's words over to codes. Both are data with a stated source (`index.csv`).
Reading the publishers' files does not belong here (`sources`), nor do lists that depend on the data such as months
(`statistics`).
"""

import csv
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
COLUMNS = ("code", "label", "level", "parent", "sort_order")
TOTAL = "total"
ADD_UP = ". Children add up to their parent."
"""What describes a code list in a package, after its title."""


class CodeListError(ValueError):
    """A code list of this folder breaks its own rules; the message names the list, the code and the rule."""


@dataclass(frozen=True)
class CodeList:
    """The codes of one dimension.

    `rows` are the lines of the CSV in `sort_order`, as text: the five columns every list has, then one column
    `parent_<name>` per further hierarchy and any further columns. Exactly one code, the root, has level `total`. A code
    outside a hierarchy has an empty parent there; within one, the children of a code add up to it.
    """

    name: str
    title: str
    rows: tuple[Mapping[str, str], ...]

    def __post_init__(self) -> None:
        _check(self)

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the list, in the order in which they are published."""
        return tuple(self.rows[0])

    @functools.cached_property
    def codes(self) -> tuple[str, ...]:
        """All codes in sort order, the root included."""
        return tuple(row["code"] for row in self.rows)

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        """Label by code."""
        return {row["code"]: row["label"] for row in self.rows}

    @functools.cached_property
    def level(self) -> dict[str, str]:
        """Level by code."""
        return {row["code"]: row["level"] for row in self.rows}

    @functools.cached_property
    def total(self) -> str:
        """The code of the root."""
        return next(row["code"] for row in self.rows if row["level"] == TOTAL)

    @functools.cached_property
    def parents(self) -> dict[str, dict[str, str]]:
        """Parent by child, for each hierarchy column (`parent`, `parent_<name>`); codes outside one are left out."""
        return {column: {row["code"]: row[column] for row in self.rows if row[column]} for column in self.columns if _is_hierarchy(column)}

    @functools.cached_property
    def leaves(self) -> tuple[str, ...]:
        """The codes that no hierarchy divides further: what a record may hold when it is known in full."""
        divided = {parent for parents in self.parents.values() for parent in parents.values()}
        return tuple(code for code in self.codes if code not in divided)

    def ancestors(self, code: str, hierarchy: str = "parent") -> tuple[str, ...]:
        """The code itself, its parent and so on up to the root, in one hierarchy. KeyError for an unknown code."""
        self.level[code]
        parents, chain = self.parents[hierarchy], [code]
        while chain[-1] in parents:
            chain.append(parents[chain[-1]])
        return tuple(chain)

    @functools.cached_property
    def closure(self) -> tuple[tuple[str, str], ...]:
        """All pairs (code, code it counts towards), itself included, over all hierarchies, without repetition, in sort order."""
        order = {code: position for position, code in enumerate(self.codes)}
        return tuple(
            (code, above)
            for code in self.codes
            for above in sorted({above for column in self.parents for above in self.ancestors(code, column)}, key=order.__getitem__)
        )

    def at_levels(self, *levels: str) -> "CodeList":
        """The list restricted to some levels; the root stays.

        A code whose parent is left out hangs under its nearest ancestor that is kept, and a further hierarchy of which
        nothing is kept loses its column. ValueError when the list has no such level, or when a part of the root would
        be left out so that the codes kept no longer add up to it.
        """
        unknown = set(levels) - set(self.level.values())
        if unknown:
            known = ", ".join(dict.fromkeys(self.level.values()))
            raise ValueError(f"Code list {self.name} has no level {', '.join(sorted(unknown))}; it has {known}.")
        kept = {code for code in self.codes if self.level[code] in levels or code == self.total}
        if len(kept) == len(self.codes) and all(self.parents.values()):
            return self
        parents = {}
        for column in self.parents:
            chains = {code: [above for above in self.ancestors(code, column) if above in kept] for code in self.codes}
            parents[column] = {chain[0]: chain[1] for chain in chains.values() if len(chain) > 1}
            lost = [leaf for leaf in self.leaves if parents[column] and chains[leaf] == [self.total]]
            if lost:
                raise ValueError(f"Code list {self.name} restricted to {', '.join(levels)} leaves out {lost[0]!r}, so it would not add up.")
        hidden = {column for column, pairs in parents.items() if not pairs and column != "parent"}
        rows = tuple(
            {
                column: parents[column].get(row["code"], "") if column in parents else row[column]
                for column in self.columns
                if column not in hidden
            }
            for row in self.rows
            if row["code"] in kept
        )
        return CodeList(self.name, self.title, rows)


@functools.lru_cache(maxsize=10_000)
def fold(text: str) -> str:
    """What is left of a publisher's word when case, spaces, dashes, full stops and other marks are ignored.

    `Barking & Dagenham` and `barking and dagenham` fold to the same text, as do `White ` and `White`. Only letters and
    digits remain, so two words that differ in a letter stay apart. Used to look up words, never shown.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return "".join(character for character in plain if character.isalnum())


def slug(text: str) -> str:
    """A code made of a label: lower case, words joined by single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", text).casefold()).strip("-")


@functools.cache
def index() -> dict[str, dict[str, str]]:
    """The line of `index.csv` (file, title, source, url_or_document, licence, note) of each file of this folder, by its stem."""
    return {row["file"].removesuffix(".csv"): row for row in load_crosswalk("index")}


@functools.cache
def load_codelist(name: str) -> CodeList:
    """The code list `<name>.csv`. FileNotFoundError when there is none, CodeListError when it breaks its rules."""
    rows = sorted(load_crosswalk(name), key=lambda row: int(row["sort_order"]))
    codelist = CodeList(name, index()[name]["title"], tuple(rows))
    require_whole(codelist)
    return codelist


def require_whole(codelist: CodeList) -> None:
    """CodeListError unless each hierarchy that reaches the root holds every leaf, so that its codes add up to the root.

    A list restricted by `at_levels` need not: what its hierarchies divide the root into may differ.
    """
    for column, parents in codelist.parents.items():
        for leaf in codelist.leaves:
            if codelist.total in parents.values() and codelist.total not in codelist.ancestors(leaf, column):
                raise CodeListError(
                    f"Code list {codelist.name}: {column} of {leaf!r} does not lead to the root, so the codes do not add up to it."
                )


def load_crosswalk(name: str) -> list[dict[str, str]]:
    """The lines of `<name>.csv` as text by column, in the order of the file. FileNotFoundError when there is none."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_mapping(name: str, key: str, value: str) -> dict[str, str]:
    """Column `key` to column `value` of a crosswalk. CodeListError when a key has two values."""
    mapping: dict[str, str] = {}
    for row in load_crosswalk(name):
        if mapping.setdefault(row[key], row[value]) != row[value]:
            raise CodeListError(f"{name}.csv maps {key} {row[key]!r} to both {mapping[row[key]]!r} and {row[value]!r}.")
    return mapping


def by_folded_label(rows: Iterable[Mapping[str, str]], label: str = "label", code: str = "code") -> dict[str, str]:
    """Code by folded label. CodeListError when two codes share a folded label."""
    mapping: dict[str, str] = {}
    for row in rows:
        if mapping.setdefault(fold(row[label]), row[code]) != row[code]:
            raise CodeListError(f"The label {row[label]!r} stands for both {mapping[fold(row[label])]!r} and {row[code]!r}.")
    return mapping


def _is_hierarchy(column: str) -> bool:
    return column == "parent" or column.startswith("parent_")


def _check(codelist: CodeList) -> None:
    """Raise CodeListError unless the list keeps the rules that `CodeList` states."""

    def wrong(what: str) -> CodeListError:
        return CodeListError(f"Code list {codelist.name}: {what}")

    if not codelist.rows or codelist.columns[: len(COLUMNS)] != COLUMNS:
        raise wrong(f"must have rows and begin with the columns {','.join(COLUMNS)}.")
    if len(set(codelist.codes)) != len(codelist.codes):
        raise wrong("a code occurs twice.")
    roots = [code for code in codelist.codes if codelist.level[code] == TOTAL]
    if len(roots) != 1:
        raise wrong(f"exactly one code must have level {TOTAL}, found {len(roots)}.")
    for column, parents in codelist.parents.items():
        for code, parent in parents.items():
            if parent not in codelist.level:
                raise wrong(f"{column} {parent!r} of {code!r} is not a code of the list.")
        for code in parents:
            seen = {code}
            while code in parents:
                code = parents[code]
                if code in seen:
                    raise wrong(f"{column} runs in a circle through {code!r}.")
                seen.add(code)
