"""What an alert says: which run failed, in which steps, with what kind of error, and where to look. Never why in the error's words.

A mail or a message in a chat leaves the machine and is kept by others. The message of an error can quote a value of a record,
or a cell that is withheld; so of an error only its class travels, and of everything else only names that the code itself
declares. The one thing in a run that others can name freely is its partition and its tags: a partition is told
where it is a date, and tags are not.
"""

import re
from dataclasses import dataclass

_DECLARED = re.compile(r"[A-Za-z0-9_.:,\[\]/ -]{1,200}")
"""The names of jobs, steps, checks and classes. What does not look like one is not told."""

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_RUN = re.compile(r"[0-9a-f-]{8,36}")
UNTOLD = "(not told here)"


@dataclass(frozen=True)
class FailedStep:
    """A step that failed: its name, the class of its error, and the checks of it that failed."""

    name: str
    kind: str
    checks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _declared(self.name))
        object.__setattr__(self, "kind", _declared(self.kind))
        object.__setattr__(self, "checks", tuple(map(_declared, self.checks)))


@dataclass(frozen=True)
class Alert:
    """A run that failed. `at` is when, in UTC, as text; `steps` is empty where the run died without a word."""

    run: str
    job: str
    at: str
    partition: str = ""
    steps: tuple[FailedStep, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", self.run if _RUN.fullmatch(self.run) else UNTOLD)
        object.__setattr__(self, "job", _declared(self.job))
        object.__setattr__(self, "partition", self.partition if not self.partition or _DATE.fullmatch(self.partition) else UNTOLD)

    @property
    def subject(self) -> str:
        """One line."""
        return f"Run {self.run[:8]} of the job {self.job} failed" + (f" for {self.partition}" if self.partition else "")

    @property
    def text(self) -> str:
        """The subject, then what failed, then where to look: plain text, a few lines."""
        steps = [
            f"- {step.name}: {step.kind}" + (f" (checks: {', '.join(step.checks)})" if step.checks else "") for step in self.steps
        ] or ["- No step said why: its process ended from outside, or the machine did."]
        where = (
            f"In Dagster's UI: Runs, {self.run}. Checks and numbers are there. What an error said of data is kept on the machine that ran it, "
            "in the folders refused and failures of the work folder, and is not sent."
        )
        return "\n".join([f"{self.subject} at {self.at}.", "", *steps, "", where, ""])

    @property
    def plain(self) -> dict[str, object]:
        """For machines: the subject, the text and each name by itself."""
        steps = [{"step": step.name, "kind": step.kind, "checks": list(step.checks)} for step in self.steps]
        return {"subject": self.subject, "text": self.text, "run": self.run, "job": self.job, "at": self.at, "partition": self.partition, "steps": steps}


def _declared(name: str) -> str:
    return name if _DECLARED.fullmatch(name) else UNTOLD
