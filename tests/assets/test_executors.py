"""The executor by configuration: the setting names it, and what a machine lacks is said."""

import runpy
import sys

import pytest
from celery import Celery

from tests.paths import REPOSITORY
from vawg_opendata.assets.executors import EXECUTORS, executor
from vawg_opendata.settings import SettingsError


def test_one_process_is_the_default_and_the_others_are_chosen_by_name():
    assert executor({}).name == executor({"VAWG_EXECUTOR": "in-process"}).name == "in_process"
    assert executor({"VAWG_EXECUTOR": "celery", "VAWG_BROKER": "redis://127.0.0.1/0"}).name == "celery"
    assert executor({"VAWG_EXECUTOR": "k8s"}).name == "k8s"


def test_another_name_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=f"'slurm'; give one of {', '.join(EXECUTORS)}"):
        executor({"VAWG_EXECUTOR": "slurm"})


@pytest.mark.parametrize(("name", "library", "extra"), [("celery", "dagster_celery", "machines"), ("k8s", "dagster_k8s", "kubernetes")])
def test_a_library_that_is_not_installed_is_named_with_its_extra(name, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingsError, match=f"{library} is not installed: install the extra {extra}"):
        executor({"VAWG_EXECUTOR": name})


@pytest.mark.parametrize(("broker", "results"), [("redis://127.0.0.1/0", "redis://127.0.0.1/0"), ("amqp://127.0.0.1//", "rpc://"), ("amqps://127.0.0.1//", "rpc://")])
def test_a_run_and_its_workers_exchange_results_where_the_broker_can(broker, results, monkeypatch):
    """RabbitMQ hands on messages and keeps nothing to look up."""
    monkeypatch.setenv("VAWG_BROKER", broker)
    of_run = executor({"VAWG_EXECUTOR": "celery", "VAWG_BROKER": broker}).apply_config_mapping({"config": {}}).value["config"]
    of_worker = runpy.run_path(str(REPOSITORY / "deploy" / "celery" / "dagster_celery_config.py"))
    assert of_run["broker"] == of_worker["broker_url"] == broker
    assert of_run["backend"] == of_worker["result_backend"] == results
    assert Celery(broker=broker, backend=results).backend.as_uri().startswith(results.partition(":")[0])
