"""Release: from protected tables to published versions, and the checks that stand before them.

Functions that assets and the command line call:

    publish(product, outline, protected, inputs, published, *, synthetic) -> PublishedVersion     the whole last step, for one product
    InputFile(source, name, bytes, sha256)                  an input, for the descriptor's sources
    audit(paths) -> AuditReport                             the intruder and all checks, on any published packages (.ok, .lines(), .disclosed)
    validate(folder) -> list[str]                           frictionless, on one package
    check(folder) -> list[str]                              hashes, equal formats and keys, on one package

`outline` is `ProductStatistics.outline`; `protected` maps its tables to `anonymisation.ProtectedTable`. Deciding what may
be seen does not belong here (`anonymisation`), nor does counting (`statistics`).
"""

from vawg_opendata.release.changes.comparison import Changes
from vawg_opendata.release.checks.audit import AuditReport, MeasureAudit, audit
from vawg_opendata.release.checks.integrity import check
from vawg_opendata.release.checks.validation import validate
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.lifecycle.preparing import PublishedVersion
from vawg_opendata.release.package.descriptor import InputFile
from vawg_opendata.release.publish import publish

__all__ = ["AuditReport", "Changes", "InputFile", "MeasureAudit", "PublishedVersion", "ReleaseError", "audit", "check", "publish", "validate"]
