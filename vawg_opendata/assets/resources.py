"""What a run is given: its settings, as Dagster shows and overrides them, and the instance that keeps its history.

Belongs here: the bridge between `settings` and Dagster. Does not belong here: what a setting means (`settings`), or any
step of the flow.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from vawg_opendata.settings import DEFAULT_RECORDS, DEFAULT_SEED, Settings, day
from vawg_opendata.turns import alone

OWNERS = ["team:vawg-open-data"]
HOME = "dagster"


class RunSettings(dg.ConfigurableResource):
    """Where a run reads, works and publishes. Values here go before the environment's."""

    landing: str = ""
    published: str = str(Settings.published)
    work: str = str(Settings.work)
    products: list[str] = []
    sample_records: int = DEFAULT_RECORDS
    sample_seed: int = DEFAULT_SEED
    who: str = ""
    note: str = ""
    bump: str = ""
    at: str = ""
    hold: bool = False
    store: str = ""
    secret_file: str = ""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["RunSettings"]:
        """A run has its work folder for itself: with the in-process executor from its first step to its last."""
        with alone(self.settings.work, context.log.info):
            yield self

    @classmethod
    def of(cls, settings: Settings) -> "RunSettings":
        """The resource that gives these settings."""
        return cls(**cls.config_of(settings))

    @staticmethod
    def config_of(settings: Settings) -> dict:
        """The configuration of this resource that gives these settings."""
        return {
            "landing": str(settings.landing or ""),
            "published": str(settings.published),
            "work": str(settings.work),
            "products": list(settings.products),
            "sample_records": settings.sample_records,
            "sample_seed": settings.sample_seed,
            "who": settings.who,
            "note": settings.note,
            "bump": settings.bump,
            "at": settings.at.isoformat() if settings.at else "",
            "hold": settings.hold,
            "store": settings.store,
            "secret_file": str(settings.secret_file or ""),
        }

    @property
    def settings(self) -> Settings:
        """The settings as the steps take them."""
        return Settings(
            landing=Path(self.landing) if self.landing else None,
            published=Path(self.published),
            work=Path(self.work),
            products=tuple(self.products),
            sample_records=self.sample_records,
            sample_seed=self.sample_seed,
            who=self.who,
            note=self.note,
            bump=self.bump,
            at=day(self.at),
            hold=self.hold,
            store=self.store,
            secret_file=Path(self.secret_file) if self.secret_file else None,
        )


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance that keeps the history of runs: of DAGSTER_HOME, or else one in the work folder.

    It is opened by one process at a time: two that make its databases at once leave them unusable.
    """
    chosen = os.environ.get("DAGSTER_HOME")
    if chosen:
        with alone(Path(chosen)):
            return dg.DagsterInstance.get()
    home = settings.work.resolve() / HOME
    with alone(home):
        shutil.copyfile(Path(__file__).with_name("dagster.yaml"), home / "dagster.yaml")
        return dg.DagsterInstance.from_config(str(home))
