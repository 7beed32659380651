"""The settings of a run: where it reads, where it works, where it publishes. They come from here and nowhere else.

A setting is an environment variable with a default; the command line and Dagster's launchpad may give another value for
one run. What a product is or how it is protected is no setting: that is declared in `products`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

DEFAULT_RECORDS = 100_000
DEFAULT_SEED = 1
BUMPS = ("", "MAJOR", "MINOR", "PATCH")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable, its value and what it should be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where and what to publish.

    `landing` is the folder of input files; None means that a synthetic one of `sample_records` records is made with
    `sample_seed`. `products` are names of products; empty means all. Of the versions that the run prepares, `who` prepares them
    (empty: the account), `note` tells their readers why they are as they are, `bump` is the step that is asked for at least
    (MAJOR, MINOR or PATCH), and `at` is the day on which they appear (None: as soon as they are approved). With `hold` none is
    approved or released by the run itself. `store` is the object store through which machines share the two folders (empty: one machine).
    """

    landing: Path | None = None
    published: Path = Path("published")
    work: Path = Path(".work")
    products: tuple[str, ...] = ()
    sample_records: int = DEFAULT_RECORDS
    sample_seed: int = DEFAULT_SEED
    who: str = ""
    note: str = ""
    bump: str = ""
    at: date | None = None
    hold: bool = False
    store: str = ""

    def __post_init__(self) -> None:
        """SettingsError when the work folder is where readers are let in."""
        if self.work.resolve().is_relative_to(self.published.resolve()):
            raise SettingsError(f"The work folder {self.work} lies in the published folder {self.published}; it holds records, so give one outside.")
        if self.bump not in BUMPS:
            raise SettingsError(f"The step of the version is {self.bump!r}; give one of {', '.join(BUMPS[1:])}, or none.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from VAWG_LANDING, VAWG_PUBLISHED, VAWG_WORK, VAWG_PRODUCTS (names, separated by commas),
        VAWG_SAMPLE_RECORDS, VAWG_SAMPLE_SEED, VAWG_WHO, VAWG_NOTE, VAWG_BUMP, VAWG_AT and VAWG_STORE; an absent or empty variable leaves the
        default. SettingsError when a number or a day is not one."""
        landing = environment.get("VAWG_LANDING")
        return cls(
            landing=Path(landing) if landing else None,
            published=Path(environment.get("VAWG_PUBLISHED") or cls.published),
            work=Path(environment.get("VAWG_WORK") or cls.work),
            products=tuple(name.strip() for name in environment.get("VAWG_PRODUCTS", "").split(",") if name.strip()),
            sample_records=_whole_number(environment, "VAWG_SAMPLE_RECORDS", cls.sample_records),
            sample_seed=_whole_number(environment, "VAWG_SAMPLE_SEED", cls.sample_seed),
            who=environment.get("VAWG_WHO", ""),
            note=environment.get("VAWG_NOTE", ""),
            bump=environment.get("VAWG_BUMP", ""),
            at=day(environment.get("VAWG_AT", "")),
            store=environment.get("VAWG_STORE", ""),
        )


def day(text: str) -> date | None:
    """A day written as 2026-12-03; None for an empty text. SettingsError for anything else."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise SettingsError(f"{text!r} is no day; give one such as 2026-12-03.") from None


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{name} is {text!r}; give a whole number, such as {default}.")
    return int(text)
