"""`make faults`: the whole campaign, and its figures as JSON. Exit status 1 when any fault was found."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.release.faults.campaign import Campaign
from tests.release.faults.disks import full_disks


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(prog="tests.release.faults", description=__doc__)
    parser.add_argument("--random", type=int, default=200, help="kills at random moments (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn at random (default: 1)")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vawg-faults-") as folder:
        campaign = Campaign(Path(folder), options.seed)
        print(json.dumps({"changes": campaign.changes, "seconds": campaign.seconds}), file=sys.stderr)
        told = 0
        for part in (
            campaign.kills_at_changes,
            lambda: campaign.kills_at_random(options.random),
            campaign.small_files,
            lambda: campaign.two_at_once(20),
            lambda: campaign.jumping_clocks(40),
            lambda: full_disks(campaign),
        ):
            part()
            print("".join(f"{fault}\n" for fault in campaign.outcome.faults[told:]), end="", file=sys.stderr)
            told = len(campaign.outcome.faults)
            print(f"{time.monotonic() - began:.0f} s: {dict(campaign.outcome.tried)}, {len(campaign.outcome.faults)} faults", file=sys.stderr)
    figures = {"tried": dict(campaign.outcome.tried), "changes": campaign.changes, "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(figures | {"faults": campaign.outcome.faults}, indent=2))
    return 1 if campaign.outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
