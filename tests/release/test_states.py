"""States of versions: who may do what and when, what is kept of it, and what readers see of it."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.release.packages import INPUTS, LARGE, MIXED, NOW, PLACE, PRODUCT, count, protected, release_beside
from vawg_opendata.products.declaration import Approval
from vawg_opendata.release import ReleaseError, audit, publish
from vawg_opendata.release.lifecycle.approval import approve, lacking, review
from vawg_opendata.release.lifecycle.ledger import Ledger, LedgerError
from vawg_opendata.release.lifecycle.releasing import due, in_words, release, release_due, release_time, withdraw
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.states import APPROVED, IN_REVIEW, PREPARED, RELEASED, TRANSITIONS, WITHDRAWN
from vawg_opendata.release.lifecycle.store import Store, published_folders
from vawg_opendata.release.lifecycle.versions import latest, listed

TWO_PEOPLE = replace(PRODUCT, approval=Approval(public=2))


def prepare(tmp_path, counts=LARGE, product=TWO_PEOPLE, **more):
    statistics = count(tmp_path, counts, product)
    return publish(product, statistics.outline, protected(statistics, product), INPUTS, tmp_path / "published", synthetic=False, **{"now": NOW} | more)


def ledger(published):
    return Ledger(Store(published).ledger)


def state(published, version="1.0.0"):
    return ledger(published).last(*PLACE, version).after


def test_every_state_leads_somewhere_and_only_approved_versions_are_released():
    assert {transition.to for transition in TRANSITIONS.values()} == {PREPARED, IN_REVIEW, APPROVED, RELEASED, WITHDRAWN}
    assert [name for name, transition in TRANSITIONS.items() if transition.to == RELEASED and name != "adopt"] == ["release"]
    assert TRANSITIONS["release"].allowed == (APPROVED,)
    assert all(TRANSITIONS["withdraw"].allowed.count(one) == 1 for one in (PREPARED, IN_REVIEW, APPROVED, RELEASED))


def test_two_people_who_did_not_prepare_it_approve_a_version(tmp_path, published, home):
    version = prepare(tmp_path, who="Ann Analyst")
    assert (version.state, version.is_new) == (PREPARED, True) and not home.exists()
    with publishing(published) as session:
        with pytest.raises(ReleaseError, match="Read its report first"):
            approve(session, *PLACE, "Bea", "looks fine")
        with pytest.raises(ReleaseError, match="'release' is not allowed"):
            release(session, session.pending(*PLACE), "Bea")
        entry, report = review(session, *PLACE, "Bea")
        assert entry.after == IN_REVIEW and "People who must approve it: 2" in report
        with pytest.raises(ReleaseError, match="ann ANALYST, who prepared it"):
            approve(session, *PLACE, " ann  ANALYST ", "fine")
        endorsed = approve(session, *PLACE, "Bea", "read it")
        assert endorsed.after == IN_REVIEW and lacking(session, endorsed) == 1
        with pytest.raises(ReleaseError, match="has approved it already"):
            approve(session, *PLACE, "bea", "again")
        with pytest.raises(ReleaseError, match="Say who you are"):
            approve(session, *PLACE, "  ", "nobody")
        with pytest.raises(ReleaseError, match="Say why"):
            approve(session, *PLACE, "Cid", " ")
        assert approve(session, *PLACE, "Cid", "read it").after == APPROVED
        assert not home.exists() and release_due(session, "cron") == ([], [])  # a time that nobody set does not come
        release(session, session.pending(*PLACE), "Cid")
    assert latest(home) == "1.0.0" and audit([published]).ok
    assert [(entry.action, entry.who) for entry in ledger(published).entries] == [
        ("prepare", "Ann Analyst"), ("review", "Bea"), ("endorse", "Bea"), ("approve", "Cid"), ("release", "Cid"),
    ]  # fmt: skip
    assert all(entry.at and entry.why and entry.account for entry in ledger(published).entries)


def test_who_prepared_it_does_not_approve_it_under_a_name_that_reads_the_same(tmp_path, published):
    prepare(tmp_path, who="Zoë  Analyst")
    with publishing(published) as session:
        review(session, *PLACE, "Bea")
        for name in ("Zoë Analyst", "Zoe\u0308 Analyst", "ZOË\u00a0ANALYST", "Zo\u200bë Analyst"):
            with pytest.raises(ReleaseError, match="who prepared it"):
                approve(session, *PLACE, name, "fine")
        assert approve(session, *PLACE, "Zoe Analyst", "a colleague").after == IN_REVIEW
        with pytest.raises(ReleaseError, match="Say who you are"):
            approve(session, *PLACE, "\u200b", "nobody")


def test_names_are_never_published(tmp_path, published):
    prepare(tmp_path, product=replace(PRODUCT, approval=Approval(public=1)), who="Xanthippe")
    with publishing(published) as session:
        review(session, *PLACE, "Yolanda")
        approve(session, *PLACE, "Yolanda", "Zebedee asked for it")
        release(session, session.pending(*PLACE), "Zebedee")
        withdraw(session, *PLACE, "1.0.0", "Yolanda", "one table was wrong")
    told = b"".join(path.read_bytes() for path in published.rglob("*") if path.is_file())
    assert b"one table was wrong" in told
    assert not any(name in told for name in (b"Xanthippe", b"Yolanda", b"Zebedee"))
    assert Store(published).root.stat().st_mode & 0o777 == 0o700


def test_the_same_content_again_keeps_what_waits_and_another_replaces_it(tmp_path, published):
    assert prepare(tmp_path).is_new
    again = prepare(tmp_path)
    assert (again.is_new, again.state, again.version) == (False, PREPARED, "1.0.0")
    assert len(ledger(published).entries) == 1
    assert prepare(tmp_path, MIXED).is_new
    assert [entry.action for entry in ledger(published).entries] == ["prepare", "withdraw", "prepare"]


def test_what_is_approved_is_not_replaced_unasked(tmp_path, published):
    prepare(tmp_path, product=PRODUCT, release_at=NOW + timedelta(days=1))
    assert state(published) == APPROVED
    with pytest.raises(ReleaseError, match="approved and waits"):
        prepare(tmp_path, MIXED, product=PRODUCT)


def test_a_package_that_was_altered_after_its_preparation_is_not_approved(tmp_path, published):
    version = prepare(tmp_path)
    (version.folder / "data" / "caveats.csv").write_text("nothing")
    with publishing(published) as session:
        review(session, *PLACE, "Bea")
        with pytest.raises(ReleaseError, match="data/caveats.csv"):
            approve(session, *PLACE, "Bea", "looks fine")


def test_a_version_under_embargo_appears_at_half_past_nine_in_london_and_not_before(tmp_path, published, home):
    assert release_time(date(2026, 12, 3)) == datetime(2026, 12, 3, 9, 30, tzinfo=UTC)
    summer = release_time(date(2026, 7, 2))
    assert summer == datetime(2026, 7, 2, 8, 30, tzinfo=UTC)  # British Summer Time
    assert in_words("2026-07-02T08:30:00Z") == "at 09:30 on 2 July 2026, London time"
    version = prepare(tmp_path, product=PRODUCT, release_at=release_time(date(2026, 12, 3)))
    assert version.state == APPROVED and not home.exists()
    announced = home.parent / "announced.json"
    with publishing(published, datetime(2026, 12, 3, 9, 29, 59, tzinfo=UTC)) as session:
        (told,) = json.loads(announced.read_text(encoding="utf-8"))
        assert set(told) == {"product", "title", "at"} and (told["product"], told["at"]) == (PRODUCT.name, "2026-12-03T09:30:00Z")
        assert due(session) == []
        with pytest.raises(ReleaseError, match="not before"):
            release(session, session.pending(*PLACE), "Bea")
    with publishing(published, datetime(2026, 12, 3, 9, 30, tzinfo=UTC)) as session:
        for entry in due(session):
            release(session, entry, "cron")
        session.settle()
    assert not announced.exists()
    assert latest(home) == "1.0.0" and listed(home)[0]["released"] == "2026-12-03T09:30:00Z"


def test_a_clock_that_jumped_back_lifts_no_embargo_and_stops_nothing_else(tmp_path, published, home):
    prepare(tmp_path, product=PRODUCT, now=datetime(2031, 1, 1, tzinfo=UTC))
    prepare(tmp_path, MIXED, product=PRODUCT, release_at=datetime(2026, 11, 1, tzinfo=UTC), hold=True, now=datetime(2031, 1, 2, tzinfo=UTC))
    with publishing(published, NOW) as session:
        review(session, *PLACE, "Bea")
        approve(session, *PLACE, "Bea", "read it")
        with pytest.raises(ReleaseError, match="The clock says 2026-11-20T12:00:00Z"):
            due(session)
    assert latest(home) == "1.0.0" and state(published, "1.0.1") == APPROVED


def test_withdrawing_takes_the_data_at_once_and_leaves_the_reason(first, tmp_path, published, home):
    prepare(tmp_path, MIXED, product=PRODUCT)
    with publishing(published, NOW) as session:
        assert withdraw(session, *PLACE, "1.0.1", "Bea", "ages were swapped") == []
    assert sorted(path.name for path in (home / "1.0.1").iterdir()) == ["README.md", "SHA256SUMS", "withdrawn.json"]
    assert "ages were swapped" in (home / "1.0.1" / "README.md").read_text(encoding="utf-8")
    assert latest(home) == "1.0.0"
    newest, first = listed(home)
    assert newest["status"] == WITHDRAWN and newest["reason"] == "ages were swapped" and first["status"] == RELEASED
    assert (home / "revisions.csv").read_text(encoding="utf-8").count("\n") == 1  # its values are quoted nowhere
    with publishing(published) as session, pytest.raises(ReleaseError, match="'withdraw' is not allowed"):
        withdraw(session, *PLACE, "1.0.1", "Bea", "again")


def test_what_was_withdrawn_is_not_published_again_and_its_number_is_not_used_again(first, tmp_path, published, home):
    prepare(tmp_path, MIXED, product=PRODUCT)
    with publishing(published) as session:
        withdraw(session, *PLACE, "1.0.1", "Bea", "ages were swapped")
    with pytest.raises(ReleaseError, match="which was withdrawn"):
        prepare(tmp_path, MIXED, product=PRODUCT)
    assert prepare(tmp_path, LARGE, product=PRODUCT).version == "1.0.0"
    mended = prepare(tmp_path, LARGE | {("10-19", "2024-01"): 31}, product=PRODUCT)
    assert mended.version == "1.0.2" and mended.changes.since == "1.0.0"


def test_readers_who_kept_a_withdrawn_version_are_reckoned_with(tmp_path, published):
    """A count shown in a version that was withdrawn would give away what is withheld later, by subtraction."""
    release_beside(tmp_path, published, LARGE)
    with publishing(published) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "too early")
    assert [folder.name for folder in published_folders(published)] == ["package"]
    smaller = LARGE | {("10-19", "2024-01"): LARGE["10-19", "2024-01"] - 2}
    version = release_beside(tmp_path, published, smaller)
    assert any("victims-test 1.0.0" in measure.packages for measure in version.audit.measures)
    shutil.rmtree(Store(published).root / "datastore" / "victims-test" / "1.0.0")
    with pytest.raises(ReleaseError, match="put it back from a backup"):
        published_folders(published)


def test_withdrawing_names_the_versions_that_quote_it(first, tmp_path, published):
    prepare(tmp_path, MIXED, product=PRODUCT)
    with publishing(published) as session:
        assert withdraw(session, *PLACE, "1.0.0", "Bea", "wrong") == ["1.0.1"]
        for who, why, words in (("Bea", " ", "Say why"), (" ", "wrong", "Say who you are")):
            with pytest.raises(ReleaseError, match=words):
                withdraw(session, *PLACE, "1.0.1", who, why)


def test_a_version_whose_predecessor_was_withdrawn_meanwhile_is_not_released(first, tmp_path, published):
    prepare(tmp_path, MIXED, product=PRODUCT, release_at=NOW + timedelta(days=1))
    with publishing(published, NOW + timedelta(days=2)) as session:
        withdraw(session, *PLACE, "1.0.0", "Bea", "wrong")
        with pytest.raises(ReleaseError, match="not the newest any more"):
            release(session, session.pending(*PLACE), "Bea")


def test_two_versions_that_together_disclose_are_not_both_released(tmp_path, published):
    """Each is safe beside what was published when it was prepared; the second is attacked again when it is to appear.

    One cell was revised: its row and its column differ by three, and all other counts are the same, so that old less new gives it.
    """
    other = replace(PRODUCT, name="victims-again")
    small = ("70-79", "2024-01")
    prepare(tmp_path, LARGE | {small: 2}, product=PRODUCT, release_at=NOW + timedelta(days=1))
    statistics = count(tmp_path, LARGE | {small: 5}, other)
    publish(other, statistics.outline, protected(statistics, other), INPUTS, published, synthetic=False, now=NOW)
    with publishing(published, NOW + timedelta(days=2)) as session:
        with pytest.raises(ReleaseError, match="the audit found") as refused:
            release(session, session.pending(*PLACE), "Bea")
    assert refused.value.faults and latest(published.joinpath(*PLACE)) is None


@pytest.mark.parametrize("harm", ["altered", "removed", "swapped", "repeated", "said twice", "another was added", "empty line"])
def test_a_ledger_that_was_tampered_with_stops_publishing(first, tmp_path, published, harm):
    path = Store(published).ledger
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if harm == "altered":
        lines[1] = lines[1].replace('"who": "automatic"', '"who": "Somebody"')
    elif harm == "removed":
        del lines[1]
    elif harm == "repeated":
        lines.insert(1, lines[0])
    elif harm == "said twice":  # who reads it sees Somebody, a program the second name
        lines[1] = lines[1].replace('"who": "automatic"', '"who": "Somebody", "who": "automatic"')
    elif harm == "another was added":
        lines.insert(1, json.dumps(json.loads(lines[0]) | {"number": 2, "why": "none"}) + "\n")
    elif harm == "empty line":
        lines.insert(1, "\n")
    else:
        lines[1:3] = lines[2], lines[1]
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(LedgerError, match="line 2"), publishing(published):
        pass


def test_an_entry_written_half_counts_as_not_written(first, tmp_path, published):
    path = Store(published).ledger
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number": 5, "at": "20')
    prepare(tmp_path, MIXED, product=PRODUCT)
    assert path.read_bytes().startswith(whole) and [entry.number for entry in ledger(published).entries] == list(range(1, 9))


def test_versions_from_before_the_ledger_are_adopted_unless_damaged(tmp_path, published):
    version = prepare(tmp_path, product=PRODUCT)
    shutil.rmtree(Store(published).root)
    assert prepare(tmp_path, MIXED, product=PRODUCT).version == "1.0.1"
    assert [entry.action for entry in ledger(published).entries][:2] == ["adopt", "prepare"]
    shutil.rmtree(Store(published).root)
    (version.folder / "data" / "caveats.csv").write_text("nothing")
    with pytest.raises(ReleaseError, match="1.0.0 is damaged: data/caveats.csv"):
        prepare(tmp_path, LARGE, product=PRODUCT)


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_published_folder_that_was_emptied_begins_anew_only_where_nobody_can_be_harmed(tmp_path, published, synthetic):
    statistics = count(tmp_path, LARGE)

    def again():
        return publish(PRODUCT, statistics.outline, protected(statistics), INPUTS, published, synthetic=synthetic)

    again()
    shutil.rmtree(published)
    if synthetic:
        assert again().version == "1.0.0" and len(list(Store(published).root.glob("ledger-*.jsonl"))) == 1
    else:
        with pytest.raises(ReleaseError, match="put the folder back from a backup"):
            again()


def test_the_report_names_blockers_and_warnings(first, tmp_path, published):
    prepare(tmp_path, MIXED, product=TWO_PEOPLE)
    with publishing(published) as session:
        entry, text = review(session, *PLACE, "Bea")
        report = json.loads((session.store.kept(*entry.key) / "review.json").read_text(encoding="utf-8"))
        assert report["blockers"] == [] and {one["name"] for one in report["warnings"]} == {"much-revised", "more-withheld"}
        (column,) = [one for table in report["tables"] for one in table["columns"] if one["column"] == "victims"]
        assert column["minimum_above_zero"] == 20 and column["suppressed"] == 4 and column["missing"] == 0
        assert "0 disclosed" in text and "PATCH change since 1.0.0" in text and "revised 0.05" in text
        path = session.store.kept(*entry.key) / "review.json"
        path.write_text(json.dumps(report | {"blockers": [{"name": "small-count", "what": "a table"}]}), encoding="utf-8")
        with pytest.raises(ReleaseError, match="cannot be approved: small-count"):
            approve(session, *PLACE, "Bea", "never mind")


def test_another_day_takes_the_place_of_the_first_and_no_day_lifts_no_embargo(tmp_path, published):
    days = [release_time(date(2026, 12, day)) for day in (3, 10)]
    assert prepare(tmp_path, release_at=days[0]).is_new
    assert not prepare(tmp_path).is_new
    assert prepare(tmp_path, release_at=days[1]).is_new
    assert prepare(tmp_path, MIXED).is_new
    assert [entry.release_at for entry in ledger(published).entries if entry.action == "prepare"] == [
        "2026-12-03T09:30:00Z", "2026-12-10T09:30:00Z", "2026-12-10T09:30:00Z",
    ]  # fmt: skip


def test_one_version_that_must_not_appear_holds_up_no_other_that_is_due(first, tmp_path, published, home):
    other, day = replace(PRODUCT, name="victims-other"), NOW + timedelta(days=1)
    prepare(tmp_path, MIXED, product=PRODUCT, release_at=day)
    prepare(tmp_path, MIXED, product=other, release_at=day)
    damaged = Store(published).package(*PLACE, "1.0.1") / "data" / "caveats.csv"
    damaged.write_text("nothing")
    with publishing(published, day) as session:
        released, refused = release_due(session, "cron")
    assert [entry.product for entry in released] == ["victims-other"] and latest(home) == "1.0.0"
    assert ["victims-test 1.0.1 cannot be used: data/caveats.csv" in str(error) for error in refused] == [True]


def test_a_version_that_waits_and_is_gone_is_told_and_prepared_again(tmp_path, published):
    prepare(tmp_path, who="Ann")
    shutil.rmtree(Store(published).kept(*PLACE, "1.0.0"))
    with publishing(published) as session:
        for act in (lambda: review(session, *PLACE, "Bea"), lambda: approve(session, *PLACE, "Bea", "read it")):
            with pytest.raises(ReleaseError, match="1.0.0 waits, and .* is gone"):
                act()
    assert prepare(tmp_path, who="Ann").is_new and state(published) == PREPARED
