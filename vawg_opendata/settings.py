"""The settings of a run: where it reads, where it works, where it publishes. They come from here and nowhere else.

A setting is an environment variable with a default; the command line and Dagster's launchpad may give another value for
one run. What a product is or how it is protected is no setting: that is declared in `products`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_RECORDS = 100_000
DEFAULT_SEED = 1


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable, its value and what it should be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where and what to publish.

    `landing` is the folder of input files; None means that a synthetic one of `sample_records` records is made with
    `sample_seed`. `products` are names of products; empty means all.
    """

    landing: Path | None = None
    published: Path = Path("published")
    work: Path = Path(".work")
    products: tuple[str, ...] = ()
    sample_records: int = DEFAULT_RECORDS
    sample_seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        """SettingsError when the work folder is where readers are let in."""
        if self.work.resolve().is_relative_to(self.published.resolve()):
            raise SettingsError(f"The work folder {self.work} lies in the published folder {self.published}; it holds records, so give one outside.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from VAWG_LANDING, VAWG_PUBLISHED, VAWG_WORK, VAWG_PRODUCTS (names, separated by commas),
        VAWG_SAMPLE_RECORDS and VAWG_SAMPLE_SEED; an absent or empty variable leaves the default. SettingsError when a
        number is not one."""
        landing = environment.get("VAWG_LANDING")
        return cls(
            landing=Path(landing) if landing else None,
            published=Path(environment.get("VAWG_PUBLISHED") or cls.published),
            work=Path(environment.get("VAWG_WORK") or cls.work),
            products=tuple(name.strip() for name in environment.get("VAWG_PRODUCTS", "").split(",") if name.strip()),
            sample_records=_whole_number(environment, "VAWG_SAMPLE_RECORDS", cls.sample_records),
            sample_seed=_whole_number(environment, "VAWG_SAMPLE_SEED", cls.sample_seed),
        )


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{name} is {text!r}; give a whole number, such as {default}.")
    return int(text)
