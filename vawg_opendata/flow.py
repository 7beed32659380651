"""The flow as plain functions, one per step, in their order: landing, records, statistics, protection, packages, pages.

Each step takes the settings, reads what the step before left in the work folder, and leaves its own result there; the
last two write to the published folder. Dagster's assets call these functions, and so may anything else. How a step
does its work belongs in the part that it calls.

    WORK/sample/                         the synthetic landing folder, when no other is given
    WORK/records/ quarantine/ accounting.json inputs.json digests.json landing.json
    WORK/months/<source>/<month>/        what was read of a month that is a delivery of its own
    WORK/partial/<product>/              counts by the codes of the records, kept by period
    WORK/statistics/<product>/           counts, unprotected
    WORK/protected/<product>/<measure>/  what may be published; and, which may not, the rule and outcome of each cell
    WORK/protected/<product>/records/    records that may be published one by one
    WORK/refused/<product>.txt           what was wrong with a package that was not published
    WORK/failures/                       the words of errors that nobody foresaw (`steps`)
    WORK/reproduced/                     a version that is being built again (`reproduction`), removed at the end or else by the next run
"""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vawg_opendata.corrections import apply_corrections, load_corrections
from vawg_opendata.inputs import Inputs, people_in_extract, source_of, synthetic_sources
from vawg_opendata.judging import MONTHLY, RECORD_TABLES, judge, row_count
from vawg_opendata.kept import counted, counted_beside, protected, protected_folder, protected_records, protected_table, records_folder, tables_beside
from vawg_opendata.microdata import protect_linked, protect_product
from vawg_opendata.problems import RunError
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.products.declaration import AUDIENCES
from vawg_opendata.products.wording import SOURCE_WORDING
from vawg_opendata.record_digests import Digest
from vawg_opendata.release import InputFile, PublishedVersion, ReleaseError
from vawg_opendata.release.checks.held import published_releases, united
from vawg_opendata.release.database.combined import write_combined
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.releasing import release_time
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.store import Store, published_folders
from vawg_opendata.release.lifecycle.versions import latest, listed
from vawg_opendata.release.package.building import Content
from vawg_opendata.release.package.software import inputs_digest
from vawg_opendata.release.publish import publish_content
from vawg_opendata.schemas import CheckResult
from vawg_opendata.settings import Settings, SettingsError, record_secret
from vawg_opendata.site import build_site, place_boundaries, place_population
from vawg_opendata.sources import boundaries, crime_extract, population
from vawg_opendata.sources.landing import LandingReport, read_landing
from vawg_opendata.sources.landing import read_months as read_landing_months
from vawg_opendata.sources.months import Months
from vawg_opendata.statistics import DIGESTS_FILE, FACTS, ProductStatistics, build, count_periods, load_digests, outline_of_records, write_digests
from vawg_opendata.steps import step
from vawg_opendata.turns import alone, in_turn

SAMPLE_FIRST = "2025-12"
"""First month of the offences of the sample: few months, so that a sample of the default size is as dense as the real series."""

REPRODUCED = "reproduced"

BESIDE = "beside.json"
"""How many entries the ledger had when a measure was protected: beside which versions, for whoever builds the package again."""

REFUSED = (
    "Readers keep what they have, and withdrawing does not take it from them. Leave the product out of this run (VAWG_PRODUCTS), and those that stand beside it, so "
    "that the others appear; try it again when more has changed, or correct the source where the revision is wrong."
)
"""What an operator can do about a measure that cannot follow what readers have."""


@dataclass(frozen=True)
class Pages:
    """What readers are given beside packages: the folder of the site, and the DuckDB file of each audience that has a product."""

    site: Path
    databases: tuple[Path, ...]


def chosen_products(settings: Settings) -> tuple[Product, ...]:
    """The products to publish. SettingsError for a name that no product has."""
    unknown = [name for name in settings.products if name not in PRODUCTS]
    if unknown:
        raise SettingsError(f"There is no product {unknown[0]!r}. The products are {', '.join(PRODUCTS)}.")
    return tuple(product for name, product in PRODUCTS.items() if not settings.products or name in settings.products)


