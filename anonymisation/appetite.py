"""The risk appetite: which policies there are, by name, read from one commented YAML file.

Belongs here: reading that file, strictly.  Does not belong here: what policies mean (``policy``,
``perturbation.policies``), or which product is published under which.

The file that comes with the library is ``appetite.yaml`` beside this module; an organisation can give its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anonymisation.errors import AnonymisationError
from anonymisation.perturbation.policies import CellKey, Nhs, PerturbationPolicy, Rounding, TenFive
from anonymisation.policy import Policy
from anonymisation.primary import GroupDisclosure, Singletons

if TYPE_CHECKING:
    import yaml

BUILT_IN = Path(__file__).with_name("appetite.yaml")

KINDS: Mapping[str, type] = {
    "suppression": Policy,
    "rounding": Rounding,
    "ten_five": TenFive,
    "nhs": Nhs,
    "cell_key": CellKey,
}


class AppetiteError(AnonymisationError, ValueError):
    """A risk appetite that says something impossible or unknown; the message names the file, the line and the preset."""


@dataclass(frozen=True)
class Preset:
    """A policy with its name and a title for people."""

    name: str
    title: str
    policy: Policy | PerturbationPolicy


@cache
def load_appetite(path: Path = BUILT_IN) -> Mapping[str, Preset]:
    """The presets of a file by name.  Raises ``AppetiteError`` saying what is wrong, where, and what to do."""
    import yaml

    path = Path(path)
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise AppetiteError(f"{path.name}: cannot be read ({error.strerror}); give a YAML file of presets") from None
    except UnicodeDecodeError:
        raise AppetiteError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AppetiteError(f"{path.name}, line {line}: is not YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise AppetiteError(f"{path.name}: is not YAML: it holds a character that text does not") from None
    file = _File(path.name)
    top = file.mapping(tree, "the file", {"presets"}, required=("presets",))
    return {name: file.preset(name, node) for name, node in file.mapping(top["presets"], "presets").items()}


def preset(name: str, path: Path = BUILT_IN) -> Preset:
    """The preset called ``name``.  Raises ``AppetiteError`` naming those there are."""
    presets = load_appetite(path)
    if name not in presets:
        raise AppetiteError(f"{Path(path).name}: there is no preset {name!r}; there are {', '.join(presets)}")
    return presets[name]


def name_of(policy: Policy | PerturbationPolicy, path: Path = BUILT_IN) -> str | None:
    """The name of the first preset that says what ``policy`` does; None where none does."""
    return next((name for name, entry in load_appetite(path).items() if entry.policy == policy), None)


class _File:
    """Reads the nodes of one file, so that every error can name its line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fail(self, node: yaml.Node | None, problem: str) -> AppetiteError:
        line = f", line {node.start_mark.line + 1}" if node is not None else ""
        return AppetiteError(f"{self._name}{line}: {problem}")

    def mapping(
        self, node: yaml.Node | None, what: str, known: set[str] | None = None, required: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        import yaml

        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, f"{what} must be keys with values; write `key: value` lines")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if known is not None and name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(sorted(known))}"
                raise self.fail(key, f"{what} has the unknown key {name!r}; {hint}")
            if name in found:
                raise self.fail(key, f"{what} has the key {name!r} twice; keep one")
            found[name] = value
        for name in required:
            if name not in found:
                raise self.fail(node, f"{what} lacks {name!r}; add it")
        return found

    def preset(self, name: str, node: yaml.Node) -> Preset:
        what = f"preset {name!r}"
        kind = self.value(self.mapping(node, what, required=("title", "kind"))["kind"], f"{what}: kind", str)
        if kind not in KINDS:
            raise self.fail(node, f"{what} has the unknown kind {kind!r}; give one of {', '.join(KINDS)}")
        # A parameter is of the type of its default.
        defaults = {field.name: field.default for field in fields(KINDS[kind]) if field.default is not MISSING}
        entries = self.mapping(node, f"{what} of kind {kind}", {"title", "kind", *defaults})
        title = self.value(entries.pop("title"), f"{what}: title", str)
        del entries["kind"]
        given = {
            key: self.rules(value, what) if key == "rules" else self.value(value, f"{what}: {key}", type(defaults[key]))
            for key, value in entries.items()
        }
        try:
            return Preset(name, title, KINDS[kind](**given))
        except ValueError as error:
            raise self.fail(node, f"{what}: {error}") from None

    def rules(self, node: yaml.Node, what: str) -> tuple[Singletons | GroupDisclosure, ...]:
        import yaml

        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, f"{what}: rules must be a list; write one `- rule` line each")
        found: list[Singletons | GroupDisclosure] = []
        for entry in node.value:
            if isinstance(entry, yaml.MappingNode):
                keys = self.mapping(entry, f"{what}: a rule", {"group_disclosure"}, required=("group_disclosure",))
                found.append(GroupDisclosure(self.value(keys["group_disclosure"], f"{what}: group_disclosure", str)))
            elif self.value(entry, f"{what}: a rule", str) == "singletons":
                found.append(Singletons())
            else:
                raise self.fail(
                    entry, f"{what} has the unknown rule {entry.value!r}; give singletons or `group_disclosure: <dimension>`"
                )
        return tuple(found)

    def value(self, node: yaml.Node, what: str, kind: type) -> object:
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, f"{what} must be one value, not several")
        try:
            value = yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError):  # a tag that YAML does not define, or that its value does not fit
            raise self.fail(node, f"{what} has the tag {node.tag!r}; leave tags out") from None
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
            raise self.fail(node, f"{what} must be {words[kind]}, not {node.value!r}")
        return value
