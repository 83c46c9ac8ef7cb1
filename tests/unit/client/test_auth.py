"""Keys and tokens: what is usable, and one line without the key for what is not."""

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pulumi_encord_integrations.client.auth import Bearer, Signer, parse_key, read_key
from pulumi_encord_integrations.client.credentials import credentials_of
from pulumi_encord_integrations.client.errors import ConfigurationError, NoCredentials
from pulumi_encord_integrations.client.settings import Settings

KEY = Ed25519PrivateKey.generate()


def _pem(key: Any, format_: Any = PrivateFormat.OpenSSH) -> str:
    return str(key.private_bytes(Encoding.PEM, format_, NoEncryption()).decode())


PEM = _pem(KEY)
PUBLIC = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
UNUSABLE = {
    "empty": "",
    "text": "my secret key",
    "cut": PEM[:200],
    "without its end": PEM.replace("-----END OPENSSH PRIVATE KEY-----", ""),
    "altered": PEM[:120] + "AAAA" + PEM[124:],
    "public": PUBLIC,
    "PKCS8": _pem(KEY, PrivateFormat.PKCS8),
    "RSA": _pem(rsa.generate_private_key(65537, 2048)),
    "ECDSA": _pem(ec.generate_private_key(ec.SECP256R1())),
    "binary": "\x00\xff" * 50,
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_key_is_one_line_that_does_not_quote_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text(UNUSABLE[name], "utf-8")
    with pytest.raises(ConfigurationError) as error:
        read_key(file)
    said = str(error.value)
    assert str(file) in said
    assert "\n" not in said
    assert not any(line in said for line in UNUSABLE[name].split() if len(line) > 8)
    assert error.value.__cause__ is None


def test_a_key_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_key(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="Is a directory"):
        read_key(tmp_path)


@pytest.mark.parametrize("text", [PEM, f"\n{PEM}\n\n", PEM.replace("\n", "\r\n"), PEM.rstrip("\n")])
def test_a_usable_key_is_read_whatever_its_line_ends(text: str) -> None:
    public = KEY.public_key().public_bytes_raw().hex()
    assert Signer(parse_key(text.encode(), "here")).public_key == public


def test_credentials_are_taken_in_the_documented_order(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text(PEM)
    everything = Settings("https://x", ssh_key_file=file, ssh_key="bad", token="t")
    assert isinstance(credentials_of(everything), Signer)
    assert isinstance(credentials_of(Settings("https://x", ssh_key=PEM, token="t")), Signer)
    assert isinstance(credentials_of(Settings("https://x", token="t")), Bearer)
    with pytest.raises(NoCredentials, match="ENCORD_SSH_KEY_FILE"):
        credentials_of(Settings("https://x"))


@pytest.mark.parametrize("token", ["two words", "new\nline", "t\xf6ken", "nul\x00"])
def test_a_token_that_no_header_can_hold_is_refused_unquoted(token: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        credentials_of(Settings("https://x", token=token))
    assert token not in str(error.value)


def test_a_token_may_end_with_a_line() -> None:
    headers = credentials_of(Settings("https://x", token="abc\n")).headers("GET", "/", "x", b"")
    assert headers == {"Authorization": "Bearer abc"}


def test_nothing_shows_the_key_or_the_token() -> None:
    shown = repr([Signer(KEY), Bearer("tok-en"), Settings("https://x", ssh_key=PEM, token="tok-en")])
    assert "tok-en" not in shown
    assert PEM.split()[5] not in shown
    assert KEY.private_bytes_raw().hex() not in shown
    assert base64.b64encode(KEY.private_bytes_raw()).decode() not in shown
