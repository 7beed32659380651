"""How a step of the flow is run: on the newest state where machines share one, and what it may say when it fails.

What a step raises ends up in Dagster's history, in logs and in mails. The errors of this software are written for that: they name
files, columns and checks, never a value of a record. An error that nobody foresaw is not: DuckDB, Arrow and Python quote the value
that they could not use. Its class is told, and its words are kept in the work folder, which only its owner can read:

    WORK/failures/<time>-<step>-<number>.txt

Which steps there are is for `flow`.
"""

import functools
import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Concatenate, ParamSpec, TypeVar

from vawg_opendata.problems import AccountingError, LandingError, RunError
from vawg_opendata.settings import Settings, SettingsError

_P = ParamSpec("_P")
_T = TypeVar("_T")

FAILURES = "failures"

TELLABLE = (RunError, LandingError, AccountingError, SettingsError)
"""Errors whose messages are written to be read by anyone who may see that a run failed. What caused them is not told."""

class StepError(RunError):
    """A step that failed in a way that nobody foresaw. The message says where its words are, and not what they are."""


def step(function: Callable[Concatenate[Settings, _P], _T]) -> Callable[Concatenate[Settings, _P], _T]:
    """Run a function of the flow as a step. StepError in place of an error whose message may quote a record.

    Where the settings name a store, the folders are brought to its newest state before, and what changed is committed after.
    """

    @functools.wraps(function)
    def run(settings: Settings, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        def guarded() -> _T:
            try:
                return function(settings, *args, **kwargs)
            except Exception as error:
                if _tellable(error):
                    raise error from None
                raise StepError(_told(settings, function.__name__, error)) from None

        if not settings.store:
            return guarded()
        from vawg_opendata.exchange import shared  # needs an extra that one machine does without

        return shared(settings, guarded)

    return run


def _tellable(error: Exception) -> bool:
    from anonymisation.releases import ReleaseRefusedError  # heavy, and only needed when something failed
    from vawg_opendata.statistics import StatisticsError

    return isinstance(error, (*TELLABLE, ReleaseRefusedError, StatisticsError))


def _told(settings: Settings, name: str, error: Exception) -> str:
    """Keep the words of an error, and say where they are."""
    folder = settings.work / FAILURES
    try:
        settings.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{name}-{os.getpid()}.txt"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(traceback.format_exception(error))
    except OSError as unkept:
        return f"The step {name} failed with {type(error).__name__}. Its words may quote a record and could not be kept: {unkept.strerror}."
    return f"The step {name} failed with {type(error).__name__}. Its words may quote a record, so they are kept in {path} and not told here."
