"""`make months`: month after month of growing, revised data through the flow, and its figures as JSON. Exit status 1 when any fault
was found: a version, its changes, its ledger or a count that is not right, or two versions that together disclose.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from anonymisation.releases import ReleaseRefusedError
from tests.release.months.run import Months


def main() -> int:
    """Publish the months, then audit."""
    parser = argparse.ArgumentParser(prog="tests.release.months", description=__doc__)
    parser.add_argument("--months", type=int, default=24, help="releases in a row (default: 24)")
    parser.add_argument("--seed", type=int, default=1, help="of the records (default: 1)")
    options = parser.parse_args()
    began, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="vawg-months-") as folder:
        months, pairs, told_faults = Months(Path(folder), options.seed), 0, 0
        for month in months.deliveries.months[: options.months]:
            try:
                told = months.release(month)
            except ReleaseRefusedError as refusal:  # what comes after it stands on it
                months.faults.append(f"{month}: {refusal}")
                break
            new = months.audit_newest(told["versions"])
            pairs += new
            told |= {"pairs_audited": new, "cpu_seconds_so_far": round(time.process_time() - cpu), "faults": len(months.faults)}
            print(json.dumps({"month": month} | told), *months.faults[told_faults:], sep="\n", file=sys.stderr, flush=True)
            told_faults = len(months.faults)
        months.audit_all()
        figures = {"releases_asked_for": options.months, "versions": months.versions(), "pairs_audited": pairs}
    figures |= {"seconds": round(time.monotonic() - began), "cpu_seconds": round(time.process_time() - cpu), "faults": months.faults}
    print(json.dumps(figures, indent=2))
    return 1 if months.faults else 0


if __name__ == "__main__":
    sys.exit(main())
