"""The signature of a version: who has the publisher's public key can prove that its files are the publisher's.

`SHA256SUMS.sig` signs `SHA256SUMS`, which has the hash of every other file, with an Ed25519 key in the format of OpenSSH
(PROTOCOL.sshsig), because `ssh-keygen` is at hand on Linux, macOS and Windows, and checks it. It also makes it: so a key may lie
in an agent or have a passphrase, and no cryptography is ours. Signing changes nothing that was published.
"""

import base64
import shutil
import subprocess
from pathlib import Path

from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import SIGNATURE, SUMS, replace_text, wrong_sums

NAMESPACE = "vawg-opendata"
"""What the signature is for: one made for anything else, such as a commit or an e-mail, does not verify."""

_CHECKOUT = Path(__file__).resolve().parents[3]


def sign(folder: Path, key: Path, published: Path) -> Path:
    """Sign a version's folder with the private key (or with the agent's, given the public key) in a file; returns the signature's path.

    ReleaseError when the folder is not what its `SHA256SUMS` says, when the key is not Ed25519, lies where readers or the
    repository have it, or cannot be used.
    """
    wrong = wrong_sums(folder)
    if wrong:
        raise ReleaseError(f"{folder} is not signed: {wrong[0]}.")
    key = key.expanduser().resolve()
    for place in (published.resolve(), _CHECKOUT):
        if key.is_relative_to(place):
            raise ReleaseError(f"The key {key} lies in {place}: keep it where neither readers nor the repository have it.")
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ReleaseError("Signing needs ssh-keygen, which comes with OpenSSH; it is not installed.")
    command = [program, "-Y", "sign", "-f", str(key), "-n", NAMESPACE]
    done = subprocess.run(command, input=(folder / SUMS).read_bytes(), capture_output=True)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise ReleaseError(f"ssh-keygen could not sign with {key}: {words[-1] if words else 'it gave no reason'}")
    text = done.stdout.decode("ascii")
    if b"ssh-ed25519" not in base64.b64decode("".join(text.strip().splitlines()[1:-1])):
        raise ReleaseError(f"The key {key} is not an Ed25519 key. Make one with: ssh-keygen -t ed25519")
    replace_text(folder / SIGNATURE, text)
    (folder / SIGNATURE).chmod(0o644)
    return folder / SIGNATURE
