"""The asset graph as text: what a pull request shows of a change. `python -m tests.assets.graph` renews the file that is compared with it."""

from pathlib import Path

import dagster as dg

from vawg_opendata.definitions import defs

SNAPSHOT = Path(__file__).with_name("graph.txt")


def described() -> str:
    """Assets by group with what they need, their partitions and checks (! stops the flow); jobs, schedules and sensors."""
    graph = defs.resolve_asset_graph()
    lines = []
    for group in sorted({graph.get(key).group_name for key in graph.get_all_asset_keys()}):
        lines.append(f"group {group}")
        for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.path):
            node = graph.get(key)
            if node.group_name != group:
                continue
            lines.append(f"  {key.to_user_string()}" + (f"  [{_partitions(node.partitions_def)}]" if node.partitions_def else ""))
            lines += [f"    < {parent.to_user_string()}" for parent in sorted(node.parent_keys, key=lambda parent: parent.path)]
            checks = sorted((check.name, graph.get_check_spec(check).blocking) for check in graph.asset_check_keys if check.asset_key == key)
            lines += [f"    ? {name}{' !' if blocking else ''}" for name, blocking in checks]
    repository = defs.get_repository_def()
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        if not job.name.startswith("__"):
            asked = job.asset_layer.asset_graph
            lines.append(f"job {job.name}: {len(asked.executable_asset_keys)} assets, {len(asked.asset_check_keys)} checks")
    for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name):
        lines.append(f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}, {schedule.job_name}, {schedule.default_status.value}")
    for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name):
        jobs = ", ".join(target.job_name for target in sensor.targets) or "no job"
        lines.append(f"sensor {sensor.name}: every {sensor.minimum_interval_seconds} s, {jobs}, {sensor.default_status.value}")
    return "\n".join(lines) + "\n"


def _partitions(partitions: dg.PartitionsDefinition) -> str:
    return f"{partitions.fmt} from {partitions.start:{partitions.fmt}}, {partitions.cron_schedule} {partitions.timezone}"


if __name__ == "__main__":
    SNAPSHOT.write_text(described(), encoding="utf-8")
