"""Letting approved versions appear: in the published folder, then on the pages and in the DuckDB files made from it.

Used by the command and by the schedule of announced releases. What may appear, and when, is decided in `release.lifecycle.releasing`.
"""

from vawg_opendata.flow import publish_pages
from vawg_opendata.products import Product
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.lifecycle.approval import waiting
from vawg_opendata.release.lifecycle.ledger import Entry
from vawg_opendata.release.lifecycle.releasing import release, release_due
from vawg_opendata.release.lifecycle.session import account, publishing
from vawg_opendata.settings import Settings
from vawg_opendata.steps import step
from vawg_opendata.turns import in_turn


@step
def let_appear(settings: Settings, product: Product | None = None) -> tuple[list[Entry], list[ReleaseError]]:
    """Release the version of a product that waits, or without one all whose time has come, and make the pages; `settings.who` does it, or else
    the account.

    Returns the entries of those that appeared, and why others that are due did not. ReleaseError where the one named must not appear.
    """
    who = settings.who or account()

    def act() -> tuple[list[Entry], list[ReleaseError]]:
        with publishing(settings.published) as session:
            if product is None:
                return release_due(session, who)
            return [release(session, waiting(session, product.audience, product.name), who)], []

    done = in_turn(act)
    publish_pages(settings)
    return done
