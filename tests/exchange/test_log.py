"""The log of states against a real object store: what is committed is seen whole, and of two who change the same, one."""

import threading
from urllib.parse import quote

import pytest

from tests.delivery.servers import ACCESS_KEY, BUCKET, SECRET_KEY, object_store
from vawg_opendata.exchange import ConflictError, StoreError, shared
from vawg_opendata.exchange.log import Log, open_store
from vawg_opendata.settings import Settings, SettingsError
from vawg_opendata.steps import StepError, step


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("store")) as port:
        yield port


@pytest.fixture
def store(port, request, monkeypatch):
    """The address of a folder of the store, of the test's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return f"s3://{BUCKET}/{request.node.name.replace('[', '-').replace(']', '')}?region=us-east-1&endpoint={quote(f'http://127.0.0.1:{port}')}"


@pytest.fixture
def machines(store, tmp_path):
    """Two machines."""
    return [Settings(work=tmp_path / name / "work", published=tmp_path / name / "published", store=store) for name in ("one", "two")]


def write(settings: Settings, name: str, text: str) -> None:
    path = settings.work / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files(settings: Settings) -> dict[str, str]:
    return {
        str(path.relative_to(settings.work)): path.read_text(encoding="utf-8")
        for path in sorted(settings.work.rglob("*"))
        if path.is_file() and not path.name.startswith(".exchange")
    }


def test_what_one_machine_left_the_other_has_and_what_it_removed_is_gone(machines):
    one, two = machines
    shared(one, lambda: (write(one, "records/a", "1"), write(one, "statistics/x/b", "2")))
    assert shared(two, lambda: files(two)) == {"records/a": "1", "statistics/x/b": "2"}
    shared(two, lambda: ((two.work / "statistics" / "x" / "b").unlink(), write(two, "records/a", "3")))
    assert shared(one, lambda: files(one)) == {"records/a": "3"}
    assert not (one.work / "statistics").exists()  # that a folder is there says that a product was counted


def test_modes_and_what_is_kept_beside_the_published_folder_travel_and_the_history_does_not(machines):
    one, two = machines

    def publish() -> None:
        for path, mode in ((one.published / "datastore" / "a.csv", 0o644), (one.published.with_name(".published.releases") / "ledger.jsonl", 0o600)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
            path.chmod(mode)
        write(one, "dagster/history/runs.db", "this machine's own")

    shared(one, publish)
    shared(two, lambda: None)
    assert (two.published / "datastore" / "a.csv").stat().st_mode & 0o777 == 0o644
    assert (two.published.with_name(".published.releases") / "ledger.jsonl").stat().st_mode & 0o777 == 0o600
    assert two.published.with_name(".published.releases").stat().st_mode & 0o777 == two.work.stat().st_mode & 0o777 == 0o700
    assert files(two) == {}
    shared(one, lambda: None)
    assert files(one) == {"dagster/history/runs.db": "this machine's own"}


def test_two_that_change_different_files_at_once_both_have_their_way(machines):
    one, two = machines
    shared(one, lambda: (write(one, "c", "0"), write(one, "d", "0")))

    def first() -> None:
        write(one, "a", "1")
        (one.work / "c").unlink()
        shared(two, lambda: (write(two, "b", "2"), write(two, "d", "2")))

    shared(one, first)
    assert shared(two, lambda: files(two)) == shared(one, lambda: files(one)) == {"a": "1", "b": "2", "d": "2"}


def test_two_that_change_the_same_file_at_once_do_it_one_after_the_other(machines):
    """As two packages do, which both enter the ledger."""
    one, two = machines

    def enter(settings: Settings, line: str) -> None:
        path = settings.work / "ledger"
        write(settings, "ledger", (path.read_text(encoding="utf-8") if path.is_file() else "") + line)

    met = threading.Barrier(2, timeout=300)
    tries = []

    def work(settings: Settings, line: str) -> None:
        def change() -> None:
            enter(settings, line)
            tries.append(line)
            if tries.count(line) == 1:
                met.wait()

        shared(settings, change)

    threads = [threading.Thread(target=work, args=(settings, line)) for settings, line in ((one, "a"), (two, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert len(tries) == 3
    assert shared(one, lambda: files(one))["ledger"] in ("ab", "ba")


def test_a_log_refuses_the_later_of_two_changes_of_one_file(store, tmp_path):
    log = Log(open_store(store), "work")
    states = []
    for text in ("1", "2"):
        (tmp_path / text).write_text(text, encoding="utf-8")
        states.append({"a": _file(tmp_path / text)})
        log.put(tmp_path / text, states[-1]["a"].sha256)
    log.commit(0, {}, states[0])
    log.commit(0, {}, states[0])  # the same change is no conflict
    with pytest.raises(ConflictError, match="a at the same time"):
        log.commit(0, {}, states[1])
    assert log.newest()[1] == states[0]


def test_what_a_killed_step_left_on_its_machine_is_put_back(machines):
    one, two = machines
    shared(one, lambda: write(one, "records/a", "1"))
    write(one, "records/a", "2")  # no commit followed
    write(one, "records/half", "x")
    assert shared(one, lambda: files(one)) == shared(two, lambda: files(two)) == {"records/a": "1"}


def test_what_a_failed_step_left_is_there_for_the_operator_on_every_machine(machines):
    one, two = machines

    @step
    def count(settings: Settings) -> None:
        write(settings, "refused/x.txt", "why")
        raise ValueError("a word")

    with pytest.raises(StepError, match="count failed with ValueError"):
        count(one)
    there = shared(two, lambda: files(two))
    assert there.pop("refused/x.txt") == "why"
    assert [name.startswith("failures/") and "a word" in text for name, text in there.items()] == [True]


def test_content_that_the_store_lost_or_changed_is_found_out(machines, store):
    one, two = machines
    shared(one, lambda: write(one, "records/a", "1"))
    operator = open_store(store)
    (content,) = [entry.path for entry in operator.list("work/content/") if not entry.path.endswith("/")]
    operator.write(content, b"2")
    with pytest.raises(StoreError, match="as it was committed"):
        shared(two, lambda: None)
    assert not (two.work / "records" / "a").exists()
    operator.delete(content)
    with pytest.raises(StoreError, match="NotFound"):
        shared(two, lambda: None)


def test_a_store_that_cannot_be_reached_is_told_without_its_address(machines, monkeypatch):
    one, _ = machines
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(StoreError, match="PermissionDenied") as failed:
        shared(one, lambda: None)
    assert "127.0.0.1" not in str(failed.value) and "secret" not in str(failed.value)


@pytest.mark.parametrize("address", ["bucket", "ftp://bucket/x", "s3:///x", "s3://user:word@bucket/x", "s3://bucket/x?secret_access_key=word", "fs://folder/word"])
def test_an_address_that_is_no_store_is_refused_and_its_secrets_are_not_repeated(address):
    with pytest.raises(SettingsError, match="VAWG_STORE") as refused:
        open_store(address)
    assert "word" not in str(refused.value)


def _file(path):
    from vawg_opendata.exchange.log import File, sha256_of

    return File(sha256_of(path), path.stat().st_size, 0o644)