@step
def prepare_landing(settings: Settings) -> Path:
    """The landing folder: the one given, or else a synthetic one that is made in the work folder.

    Makes the work folder, readable by its owner only. SettingsError, before anything is done, for a product that there is not, or where the secret that
    linked records of people need is not at hand.
    """
    require_secret(settings, chosen_products(settings))
    settings.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.work.chmod(0o700)
    shutil.rmtree(settings.work / REPRODUCED, ignore_errors=True)
    if settings.landing is not None:
        return settings.landing
    from vawg_opendata.sample import generate

    sample = settings.work / "sample"
    shutil.rmtree(sample, ignore_errors=True)
    generate(settings.sample_records, settings.sample_seed, sample, first=SAMPLE_FIRST)
    return sample


def require_secret(settings: Settings, products: Sequence[Product]) -> None:
    """SettingsError where one of these products has linked records and the secret that they need is not at hand: said before hours of work, not after."""
    if any(product.linked for product in products):
        record_secret(settings, synthetic=settings.landing is None or not people_in_extract(settings.landing))


def landing_folder(settings: Settings) -> Path:
    """Where `prepare_landing` said the input files are."""
    return settings.landing or settings.work / "sample"


@step
def read_records(settings: Settings) -> LandingReport:
    """All input files as records, known errors of their sources corrected. LandingError, before anything is written, with every problem of the files if one is wrong."""
    folder = landing_folder(settings)
    report = read_landing(folder, settings.work)
    files = tuple(InputFile(file.source, file.name, file.bytes, file.sha256) for file in report.files)
    synthetic = synthetic_sources(folder, report)
    wanted = [correction for correction in load_corrections() if source_of(correction.table) not in synthetic]
    made = apply_corrections(wanted, settings.work / "records")
    kept = {schema.name: months for months in (Months(settings.work, module) for module in MONTHLY.values()) for schema in months.source.BY_MONTH}

    def known(table: str, path: Path) -> Digest | None:
        return kept[table].digest(path, table) if table in kept and kept[table].is_as_read(path, table) else None

    write_digests(settings.work / "records", {table for fact in FACTS for table in fact.records}, settings.work / DIGESTS_FILE, known)
    told = [{"table": one.table, "name": one.name, "reason": one.reason, "source": one.source} for one in made]
    Inputs(files, synthetic, tuple(told)).save(settings.work)
    return report


@step
def judge_records(settings: Settings) -> dict[str, list[CheckResult]]:
    """The checks of every record table that the run has, by the name of the table: names and counts, never a row."""
    return judge(settings.work)


@step
def read_months(settings: Settings, source: str, months: Collection[str]) -> tuple[Months, dict[str, bool]]:
    """Read some months of a source that is delivered by month, as far as they have changed; see `sources.landing.read_months`."""
    return read_landing_months(landing_folder(settings), settings.work, MONTHLY[source], months)


@step
def count_some(settings: Settings, product: Product, periods: Collection[str]) -> dict[str, bool]:
    """Bring the partial counts of some periods of a product up to date with the records; by period, whether it had to be counted.

    RunError when no records were read yet.
    """
    digests = settings.work / DIGESTS_FILE
    if not digests.is_file():
        raise RunError(f"There are no records in {settings.work}. Materialise the records first, or run the job publish.")
    return count_periods(product, settings.work / "records", settings.work, load_digests(digests), periods)


@step
def count(settings: Settings, product: Product) -> ProductStatistics | None:
    """The statistics of a product with all totals.

    None, and nothing kept of an earlier run, when no source gives any of it or the settings do not ask for it.
    """
    folder = settings.work / "statistics" / product.name
    shutil.rmtree(folder, ignore_errors=True)
    if product not in chosen_products(settings):
        return None
    records = settings.work / "records"
    if product.linked:
        statistics = outline_of_records(product, records)
    else:
        statistics = build(product, records, settings.work, digests=load_digests(settings.work / DIGESTS_FILE))
    if statistics is not None:
        statistics.save(folder)
    return statistics


