"""Guards that the README names the commands, options and settings there are, all of them and no others."""

import argparse
import re

from tests.paths import REPOSITORY
from vawg_opendata.cli import parser
from vawg_opendata.products import PRODUCTS

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"^(?: {4}|\|).*$", README, re.M) + re.findall(r"`([^`\n]+)`", README))


def commands() -> dict[str, argparse.ArgumentParser]:
    return next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)).choices


def test_every_make_target_is_explained_and_exists():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, re.M).group(1).split()) - {"help"}
    assert set(re.findall(r"\bmake ([a-z]+)", CODE)) == targets
    assert set(re.findall(r'"make ([a-z]+)', makefile)) == targets  # what `make help` says
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M)


def test_every_command_is_explained_and_exists():
    assert set(re.findall(r"^ {4}(?:\S*/)?vawg ([a-z]+)", README, re.M)) == set(commands())


def test_every_option_is_explained_and_exists():
    for name, command in commands().items():
        usage = re.search(rf"^ {{4}}vawg {name}\b(.*?)(?: {{3,}}|$)", README, re.M).group(1)
        options = {option for action in command._actions for option in action.option_strings} - {"-h", "--help"}
        assert set(re.findall(r"--[a-z]+", usage)) == options, name


def test_every_setting_is_explained_and_exists():
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "vawg_opendata").rglob("*.py"))
    used = set(re.findall(r'"(VAWG_[A-Z_]+)"', sources))
    table = {name for row in re.findall(r"^\| `VAWG_.*$", README, re.M) for name in re.findall(r"VAWG_[A-Z_]+", row)}
    assert table == used


def test_every_product_is_explained():
    assert set(PRODUCTS) == set(re.findall(r"^\| `([a-z-]+)` \| ", README, re.M))


def test_links_within_the_page_lead_somewhere():
    headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", README, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings
