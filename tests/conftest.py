"""Settings of the whole test suite.  Fixtures of one package stay in its folder."""

import os

from hypothesis import settings

# On CI the same examples every time, so that a commit that was green stays green; developers' runs look for new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
