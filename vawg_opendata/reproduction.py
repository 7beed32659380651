"""Building a published version again, from its inputs and beside what readers had then, and telling what is not the same.

The steps are those of `flow`, in a folder inside the work folder that is removed at the end; nothing is published. What a
version was made from, and beside which others, is in its preparation, which is kept beside the published folder.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from vawg_opendata import flow
from vawg_opendata.products import Product
from vawg_opendata.release import ReleaseError
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.preparing import PREPARATION, history
from vawg_opendata.release.lifecycle.reproduce import differences, input_differences
from vawg_opendata.release.lifecycle.store import DESCRIPTOR, Store
from vawg_opendata.release.package.building import build
from vawg_opendata.sample import generate
from vawg_opendata.settings import Settings
from vawg_opendata.steps import step
from vawg_opendata.turns import alone


def reproduce(settings: Settings, product: Product, version: str) -> list[str]:
    """Build a version again and compare: a line per difference, none when it is the same.

    The inputs are those of `settings.landing`, or else of where they were when it was prepared. ReleaseError when nothing is
    known of the version, or when its inputs are not at hand any more. Waits while another run works in the work folder.
    """
    with alone(settings.work):  # before what machines share is held, as every run does: in the other order the two would wait for each other
        return _reproduced(settings, product, version)


@step
def _reproduced(settings: Settings, product: Product, version: str) -> list[str]:
    store = Store(settings.published)
    kept = store.kept(product.audience, product.name, version)
    if not (kept / PREPARATION).is_file():
        raise ReleaseError(f"How {product.name} {version} was made is not known: {kept / PREPARATION} is missing.")
    preparation = json.loads((kept / PREPARATION).read_text(encoding="utf-8"))
    folder = store.visible(product.audience, product.name, version)
    if not (folder / DESCRIPTOR).is_file():
        folder = store.package(product.audience, product.name, version)
    scratch = settings.work / flow.REPRODUCED
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    try:
        # What is made here is no state of the work folder for other machines to go on from, so its steps have no store.
        then = replace(settings, work=scratch, store="", landing=_landing(settings, preparation["origin"], scratch))
        again = _build(then, product, preparation, store)
        return [*again[1], *differences(folder, again[0])]
    finally:
        shutil.rmtree(scratch)


def _landing(settings: Settings, origin: dict, scratch: Path) -> Path:
    """The input files: those given, those of then, or the synthetic ones made again."""
    if settings.landing is not None:
        return settings.landing
    if "sample" in origin:
        sample = origin["sample"]
        generate(sample["records"], sample["seed"], scratch / "landing", first=sample["first"])
        return scratch / "landing"
    if not Path(origin.get("landing", "")).is_dir() or not origin.get("landing"):
        raise ReleaseError("The input files are not where they were. Say where they are, with --landing.")
    return Path(origin["landing"])


def _build(settings: Settings, product: Product, preparation: dict, store: Store) -> tuple[Path, list[str]]:
    """The package built again, and what differs in its inputs.

    What partners get is protected beside what the public got in the same run, so public products of the same measure come first.
    """
    ledger = Ledger(store.ledger).entries
    flow.require_secret(settings, [product])
    flow.read_records(settings)
    for measure in product.measures:
        if measure.name not in preparation["origin"]["entries"]:
            continue
        entries = ledger[: preparation["origin"]["entries"][measure.name]]
        for one in (*flow.before(product, measure.name), product):
            flow.count(replace(settings, products=(one.name,)), one)
            flow.protect_measure(settings, one, measure.name, history(store, entries, one.audience, one.name).held)
    for other, measure in flow.counted_beside(product):
        entries = ledger[: preparation["origin"]["entries"].get(f"{other.name}/{measure}", 0)]
        flow.count(replace(settings, products=(other.name,)), other)
        flow.protect_measure(settings, other, measure, history(store, entries, other.audience, other.name).held)
    if product.linked:
        flow.count(replace(settings, products=(product.name,)), product)
    past = history(store, ledger[: preparation["entries"]], product.audience, product.name)
    flow.protect_records_after(settings, product, past.newest, past.own)
    content = flow.package_content(settings, product)
    if content is None:
        raise ReleaseError(f"No input file gives anything of {product.name}. Say where the files are that it was made from, with --landing.")
    package = settings.work / "package"
    build(content, past, package, note=preparation["note"], bump=preparation["bump"])
    return package, input_differences(preparation["inputs"], content.inputs)
