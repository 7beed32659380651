"""Protected records as they are kept in the work folder and handed to `release`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vawg_opendata.reference import CodeList

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class RecordTable:
    """One table of protected records, in the order in which it is published.

    `claim` is what its descriptor says was protected: quasi-identifiers, `k`, by sensitive column what else holds, and under `counts`
    which tables count the same people. `missing` are numbers of people whom these tables count and this one does not hold, by reason,
    None where nobody knows; they stay in the work folder.
    """

    name: str
    source: str
    rows: "pyarrow.Table"
    claim: Mapping[str, object]
    missing: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Microdata:
    """The protected records of a product. `codelists` by column; `summary` has numbers of records and losses, safe to log. `partners` has, by
    access profile, the tables of the package of that partner, where each is given one of its own."""

    tables: tuple[RecordTable, ...]
    codelists: Mapping[str, CodeList]
    summary: Mapping[str, object]
    partners: Mapping[str, tuple[RecordTable, ...]] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write everything to a folder of the work folder, readable by its owner only."""
        import pyarrow.parquet

        folder.mkdir(mode=0o700, parents=True)
        for home, tables in ((folder, self.tables), *((folder / profile, tables) for profile, tables in self.partners.items())):
            home.mkdir(mode=0o700, exist_ok=True)
            for table in tables:
                pyarrow.parquet.write_table(table.rows, home / f"{table.name}.parquet")
        plain = {
            "tables": _plain(self.tables),
            "partners": {profile: _plain(tables) for profile, tables in self.partners.items()},
            "codelists": {name: asdict(codes) for name, codes in self.codelists.items()},
            "summary": self.summary,
        }
        (folder / "microdata.json").write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Microdata":
        """What `save` wrote."""
        plain = json.loads((folder / "microdata.json").read_text(encoding="utf-8"))
        codelists = {name: CodeList(codes["name"], codes["title"], tuple(codes["rows"])) for name, codes in plain["codelists"].items()}
        partners = {profile: _loaded(folder / profile, tables) for profile, tables in plain["partners"].items()}
        return cls(_loaded(folder, plain["tables"]), codelists, plain["summary"], partners)


def _plain(tables: Sequence[RecordTable]) -> list[dict]:
    return [{"name": table.name, "source": table.source, "claim": table.claim, "missing": table.missing} for table in tables]


def _loaded(folder: Path, tables: Sequence[Mapping]) -> tuple[RecordTable, ...]:
    import pyarrow.parquet

    return tuple(RecordTable(rows=pyarrow.parquet.read_table(folder / f"{one['name']}.parquet"), **one) for one in tables)
