"""What is given to people who have containers: it names what there is, and an image is made of the code alone."""

import re
from pathlib import Path

import yaml

from tests.paths import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
CODE = "".join(path.read_text(encoding="utf-8") for folder in ("vawg_opendata", "deploy/celery") for path in (REPOSITORY / folder).rglob("*.py"))


def test_every_setting_that_is_given_is_one_that_the_code_reads():
    for name in ("compose.yaml", "helm-values.yaml", "Dockerfile"):
        given = set(re.findall(r"\bVAWG_[A-Z_]+", (DEPLOY / name).read_text(encoding="utf-8"))) - {"VAWG_BROKER_PASSWORD"}  # a part of VAWG_BROKER
        assert given and {variable for variable in given if f'"{variable}"' not in CODE} == set(), name


def test_every_process_is_given_what_dagster_s_settings_name():
    named = set(re.findall(r"\{env: (\w+)\}", (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")))
    given = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert named and all(named <= set(given[name]["environment"]) for name in ("webserver", "daemon", "worker"))


def test_an_image_has_the_code_and_no_work_folder():
    """Everything is left out but what is named, and what is named is code."""
    first, *rest = [line for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    named = {line.removeprefix("!") for line in rest if line.startswith("!")}
    assert first == "*" and named == {"LICENSE", "README.md", "anonymisation", "deploy", "pyproject.toml", "requirements.lock", "vawg_opendata", "workspace.yaml"}


def test_records_of_people_can_be_published_from_containers():
    """A run that has them stops where the secret of their keys is not named; and the file that is named is mounted."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("webserver", "daemon", "worker"):
        assert "VAWG_SECRET_FILE" in services[name]["environment"] and any(":/secrets:ro" in volume for volume in services[name]["volumes"])
    values = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text(encoding="utf-8"))
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    environment = {one["name"]: one["value"] for one in deployment["env"]}
    mounted = {one["mountPath"]: one["name"] for one in deployment["volumeMounts"]}
    assert mounted[str(Path(environment["VAWG_SECRET_FILE"]).parent)] in {volume["name"] for volume in deployment["volumes"] if "secret" in volume}
    assert environment["VAWG_LANDING"] in mounted
