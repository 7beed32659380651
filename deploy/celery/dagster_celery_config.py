"""The configuration of Celery workers: `celery -A dagster_celery.app worker` takes it from PYTHONPATH.

A step goes back to the queue when the worker that has it dies, and another worker does it again: results are committed
whole or not at all, so a step may be begun twice. With Redis, whether a worker has died is known by time alone: VAWG_BROKER_TIMEOUT must be longer
than the longest step. That time is looked at every ten seconds (kombu's own choice is each tenth time, every hundred). RabbitMQ knows at once, by the
connection; there a step may take as long as its `consumer_timeout` allows (half an hour, unless it is set).
"""

import os

broker_url = os.environ["VAWG_BROKER"]
result_backend = "rpc://" if broker_url.startswith("amqp") else broker_url  # RabbitMQ keeps no results: they are sent back as messages
broker_transport_options = {
    "visibility_timeout": int(os.environ.get("VAWG_BROKER_TIMEOUT", "7200")),
    "unacked_restore_throttle": 1,
    "queue_order_strategy": "priority",
}
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
