"""A small part of the fault campaign that `make faults` runs whole: whatever happens to a publisher, readers see whole versions."""

import pytest

from tests.release.faults.campaign import Campaign
from tests.release.faults.reader import problems


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    return Campaign(tmp_path_factory.mktemp("faults"))


def test_the_reader_sees_what_is_not_whole(campaign):
    """The campaign can fail: a reader who sees nothing would find every publisher sound."""
    published = next(one for one in campaign.scenarios if one.name == "withdrawal").start / "published"
    package = published / "datastore" / "victims-test" / "1.0.1"
    for path in (package / "data" / "caveats.csv", package / "SHA256SUMS", package / "datapackage.json", package.parent / "versions.json"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-3])
        assert problems(published)
        path.unlink()
        assert problems(published) or path.name == "versions.json"
        path.write_bytes(whole)
    assert problems(published) == []


def test_a_killed_publisher_leaves_whole_versions_and_the_next_run_ends_as_if_undisturbed(campaign):
    campaign.kills_at_changes(every=60)
    campaign.kills_at_random(3)
    assert campaign.outcome.faults == []


def test_a_full_disk_is_told_and_leaves_whole_versions(campaign):
    campaign.small_files(sizes=(100,))
    assert campaign.outcome.faults == []


def test_two_publishers_at_once_leave_what_one_would(campaign):
    campaign.two_at_once(1)
    assert campaign.outcome.faults == []


def test_a_clock_that_jumps_changes_nothing_but_times(campaign):
    campaign.jumping_clocks(2)
    assert campaign.outcome.faults == []
