"""What a publisher's process has loaded before it is started: all that publishing imports, so that its time is publishing's."""

import frictionless
import jsonschema  # noqa: F401
import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401

import anonymisation.releases  # noqa: F401
import tests.release.faults.campaign  # noqa: F401
import vawg_opendata.flow  # noqa: F401

frictionless.system.methods  # loads its plugins
