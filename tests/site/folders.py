"""A published folder made by hand for the tests of the site: every kind of table, status and code that a page must cope with.

The site knows nothing but such folders, so none of the pipeline is needed to test it. The numbers mean nothing.
"""

import csv
import hashlib
import itertools
import json
from pathlib import Path

from vawg_opendata.reference import load_codelist
from vawg_opendata.release.database.combined import write_combined
from vawg_opendata.release.package.charts import write_charts

AREAS = [("LDN", "London & <all>", "total", "")]
AREAS += [(f"B{b}", f"Borough {b}", "borough", "LDN") for b in range(1, 5)]
AREAS += [(f"B{b}-W{w}", f"Ward {w} of {b}", "ward", f"B{b}") for b in range(1, 5) for w in range(1, 17)]
MONTHS = [f"{year}-{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
PERIODS = [("total", "All months", "total", "")]
PERIODS += [(str(year), str(year), "year", "total") for year in (2023, 2024, 2025)]
PERIODS += [(month, f"Month {month}", "month", month[:4]) for month in MONTHS]
CLASSES = [("total", "All offences", "total", ""), ("a/b", "Class a/b", "class", "total"), ("a b", 'Class "a b"', "class", "total"), ("zero", "Class zero", "class", "total")]
LISTS = {"area": AREAS, "month": PERIODS, "offence": CLASSES}


def mapped_areas() -> list[tuple[str, ...]]:
    """London, three boroughs with their wards, what has no place, and the hexagons of these wards, as the real list has them."""
    areas = load_codelist("area")
    wards = [code for code in areas.codes if areas.level[code] == "ward" and areas.ancestors(code)[1] in ("E09000012", "E09000030", "E09000025", "Unknown")]
    kept = {above for ward in wards for column in areas.parents for above in areas.ancestors(ward, column)}
    return [tuple(row[column] for column in ("code", "label", "level", "parent", "parent_hexagon")) for row in areas.rows if row["code"] in kept]


YEARS = [("total", "All months", "total", ""), ("2023/24", "2023/24", "financial_year", "total"), ("2024/25", "2024/25", "financial_year", "total")]
PLACES = [("total", "All offences", "total", ""), ("public-space", "In public space", "public_space", "total"), ("elsewhere", "Elsewhere", "public_space", "total")]
MAPPED = {"area": mapped_areas(), "public_space": PLACES, "month": YEARS, "offence": CLASSES}
TABLES = {
    "by_area": (("area", "month"), (("offences", "integer"),)),
    "by_area_and_class": (("area", "offence", "month"), (("offences", "integer"),)),
    "rates": (("offence", "month"), (("offences", "integer"), ("rate", "number"))),
    "by_class": (("offence",), (("victims", "integer"),)),
    "by_public_space": (("area", "public_space", "month"), (("offences", "integer"),)),
}
MANY = ("by_area", "by_area_and_class", "rates", "by_class")


def value(table: str, measure: str, codes: tuple[str, ...], version: str) -> tuple[str, str]:
    """A cell that is the same on every run and another in each version: mostly a number, some zero, some withheld, missing or not applicable."""
    seed = (table, measure, *codes, *([version] if version == "1.0.0" and table in MANY else []))
    number = int(hashlib.sha256("|".join(seed).encode()).hexdigest()[:8], 16)
    if "zero" in codes:
        return "0", ""
    if number % 7 == 0 and "total" not in codes:
        return "", "cxz"[number % 3]
    return (f"{number % 100000 / 8}" if measure == "rate" else str(number % 20_000), "")


def write_csv(path: Path, header, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def field(name: str, kind: str = "string") -> dict:
    return {"name": name, "type": kind, "title": name.capitalize(), "description": f"What {name} is."}


def resource(folder: Path, path: str, fields: list[dict], title: str, **more) -> dict:
    content = (folder / path).read_bytes()
    return {
        "name": Path(path).stem,
        "type": "table",
        "title": title,
        "description": f"All about {title}.",
        "path": path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {"fields": fields} | more.pop("schema", {}),
        **more,
    }


def make_version(home: Path, version: str, tables=MANY, audience: str = "datastore", lists=LISTS) -> Path:
    """A package of the tables named, in `home/<version>`."""
    folder = home / version
    resources = []
    for name in tables:
        dimensions, measures = TABLES[name]
        columns = [field(one) for one in dimensions]
        for measure, kind in measures:
            columns += [field(measure, kind), field(f"{measure}_status")]
        rows = []
        for codes in itertools.product(*([entry[0] for entry in lists[dimension]] for dimension in dimensions)):
            rows.append([*codes, *itertools.chain(*(value(name, measure, codes, version) for measure, _ in measures))])
        write_csv(folder / "data" / f"{name}.csv", [column["name"] for column in columns], rows)
        links = [{"fields": [one], "reference": {"resource": one, "fields": ["code"]}} for one in dimensions]
        statistics = [{"measure": measure, "status": f"{measure}_status", "threshold": 5} for measure, _ in measures]
        resources.append(resource(folder, f"data/{name}.csv", columns, f"Table {name}", statistics=statistics, schema={"foreignKeys": links}))
    cases = [("1", "<b>strangulation</b>", "a/b"), ("2", "stabbing", "total")]
    write_csv(folder / "data" / "cases.csv", ["case", "method", "offence"], cases)
    link = {"fields": ["offence"], "reference": {"resource": "offence", "fields": ["code"]}}
    resources.append(resource(folder, "data/cases.csv", [field("case"), field("method"), field("offence")], "Cases", schema={"foreignKeys": [link]}))
    write_csv(folder / "data" / "series_breaks.csv", ["code", "date", "title", "description"], [("s", "2024-02-28", "New system", "All changed.")])
    resources.append(resource(folder, "data/series_breaks.csv", [field("code"), field("date"), field("title"), field("description")], "Breaks"))
    for name, entries in lists.items():
        header = ["code", "label", "level", "parent", "sort_order", *(["parent_hexagon"] if len(entries[0]) > 4 else [])]
        write_csv(folder / "codelists" / f"{name}.csv", header, [(*entry[:4], order, *entry[4:]) for order, entry in enumerate(entries)])
        resources.append(resource(folder, f"codelists/{name}.csv", [field(one) for one in header], f"Code list: {name.capitalize()}"))
    described = {
        "name": home.name,
        "title": f"Title of {home.name} & more",
        "description": "What it is.",
        "version": version,
        "audience": audience,
        "synthetic": True,
        "keywords": ["test"],
        "licenses": [{"name": "OGL-UK-3.0", "title": "Open Government Licence v3.0", "path": "https://example.org/licence"}],
        "contributors": [{"title": "Publisher", "path": "https://example.org/", "roles": ["publisher"]}],
        "sources": [{"name": "source", "title": "A source"}],
        "temporal": {"start": MONTHS[0], "end": MONTHS[-1]},
        "spatial": {"title": "London", "code": "LDN"},
        "caveats": [{"name": "one", "title": "Recorded crime is not prevalence", "description": "Mind that."}],
        "resources": resources,
    }
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    write_charts(folder, described)
    (folder / "disclosure.json").write_text(json.dumps({"guarantee": "No small count.", "method": "Withholding.", "tables": []}), encoding="utf-8")
    (folder / "changes.json").write_text(json.dumps({"since": "", "version": version, "bump": "", "note": "", "tables": []}), encoding="utf-8")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in sorted(folder.rglob("*")) if path.is_file()]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return folder


def make_published(folder: Path) -> Path:
    """A published folder with products for the public, one with two versions and one with maps, and one product for partners alone."""
    homes = {"many": ("1.1.0", "1.0.0"), "few": ("1.0.0",)}
    for name, versions in homes.items():
        home = folder / "datastore" / name
        for version in versions:
            make_version(home, version, MANY if name == "many" else ("by_class",))
        list_versions(home, [{"version": version, "status": "released", "released": "2026-01-02T03:04:05Z"} for version in versions])
    home = folder / "datastore" / "mapped"
    make_version(home, "1.0.0", ("by_public_space",), lists=MAPPED)
    list_versions(home, [{"version": "1.0.0", "status": "released", "released": "2026-01-02T03:04:05Z"}])
    for name in ("catalogue.json", "feed.atom"):
        (folder / "datastore" / name).write_text("", encoding="utf-8")
    secret = folder / "safestats" / "partners-only"
    make_version(secret, "1.0.0", ("by_class",), "safestats")
    list_versions(secret, [{"version": "1.0.0", "status": "released"}])
    combine(folder)
    return folder


def combine(published: Path) -> None:
    """Make the DuckDB files of the audiences, as a run does before it builds the site."""
    staging = published.parent / "staging"
    staging.mkdir(exist_ok=True)
    write_combined(published, staging)


def list_versions(home: Path, entries: list[dict]) -> None:
    """`versions.json` and `latest.json`; the first released entry is the latest."""
    (home / "versions.json").write_text(json.dumps(entries), encoding="utf-8")
    (home / "revisions.csv").write_text("version\n", encoding="utf-8")
    newest = next(entry["version"] for entry in entries if entry["status"] == "released")
    (home / "latest.json").write_text(json.dumps({"version": newest}), encoding="utf-8")
