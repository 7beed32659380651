"""Withdrawing a version where something else went wrong: readers do not have it any more, whatever that was."""

import shutil
from datetime import timedelta

import pytest

from tests.release.packages import LARGE, MIXED, NOW, PLACE, PRODUCT, release
from vawg_opendata.release import ReleaseError
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.releasing import withdraw
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.states import WITHDRAWN
from vawg_opendata.release.lifecycle.store import Store
from vawg_opendata.release.lifecycle.versions import latest, listed

TOMB = ["README.md", "SHA256SUMS", "withdrawn.json"]


def entries(published):
    return Ledger(Store(published).ledger).entries


@pytest.mark.parametrize("kept", [-1, -2], ids=["the line feed", "the line"])
def test_a_withdrawal_that_the_ledger_lost_is_noticed_and_readers_still_do_not_have_the_version(first, published, home, kept):
    """The last entry of a chain of hashes can be cut off without breaking it; what is published then says more than the ledger."""
    with publishing(published, NOW) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "ages were swapped")
    path = Store(published).ledger
    told = {name: (home / name).read_bytes() for name in ("versions.json", "revisions.csv")}
    path.write_bytes(path.read_bytes()[:-1] if kept == -1 else b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(ReleaseError, match="the ledger has lost entries at its end"), publishing(published):
        pass
    assert told == {name: (home / name).read_bytes() for name in told} and latest(home) is None
    with publishing(published, NOW, settled=False) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "ages were swapped")
    assert entries(published)[-1].after == WITHDRAWN and listed(home)[0]["status"] == WITHDRAWN


def test_a_withdrawal_waits_for_nothing_that_is_wrong_elsewhere(first, tmp_path, published, home):
    release(tmp_path, published, MIXED, now=NOW)
    shutil.copytree(home / "1.0.0", home / "9.0.0")  # nobody released it, and nobody may publish before it is looked at
    with pytest.raises(ReleaseError, match="9.0.0 was released by nobody"), publishing(published):
        pass
    with pytest.raises(ReleaseError, match="1.0.1 is withdrawn, and readers do not have it.* wrong: .*9.0.0"), publishing(published, NOW, settled=False) as session:
        withdraw(session, *PLACE, "1.0.1", "Bea", "ages were swapped")
    assert sorted(path.name for path in (home / "1.0.1").iterdir()) == TOMB
    assert latest(home) == "1.0.0" and listed(home)[0]["status"] == WITHDRAWN
    assert not (home / "revisions.csv").exists()  # it quotes what was withdrawn, and is written again once all is well
    shutil.rmtree(home / "9.0.0")
    with publishing(published):
        assert (home / "revisions.csv").read_text(encoding="utf-8").count("\n") == 1


def test_a_release_that_died_before_the_ledger_said_so_is_withdrawn_from_readers(tmp_path, published, home):
    """Withdrawing settles nothing before it: without its release in the ledger the version would be one that readers never had."""
    release(tmp_path, published, LARGE, now=NOW, release_at=NOW + timedelta(days=1))
    home.mkdir(parents=True)
    Store(published).package(*PLACE, "1.0.0").rename(home / "1.0.0")
    with publishing(published, NOW + timedelta(days=1), settled=False) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "ages were swapped")
    assert sorted(path.name for path in (home / "1.0.0").iterdir()) == TOMB
    assert listed(home)[0]["status"] == WITHDRAWN and latest(home) is None
    assert [entry.action for entry in entries(published)][-2:] == ["release", "withdraw"]


@pytest.mark.parametrize("harm", ["its descriptor is gone", "a backup has put it back"])
def test_a_withdrawn_version_goes_whatever_became_of_its_folder(first, published, home, harm):
    shutil.copytree(home / "1.0.0", published.parent / "backup")
    if harm == "its descriptor is gone":
        (home / "1.0.0" / "datapackage.json").unlink()
    with publishing(published, NOW, settled=False) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "ages were swapped")
    if harm == "a backup has put it back":
        shutil.rmtree(home / "1.0.0")
        shutil.copytree(published.parent / "backup", home / "1.0.0")
        with publishing(published):
            pass
    assert sorted(path.name for path in (home / "1.0.0").iterdir()) == TOMB
    assert listed(home)[0]["status"] == WITHDRAWN and latest(home) is None