@step
def protect_measure(settings: Settings, product: Product, measure: str, held: Sequence[Path] | None = None) -> Mapping[str, Mapping[str, int]] | None:
    """Decide what may be published of all tables of a measure together. Returns numbers of cells by table, safe to log.

    None, and nothing kept of an earlier run, when no table of the measure was counted. A measure belongs to one product
    of an audience, so tables that share cells are protected together, beside all versions that the audience holds: what it
    has (`held`, the packages of these versions, by default those of the published folder) and what has not changed stays as it
    is. Partners hold the public tables too: those that this run has protected stand
    beside theirs, so public products come first. That nothing is disclosed is proven by the audit before anything is
    published. ReleaseRefusedError, naming cells but no count, where it cannot be kept.
    """
    folder = protected_folder(settings, product, measure)
    shutil.rmtree(folder, ignore_errors=True)
    statistics = counted(settings, product)
    tables = [table for table in statistics.counts.values() if table.measure == measure] if statistics else []
    if statistics is None or not tables:
        return None
    from anonymisation.appetite import name_of
    from anonymisation.outcomes import outcomes
    from anonymisation.releases import ReleaseRefusedError, protect_beside

    others, shown, least, hierarchies = [], {}, {}, [statistics.outline.hierarchies(measure)]
    for other in before(product, measure):
        theirs = counted(settings, other)
        if theirs is not None and protected_folder(settings, other, measure).is_dir():
            hierarchies.append(theirs.outline.hierarchies(measure))
            same = {name: table for name, table in theirs.counts.items() if table.measure == measure}
            others += same.values()
            shown |= {name: protected_table(settings, other, table) for name, table in same.items()}
            least |= dict.fromkeys(same, other.policy.least)
    folders = published_folders(settings.published) if held is None else held
    releases = published_releases(folders, product.audience, measure)
    try:
        protection = protect_beside(tables, united(hierarchies), product.policy, releases, others, shown, least)
    except ReleaseRefusedError as error:
        error.args = (f"{product.name}: {error}. {REFUSED}",)
        raise
    folder.mkdir(mode=0o700, parents=True)
    for name, table in protection.tables.items():
        np.savez_compressed(folder / f"{name}.npz", values=table.values, published=table.published)
    entries = len(Ledger(Store(settings.published).ledger).entries)
    (folder / BESIDE).write_text(json.dumps({"entries": entries}), encoding="utf-8")
    decided = outcomes(tables, united(hierarchies), protection.tables, product.policy, name_of(product.policy))
    for name, frame in decided.items():
        frame.to_parquet(folder / f"{name}.outcomes.parquet", index=False)
    return protection.summary


@step
def protect_records(settings: Settings, product: Product) -> Mapping[str, object] | None:
    """`protect_records_after` the newest version that is published, and all that readers had."""
    had = published_folders(settings.published, product.audience, product.name)
    return protect_records_after(settings, product, latest_folder(settings, product), had)


def protect_records_after(settings: Settings, product: Product, last: Path | None, had: Sequence[Path]) -> Mapping[str, object] | None:
    """Decide what may be published of the records of a product. Returns numbers of records and losses, safe to log.

    None, and nothing kept of an earlier run, when it has no list of records, was not counted, or no source has such records.
    Tables come first. `last` is the version that readers have, `had` are all that they have or have had, newest first: a list that would single out
    who came or went stays as it was there, or is made coarser, and cases that were told once are not told again. Raises as `microdata.protect_product`.
    """
    folder = records_folder(settings, product)
    shutil.rmtree(folder, ignore_errors=True)
    statistics = counted(settings, product)
    if statistics is None or not (product.records or product.linked):
        return None
    if product.linked:
        secret = record_secret(settings, crime_extract.NAME in Inputs.load(settings.work).synthetic)
        made = protect_linked(product.linked, settings.work / "records", tables_beside(settings, product), secret, statistics.outline.months[-1], last, had)
    else:
        made = protect_product(product, settings.work / "records", protected(settings, product, statistics), statistics.outline, last, had)
    if made is None:
        return None
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made.save(folder)
    return made.summary


def before(product: Product, measure: str) -> tuple[Product, ...]:
    """The products of audiences that see less and publish the same measure: whoever is shown this product holds them."""
    earlier = AUDIENCES[: AUDIENCES.index(product.audience)]
    return tuple(one for one in PRODUCTS.values() if one.audience in earlier and measure in {measure.name for measure in one.measures})


def sharing(product: Product) -> tuple[tuple[Product, str], ...]:
    """By product, this one too, the measures that this one has as well: all of them are protected before one is published.

    What readers hold decides about a pattern, so a version published in between would make the pattern of another depend on the order of steps.
    """
    own = {measure.name for measure in product.measures}
    return tuple((one, measure.name) for one in PRODUCTS.values() for measure in one.measures if measure.name in own)


