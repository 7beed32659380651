"""How the steps of a run are executed: in its own process, in processes of this machine, or by workers on several.

Chosen by the setting VAWG_EXECUTOR, so that the same code location serves one machine and many. The brokers and clusters are
configured by Dagster's own means (`deploy/`). What steps share between machines is for `exchange`.
"""

import os
from collections.abc import Mapping

import dagster as dg

from vawg_opendata.settings import SettingsError

EXECUTORS = ("in-process", "celery", "k8s")


def executor(environment: Mapping[str, str] = os.environ) -> dg.ExecutorDefinition:
    """The executor of VAWG_EXECUTOR; by default `in-process`: steps take seconds and DuckDB has threads of its own, so a process per
    step would cost more than the work. SettingsError for another name, or one whose library is not installed."""
    chosen = environment.get("VAWG_EXECUTOR") or "in-process"
    if chosen == "in-process":
        return dg.in_process_executor
    if chosen not in EXECUTORS:
        raise SettingsError(f"VAWG_EXECUTOR is {chosen!r}; give one of {', '.join(EXECUTORS)}.")
    try:
        if chosen == "celery":
            from dagster_celery import celery_executor

            options = {"visibility_timeout": 7200, "queue_order_strategy": "priority"}
            broker = {"env": "VAWG_BROKER"}
            results = "rpc://" if environment.get("VAWG_BROKER", "").startswith("amqp") else broker  # RabbitMQ keeps none: answers come as messages
            return celery_executor.configured({"broker": broker, "backend": results, "config_source": {"broker_transport_options": options}}, name="celery")
        from dagster_k8s import k8s_job_executor

        return k8s_job_executor
    except ModuleNotFoundError as error:
        raise SettingsError(f"VAWG_EXECUTOR is {chosen!r}, and {error.name} is not installed: install the extra {'machines' if chosen == 'celery' else 'kubernetes'}.") from None
