"""Alerts: telling people that a run failed, over one channel that the settings choose.

`alert` is what may be told: names that the code declares, never a word that an error says. `channels` are the ways to tell it.
When there is something to tell is for the scheduler to know (`assets.alerts`).
"""

from vawg_opendata.alerts.alert import Alert, FailedStep
from vawg_opendata.alerts.channels import AlertError, Channel, channel

__all__ = ["Alert", "AlertError", "Channel", "FailedStep", "channel"]
