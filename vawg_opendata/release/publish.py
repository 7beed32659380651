"""Publishing in one go: a version is prepared, and where its product's declaration asks for nobody's approval, reviewed, approved
and released.

The order is the contract's: the package is built in a staging folder; the intruder attacks it together with everything that its
audience has; its formats and its descriptor are checked; then one rename puts the version in its place, and the lists, the
catalogue and, last, `latest.json` point to it. Where people approve, it waits in the store instead. The actions themselves are
in `lifecycle`, which also completes what a dead run left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from anonymisation import ProtectedTable
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.lifecycle.approval import approve_automatically
from vawg_opendata.release.lifecycle.preparing import PublishedVersion, prepare
from vawg_opendata.release.lifecycle.releasing import is_due, release
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.states import APPROVED, AUTOMATIC, PENDING, RELEASED
from vawg_opendata.release.package.building import Content
from vawg_opendata.release.package.descriptor import InputFile
from vawg_opendata.statistics import Outline


def publish(
    product: Product,
    outline: Outline,
    protected: Mapping[str, ProtectedTable],
    inputs: Sequence[InputFile],
    published: Path,
    *,
    synthetic: bool,
    **how,
) -> PublishedVersion:
    """Publish a product's protected tables as its next version: `publish_content` of what is given.

    `protected` has a table per table of the outline; `inputs` are the files that the product's sources were read from;
    `synthetic` says that they are not of real crimes.
    """
    return publish_content(Content(product, outline, protected, inputs, synthetic), published, **how)


def publish_content(
    content: Content,
    published: Path,
    *,
    who: str = "",
    note: str = "",
    bump: str = "",
    release_at: datetime | None = None,
    hold: bool = False,
    now: datetime | None = None,
) -> PublishedVersion:
    """Prepare the next version of a product, and release it where nobody has to approve it and its time has come.

    `who` prepares it; `note` tells its readers why it is as it is, and must be given when a schema changed; `bump` asks for a
    larger step of the version than the changes are; with `hold` it stays prepared, whoever has to approve it. ReleaseError when
    a check objects, when another run is publishing, when the folder cannot be written, or when a version that was published was
    tampered with.
    """
    with publishing(published, now) as session:
        version = prepare(session, content, who=who, note=note, bump=bump, release_at=release_at)
        if hold or version.state not in PENDING:
            return version
        entry = session.ledger.last(version.audience, version.product, version.version)
        if entry.after != APPROVED:
            entry = approve_automatically(session, entry) or entry
        if entry.after != APPROVED or not is_due(session, entry):
            return replace(version, state=entry.after)
        release(session, entry, AUTOMATIC)
        return replace(version, state=RELEASED, is_new=True, folder=session.store.visible(*entry.key))
