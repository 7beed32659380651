"""The sensor of failed runs, on a real instance, against a real mail server that is down at times."""

import json
import logging

import dagster as dg
import pytest
import yaml

from tests.alerts.servers import Mailbox, smtp, webhook
from tests.delivery.network import free_port
from tests.paths import REPOSITORY
from vawg_opendata.alerts import AlertError
from vawg_opendata.assets.alerts import failure_alerts
from vawg_opendata.assets.resources import instance_of
from vawg_opendata.problems import LandingError, Problem
from vawg_opendata.settings import Settings
from vawg_opendata.turns import PATIENCE

VALUE = "Xanthippe Featherstonehaugh"


@dg.asset
def read_words() -> dg.Output:
    """Fails as a reader of files does, and as one that forgot to be careful."""
    try:
        raise LandingError([Problem(file="victims.csv", kind="unknown-category", message="is no sex", column="sex", value=VALUE)])
    except LandingError as error:
        raise ValueError(f"could not convert {VALUE}") from error


@dg.asset
def judged() -> None:
    """Is there, and is not as it should be."""


@dg.asset_check(asset=judged, name="nothing_lost", blocking=True)
def nothing_lost() -> dg.AssetCheckResult:
    """Fails."""
    return dg.AssetCheckResult(passed=False, description=VALUE)


@dg.asset(deps=[judged])
def after() -> None:
    """Is not reached."""


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance_of(Settings(work=tmp_path / "work")) as instance:
        yield instance


def fail(instance, *assets, tags=None) -> str:
    run = dg.materialize(list(assets), instance=instance, raise_on_error=False, tags={"who": VALUE} | (tags or {}))
    assert not run.success
    return run.run_id


def tick(instance, cursor=None) -> str:
    """One tick; gives the cursor for the next, as the daemon keeps it after a tick that did not raise."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    failure_alerts(context)
    return context.cursor


def test_a_failure_is_mailed_once_with_names_of_steps_and_kinds_of_errors_alone(instance, monkeypatch):
    before = fail(instance, read_words)
    cursor = tick(instance)
    first, second = fail(instance, read_words), fail(instance, judged, nothing_lost, after)
    mailbox = Mailbox()
    with smtp(mailbox) as port:
        monkeypatch.setenv("VAWG_ALERTS", f"smtp://127.0.0.1:{port}/?from=vawg@force.example&to=one@force.example")
        cursor = tick(instance, cursor)
        assert tick(instance, cursor) == cursor
    letters = [content.decode() for _, _, content in mailbox.letters]
    assert len(letters) == 2 and first in letters[0] and second in letters[1]
    assert "- read_words: LandingError" in letters[0]
    assert "judged nothing_lost" in letters[1]
    assert not any(VALUE in letter or "Xanthippe" in letter or before in letter for letter in letters)


def test_a_failure_is_told_when_the_server_is_back_and_meanwhile_the_log_has_it(instance, monkeypatch, caplog):
    cursor = tick(instance)
    run = fail(instance, read_words)
    port = free_port()
    monkeypatch.setenv("VAWG_ALERTS", f"smtp://127.0.0.1:{port}/?from=vawg@force.example&to=one@force.example")
    with caplog.at_level(logging.ERROR, "vawg_opendata.alerts"):
        for _ in range(2):
            with pytest.raises(AlertError, match="ConnectionRefusedError"):
                tick(instance, cursor)
    told = [record.getMessage() for record in caplog.records if record.name == "vawg_opendata.alerts"]
    assert len(told) == 2 and all(run in message and VALUE not in message for message in told)
    mailbox = Mailbox()
    with smtp(mailbox, port=port):
        assert tick(instance, cursor) != cursor
    assert run in mailbox.letters[0][2].decode()
    assert instance.get_run_by_id(run).status == dg.DagsterRunStatus.FAILURE


def test_a_channel_that_breaks_between_two_alerts_tells_none_twice(instance, monkeypatch):
    cursor = tick(instance)
    runs = [fail(instance, read_words), fail(instance, read_words)]

    class Once(Mailbox):
        async def handle_DATA(self, server, session, envelope):
            return "451 later" if len(self.letters) == broken else await super().handle_DATA(server, session, envelope)

    mailbox, broken = Once(), 1
    with smtp(mailbox) as port:
        monkeypatch.setenv("VAWG_ALERTS", f"smtp://127.0.0.1:{port}/?from=vawg@force.example&to=one@force.example")
        cursor = tick(instance, cursor)
        with pytest.raises(AlertError):
            tick(instance, cursor)
        broken = None
        tick(instance, cursor)
    letters = [content.decode() for _, _, content in mailbox.letters]
    assert len(letters) == 2 and runs[0] in letters[0] and runs[1] in letters[1]


@pytest.mark.parametrize("settings", ["vawg_opendata/assets/dagster.yaml", "deploy/dagster.yaml"])
def test_a_run_that_went_down_with_its_machine_ends_some_time(settings):
    """Nobody is left to say that it failed, so Dagster goes by the time: longer than a run waits for another, and within a day."""
    monitoring = yaml.safe_load((REPOSITORY / settings).read_text(encoding="utf-8"))["run_monitoring"]
    assert monitoring["enabled"] and PATIENCE < monitoring["max_runtime_seconds"] < 86400


def test_a_partition_is_told_where_it_is_a_month_and_nothing_else(instance, monkeypatch):
    cursor = tick(instance)
    for partition in ("2026-10", VALUE):
        fail(instance, read_words, tags={"dagster/partition": partition})
    with webhook() as (port, posted):
        monkeypatch.setenv("VAWG_ALERTS", f"http://127.0.0.1:{port}/")
        tick(instance, cursor)
    assert [body["partition"] for body in posted] == ["2026-10", "(not told here)"]
    assert VALUE not in json.dumps(posted)