def package_content(settings: Settings, product: Product) -> Content | None:
    """What the steps before left of a product, as its package takes it; None without statistics."""
    statistics = counted(settings, product)
    if statistics is None or (product.linked and protected_records(settings, product) is None):
        return None
    inputs = Inputs.load(settings.work)
    sources = set(statistics.outline.sources.values())
    files = [file for file in inputs.files if file.source in sources]
    return Content(
        product,
        statistics.outline,
        protected(settings, product, statistics),
        files,
        synthetic=not sources.isdisjoint(inputs.synthetic),
        origin=_origin(settings) | {"entries": _entries(settings, product)},
        corrections=[
            {key: correction[key] for key in ("name", "reason", "source")}
            for correction in inputs.corrections
            if source_of(correction["table"]) in sources
        ],
        microdata=protected_records(settings, product),
        inputs_digest=_inputs_digest(settings, files, {source for source in sources - set(inputs.synthetic) if not SOURCE_WORDING[source].path}),
    )


def _inputs_digest(settings: Settings, files: Sequence[InputFile], restricted: Collection[str]) -> str:
    """What readers are told of the input files: with files that only the force has, nothing that could be tried without its secret."""
    if not restricted:
        return inputs_digest(files)
    return inputs_digest(files, record_secret(settings, synthetic=False)) if settings.secret_file else ""


def _entries(settings: Settings, product: Product) -> dict[str, int]:
    """By measure, how many entries the ledger had when it was protected; of measures of other products by product and measure."""
    paths = {measure.name: protected_folder(settings, product, measure.name) / BESIDE for measure in product.measures}
    paths |= {f"{other.name}/{measure}": protected_folder(settings, other, measure) / BESIDE for other, measure in counted_beside(product)}
    return {name: json.loads(path.read_text(encoding="utf-8"))["entries"] for name, path in paths.items() if path.is_file()}


def _origin(settings: Settings) -> dict[str, object]:
    """How the input files of a run can be had again, as it is kept with what was made from them."""
    if settings.landing is None:
        return {"sample": {"records": settings.sample_records, "seed": settings.sample_seed, "first": SAMPLE_FIRST}}
    return {"landing": str(settings.landing.resolve())}


@step
def publish_product(settings: Settings, product: Product) -> PublishedVersion | None:
    """Prepare the next version of a product, and publish it unless people must approve it first; None without statistics.

    ReleaseError when a check objects. What it found can quote cells: it stays in the work folder, and the message says where.
    """
    refused = settings.work / "refused" / f"{product.name}.txt"
    refused.unlink(missing_ok=True)
    content = package_content(settings, product)
    if content is None:
        return None
    try:
        at = release_time(settings.at) if settings.at else None
        how = {"who": settings.who, "note": settings.note, "bump": settings.bump, "release_at": at, "hold": settings.hold}
        return in_turn(lambda: publish_content(content, settings.published, **how))
    except ReleaseError as error:
        if not error.faults:
            raise
        refused.parent.mkdir(mode=0o700, exist_ok=True)
        refused.write_text("".join(f"{fault}\n" for fault in error.faults), encoding="utf-8")
        raise ReleaseError(f"{error} They are listed in {refused}.", error.faults) from None


@step
def latest_folder(settings: Settings, product: Product) -> Path | None:
    """The folder of a product's latest published version; None when nothing of it is published."""
    home = settings.published / product.audience / product.name
    version = latest(home)
    return None if version is None else home / version


@step
def published_versions(settings: Settings, audience: str) -> list[tuple[str, str]]:
    """The versions that an audience is shown, withdrawn ones not: product and version."""
    homes = sorted(path.parent for path in (settings.published / audience).glob("*/versions.json"))
    return [(home.name, entry["version"]) for home in homes for entry in listed(home) if entry["status"] == RELEASED]


@step
def publish_pages(settings: Settings) -> Pages:
    """Make the public site and the DuckDB file of each audience from what is released, once no other run is publishing.

    Whoever releases or withdraws a version calls this afterwards: withdrawing takes the pages and files away that show it.
    """

    def make() -> Pages:
        with publishing(settings.published) as session:
            if settings.landing is not None:
                place_boundaries(boundaries.sound(settings.landing / boundaries.NAME), settings.published)
                place_population(population.sound(settings.landing / population.NAME), settings.published)
            databases = write_combined(settings.published, session.staging)
            return Pages(build_site(settings.published), tuple(databases))

    return in_turn(make)


def run(settings: Settings) -> list[PublishedVersion]:
    """The whole flow. Raises what its steps raise; a product that no source can give is left out."""
    products = chosen_products(settings)
    with alone(settings.work):
        prepare_landing(settings)
        read_records(settings)
        for product in products:
            count(settings, product)
            for measure in product.measures:
                protect_measure(settings, product, measure.name)
            protect_records(settings, product)
        published = [publish_product(settings, product) for product in products]
        publish_pages(settings)
    return [version for version in published if version is not None]
