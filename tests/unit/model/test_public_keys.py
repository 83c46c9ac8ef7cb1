"""Public keys as people paste them, and the times at which they end."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.public_keys import Moment, PublicKey, fingerprint, hex_of, openssh

KEY: TypeAdapter[str] = TypeAdapter(PublicKey)
MOMENT: TypeAdapter[str] = TypeAdapter(Moment)
PAIR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = PAIR.public_key().public_bytes_raw().hex()
LINE = PAIR.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.mark.parametrize(
    "given", [LINE, f"{LINE} ada@laptop", f"  {LINE}  ada \n", RAW, RAW.upper(), LINE.replace(" ", "  ")]
)
def test_a_key_has_one_form_however_it_is_pasted(given: str) -> None:
    assert KEY.validate_python(given) == LINE
    assert (hex_of(LINE), openssh(RAW)) == (RAW, LINE)


PRIVATE = PAIR.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "must be an Ed25519 public key"),
        (RAW[:-1], "must be an Ed25519 public key"),
        ("ssh-ed25519", "must be an Ed25519 public key"),
        ("ssh-ed25519 AAAA", "must be an Ed25519 public key"),
        ("ssh-ed25519 !!!!", "must be an Ed25519 public key"),
        (LINE.replace("ssh-ed25519", "ssh-rsa", 1), "a key of the kind ssh-rsa; only Ed25519"),
        ("sk-ssh-ed25519@openssh.com AAAA", "only Ed25519"),
        (PRIVATE, "is a private key"),
    ],
)
def test_what_is_no_ed25519_key_is_refused_without_quoting_it(given: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        KEY.validate_python(given)
    assert PRIVATE[40:80] not in refused.value.errors()[0]["msg"]


def test_a_fingerprint_is_what_ssh_keygen_prints(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen on this machine")
    file = tmp_path / "key.pub"
    file.write_text(LINE)
    told = subprocess.run(["ssh-keygen", "-lf", str(file)], capture_output=True, text=True, check=True)
    assert told.stdout.split()[1] == fingerprint(RAW)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
        ("2027-01-31T12:00:00.75+02:00", "2027-01-31T10:00:00Z"),
        ("2027-01-31", "2027-01-31T00:00:00Z"),
    ],
)
def test_a_time_is_kept_in_utc_to_the_second(given: str, kept: str) -> None:
    assert MOMENT.validate_python(given) == kept
    assert MOMENT.validate_python(kept) == kept


@pytest.mark.parametrize(
    "given", ["", "soon", "2027-13-01", "2027-01-31T12:00:00", "9999-12-31T23:00:00-05:00"]
)
def test_what_is_no_time_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(given)
