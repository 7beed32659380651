"""Guards that Dagster can load the code location quickly: the heavy libraries are imported by steps, not by definitions."""

import json
import subprocess
import sys

from tests.paths import REPOSITORY

PROGRAM = """
import json, sys, time
from vawg_opendata.definitions import defs
import dagster
dagster.Definitions.validate_loadable(defs)
loaded = [name for name in ("pandas", "pandera", "frictionless", "openpyxl") if name in sys.modules]
print(json.dumps({"seconds": time.process_time(), "loaded": loaded, "location": dagster.__version__}))
"""


def test_the_code_location_loads_in_under_five_seconds_and_without_the_heavy_libraries():
    output = subprocess.run([sys.executable, "-c", PROGRAM], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    report = json.loads(output.splitlines()[-1])
    assert report["loaded"] == []
    assert report["seconds"] < 5  # of processor time, so that a busy machine does not fail it


def test_the_workspace_names_the_code_location():
    assert "python_module: vawg_opendata.definitions" in (REPOSITORY / "workspace.yaml").read_text(encoding="utf-8")
