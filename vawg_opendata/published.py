"""What is looked at of what readers have, as steps: packages by their own words, all of an audience by the intruder, and how long readers wait.

Belongs here: whose folder is looked at, on the newest state where machines share one. What is sound is decided in `release.checks`. A package that was
damaged can break whatever reads it, in words that quote it: `steps` keeps them in the work folder.
"""

from collections.abc import Callable
from pathlib import Path

from vawg_opendata.flow import latest_folder, published_versions
from vawg_opendata.products import Product
from vawg_opendata.release import AuditReport
from vawg_opendata.release.lifecycle.staleness import Visible, visible
from vawg_opendata.settings import Settings
from vawg_opendata.steps import step


@step
def judge_package(settings: Settings, product: Product, judge: Callable[[Path], list[str]]) -> list[str] | None:
    """The problems that `judge` finds in the latest version of a product; None when nothing of it is published."""
    folder = latest_folder(settings, product)
    return None if folder is None else judge(folder)


@step
def audit_audience(settings: Settings, audience: str) -> AuditReport | None:
    """What the intruder finds in all that an audience is shown; None when that is nothing."""
    from vawg_opendata.release import audit  # heavy, and needed by a check alone

    return audit([settings.published / audience]) if published_versions(settings, audience) else None


@step
def readers_wait(settings: Settings, product: Product) -> Visible | None:
    """How long readers of a product have had nothing newer; None when they have nothing."""
    return visible(settings.published / product.audience / product.name, product.frequency)
