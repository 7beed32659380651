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
SECRET_BYTES = 32
SAMPLE_SECRET = b"declared secret of the synthetic sample: it protects nobody, because nobody is in it"
"""The secret of synthetic records, so that a sample can be made again anywhere."""
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
    `secret_file` holds the secret from which the keys of records are made; synthetic records need none.
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
    secret_file: Path | None = None

    def __post_init__(self) -> None:
        """SettingsError when the work folder is where readers are let in, or when the name of a folder would be read as data."""
        for folder in (self.work, self.published):
            if named := next((part for part in folder.absolute().parts if "=" in part), ""):  # DuckDB reads `year=2026` as a column of all files below it
                raise SettingsError(f"The folder {named!r} on the way to {folder} would be read as a column of what lies in it; give a folder without = in its path.")
        if self.work.resolve().is_relative_to(self.published.resolve()):
            raise SettingsError(f"The work folder {self.work} lies in the published folder {self.published}; it holds records, so give one outside.")
        if self.bump not in BUMPS:
            raise SettingsError(f"The step of the version is {self.bump!r}; give one of {', '.join(BUMPS[1:])}, or none.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from VAWG_LANDING, VAWG_PUBLISHED, VAWG_WORK, VAWG_PRODUCTS (names, separated by commas),
        VAWG_SAMPLE_RECORDS, VAWG_SAMPLE_SEED, VAWG_WHO, VAWG_NOTE, VAWG_BUMP, VAWG_AT, VAWG_STORE and VAWG_SECRET_FILE; an absent or empty variable leaves the
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
            secret_file=Path(secret) if (secret := environment.get("VAWG_SECRET_FILE")) else None,
        )


def record_secret(settings: Settings, synthetic: bool) -> bytes:
    """The secret from which keys, draws and orders of records are made: of the file that is named or, for synthetic records, a declared one.

    SettingsError where there is none, or one that could be guessed; it never quotes the secret.
    """
    path = settings.secret_file
    if path is None:
        if synthetic:
            return SAMPLE_SECRET
        raise SettingsError(
            "VAWG_SECRET_FILE is not set, and records of people need a secret to make their keys with. Name a file of 32 random bytes or more, such as "
            "of: openssl rand -hex 32. Or publish other products only (VAWG_PRODUCTS)."
        )
    if not path.is_file():
        raise SettingsError(f"VAWG_SECRET_FILE names {path}, which is no file. Name a file of 32 random bytes or more.")
    secret = path.read_bytes().strip()
    if len(secret) < SECRET_BYTES or len(set(secret)) < SECRET_BYTES // 4:
        raise SettingsError(f"The secret in {path} is too short or too simple to be one. Make one, such as with: openssl rand -hex 32")
    return secret


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
