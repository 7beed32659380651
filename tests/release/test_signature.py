"""The signature of a version, made and checked with OpenSSH's own tool, by the very words of the README."""

import re
import shutil
import subprocess

import pytest

from tests.paths import REPOSITORY
from tests.release.packages import MIXED, release
from vawg_opendata.release import ReleaseError, check
from vawg_opendata.release.package.signature import sign

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen (Debian: openssh-client) is not installed")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signature")
    return release(folder, folder / "published", MIXED).folder


@pytest.fixture
def package(released, tmp_path):
    return shutil.copytree(released, tmp_path / "published" / "datastore" / "victims-test" / "1.0.0")


@pytest.fixture
def published(tmp_path):
    return tmp_path / "published"


def make_key(path, kind="ed25519", passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "publisher", "-f", path], check=True)
    return path


def verify(package, key):
    """The README's check, with a partner's file of signers."""
    public = key.with_name(f"{key.name}.pub").read_text(encoding="utf-8")
    (package / "allowed_signers").write_text(f"publisher {public}", encoding="utf-8")
    command = re.search(r"^    (ssh-keygen -Y verify .*)$", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.M)[1]
    done = subprocess.run(command, shell=True, cwd=package, capture_output=True, text=True)
    (package / "allowed_signers").unlink()
    return done.returncode == 0


def test_a_partner_can_check_it_and_nothing_else_changes(package, published, tmp_path):
    key = make_key(tmp_path / "key")
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    path = sign(package, key, published)
    assert path == package / "SHA256SUMS.sig" and verify(package, key)
    assert {other: other.read_bytes() for other in package.rglob("*") if other.is_file() and other != path} == before
    assert check(package) == []
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=package, check=True)
    signature = path.read_bytes()
    assert sign(package, key, published).read_bytes() == signature  # the same every time


def test_what_is_not_signed_does_not_verify(package, published, tmp_path):
    key, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    sign(package, other, published)
    assert not verify(package, key)
    sign(package, key, published)
    sums = package / "SHA256SUMS"
    sums.write_bytes(sums.read_bytes().replace(b"0", b"1", 1))
    assert not verify(package, key)


def test_a_signature_for_anything_else_does_not_verify(package, tmp_path):
    key = make_key(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "file", package / "SHA256SUMS"], check=True, capture_output=True)
    assert not verify(package, key)


def test_keys_that_must_not_be_used_are_refused(package, published, tmp_path):
    with pytest.raises(ReleaseError, match="keep it where neither readers nor the repository have it"):
        sign(package, make_key(published / "key"), published)
    (published / "key").unlink()
    with pytest.raises(ReleaseError, match="not an Ed25519 key"):
        sign(package, make_key(tmp_path / "ecdsa", "ecdsa"), published)
    with pytest.raises(ReleaseError, match="could not sign"):
        sign(package, tmp_path / "none", published)
    with pytest.raises(ReleaseError, match="lies in"):
        sign(package, REPOSITORY / "key", published)
    assert not (package / "SHA256SUMS.sig").exists()


def test_a_damaged_version_is_not_signed(package, published, tmp_path):
    (package / "README.md").write_text("other", encoding="utf-8")
    with pytest.raises(ReleaseError, match="README.md does not have the hash"):
        sign(package, make_key(tmp_path / "key"), published)
