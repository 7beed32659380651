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
from tests.release.months.run import FORCE, RECORDS, Months


def main() -> int:
    """Publish the months, then audit."""
    parser = argparse.ArgumentParser(prog="tests.release.months", description=__doc__)
    parser.add_argument("--months", type=int, default=24, help="releases in a row (default: 24)")
    parser.add_argument("--seed", type=int, default=1, help="of the records (default: 1)")
    parser.add_argument("--records", type=int, default=RECORDS, help=f"of all London in two years (default: {RECORDS:,})")
    parser.add_argument("--boroughs", nargs="*", default=[FORCE], help=f"of London that are delivered, all where none is named (default: {FORCE})")
    options = parser.parse_args()
    began, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="vawg-months-") as folder:
        months, told_faults = Months(Path(folder), options.seed, records=options.records, boroughs=options.boroughs), 0
        for month in months.deliveries.months[: options.months]:
            try:
                told = months.release(month)
            except ReleaseRefusedError as refusal:  # what comes after it stands on it
                months.faults.append(f"{month}: {refusal}")
                break
            told |= {"cpu_seconds_so_far": round(time.process_time() - cpu), "faults": len(months.faults)}
            print(json.dumps({"month": month} | told), *months.faults[told_faults:], sep="\n", file=sys.stderr, flush=True)
            told_faults = len(months.faults)
        began_audit = time.process_time()
        pairs = months.audit()
        figures = {"releases_asked_for": options.months, "versions": months.versions(), "pairs_audited": pairs}
        figures |= {"cpu_seconds_of_the_audit": round(time.process_time() - began_audit)}
    figures |= {"seconds": round(time.monotonic() - began), "cpu_seconds": round(time.process_time() - cpu), "faults": months.faults}
    print(json.dumps(figures, indent=2))
    return 1 if months.faults else 0


if __name__ == "__main__":
    sys.exit(main())
