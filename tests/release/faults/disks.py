"""Disks that are full and disks that cannot be written: real small file systems, in a mount namespace of one process.

Where the kernel lets nobody but root make such a namespace, this part says that it was left out.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.paths import REPOSITORY
from tests.release.faults.reader import problems
from tests.release.faults.scenarios import NOW, begin, scenarios
from vawg_opendata.release import ReleaseError

if TYPE_CHECKING:
    from tests.release.faults.campaign import Campaign

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
KILOBYTES = (0, 8, 32, 64, 128, 192, 256, 320, 384, 448, 512, 640)
"""Room on the disk beyond what is there, for which publishing is tried."""


def possible() -> bool:
    """Whether this machine lets its users mount a small file system of their own."""
    try:
        return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def full_disks(campaign: "Campaign") -> None:
    """Try all scenarios on disks with little room, and on one that is read-only."""
    if not possible():
        campaign.outcome.tried["full disks (file system): left out, no mount namespace"] += 1
        return
    done = subprocess.run([*NAMESPACE, sys.executable, "-m", "tests.release.faults.disks"], cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        campaign.outcome.faults.append(f"the disks ended with {done.returncode}: {done.stderr[-2000:]}")
        return
    answer = json.loads(done.stdout)
    campaign.outcome.tried["full disks (file system)"] += answer["tried"]
    campaign.outcome.tried["read-only disks"] += answer["read_only"]
    campaign.outcome.faults += answer["faults"]


def _used(folder: Path) -> int:
    """Kilobytes in use on a file system."""
    line = subprocess.run(["df", "--output=used", "--block-size=1K", str(folder)], check=True, capture_output=True, text=True).stdout
    return int(line.split()[-1])


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _try_all(scratch: Path) -> dict:
    """Every scenario on every disk; how many were tried, and what was wrong."""
    from tests.release.faults.campaign import after_rerun
    from tests.release.faults.reader import saying

    disk, faults, tried, refused, read_only = scratch / "disk", [], 0, 0, 0
    disk.mkdir()
    for scenario in scenarios(scratch / "starts"):
        whole = scratch / "whole" / scenario.name.replace(" ", "-")
        begin(scenario, whole)
        scenario.run(whole, NOW)
        end = saying(whole / "published")
        for room in (*KILOBYTES, None):
            _mount("-t", "tmpfs", "-o", "size=64m", "none", str(disk))
            folder = disk / "folder"
            begin(scenario, folder)
            options = "remount,ro" if room is None else f"remount,size={_used(disk) + room + 4}k"  # a size of 0 would be no limit
            _mount("-o", options, str(disk))
            title = f"{scenario.name}, " + ("read-only" if room is None else f"{room} kB left")
            try:
                scenario.run(folder, NOW)
            except ReleaseError:
                refused += 1
            except Exception as error:  # whatever else it says is a fault to report
                faults.append(f"{title}: ended with {type(error).__name__}: {error}")
            faults += [f"{title}: {problem}" for problem in problems(folder / "published")]
            _mount("-o", "remount,rw,size=64m", str(disk))
            scenario.run(folder, NOW)
            faults += [f"{title}, after a rerun: {problem}" for problem in after_rerun(folder, end)]
            subprocess.run(["umount", str(disk)], check=True)
            tried += room is not None
            read_only += room is None
    return {"tried": tried, "refused": refused, "read_only": read_only, "faults": faults}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="vawg-disks-") as folder:
        print(json.dumps(_try_all(Path(folder))))
