"""Settings of the whole test suite: examples, and which process of several runs what.  Fixtures of one package stay in its folder."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No example is too slow: how long it takes says more of what else the machine does. On CI the same examples every time, so that a commit
# that was green stays green; developers' runs look for new ones.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

LONGEST = (
    ("tests/assets/test_canary.py", "tests/assets/test_run.py"),
    ("tests/exchange/test_machines.py",),
    ("tests/test_cli.py",),
    ("tests/assets/test_ui.py",),
    ("tests/sources/test_crime_extract.py",),
    ("tests/microdata/test_batches.py",),
    ("tests/assets/test_turns.py",),
    ("tests/delivery/test_sites.py",),
    ("tests/delivery/test_tree_targets.py",),
    ("tests/release/test_versions.py",),
    ("tests/release/test_states.py",),
    ("tests/site/test_browser.py",),
)
"""What takes longest, so that it comes first and no process is left alone with it at the end. Files that use one run stand together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; the others keep their order."""
    order = {file: place for place, files in enumerate(LONGEST) for file in files}
    items.sort(key=lambda item: order.get(_file(item.nodeid), len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Files as they stand in `LONGEST` are given to processes whole, in that order, the others one by one."""
    from xdist.scheduler import LoadFileScheduling

    together = {file: files[0] for files in LONGEST for file in files}

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together.get(_file(nodeid), _file(nodeid))

    config.option.loadscopereorder = False  # or the file with the most tests came first
    return InOrder(config, log)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
