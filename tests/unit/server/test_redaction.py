"""What is taken out of log lines, and what stays readable in them."""

import base64
import json
import re
from hashlib import sha256
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_encord_integrations.server.redaction import HIDDEN, MAX_VALUE, redacted

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
HEX = bytes(range(7, 39)).hex()
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUifQ.c2lnbmF0dXJl"
AWS_KEY = base64.b64encode(sha256(b"canary 4").digest()[:30]).decode()
"""As long as one of AWS, with slashes."""
SECRETS = {
    "OpenSSH key": PEM,
    "half an OpenSSH key": PEM[:120],
    "hexadecimal key": HEX,
    "JWT": JWT,
    "bearer token of the API": Fernet(base64.urlsafe_b64encode(bytes(32))).encrypt(b"x").decode(),
    "AWS secret": AWS_KEY,
    "random base64": base64.b64encode(bytes(range(100, 148))).decode(),
}
PLACES = ["{}", "while at {}!", "'{}'", "a={}&b=1", '{{"a": "{}"}}', "/v2/public/x/{}"]
SENSITIVE = [
    "authorization", "Authorization", "signature", "Signature-Input", "token", "bearer_token", "sas",
    "sasToken", "sig", "secret", "secretAccessKey", "clientSecret", "password", "PGPASSWORD", "Cookie",
    "private_key", "sshKey", "account-key", "encryption_key",
]  # fmt: skip
READABLE = [
    "2026-11-28T17:02:59.540Z",
    "ada@example.com",
    "771e3275-6538-4dac-8ae5-618208fc3dfb",
    "4a7990713d57a8a13e1d8bfcda093f85/1;o=1",
    "/v2/public/cloud-integrations/771e3275-6538-4dac-8ae5-618208fc3dfb/members",
    "/v2/public/cloud-integrations/{uuid}/signed-urls",
    "Encord-Data-Platform-Production-Europe-1/Main-Stack-Of-The-Team-42",
    "/srv/Encord/Production2/encord.sqlite.encryption-key",
    "the bearer token is not valid or has ended",
    "the signature does not match the request that arrived: GET /v2/public/x",
    "cannot use postgresql://encord@db.example.com/encord: it takes no writes",
    "pulumi_encord_integrations.server.observation",
]


def _shown(values: Any) -> str:
    return json.dumps(redacted(values))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(name: str, place: str) -> None:
    secret = SECRETS[name]
    said = place.format(secret)
    for values in ({"event": said}, {"detail": [said]}, {"a": {"b": said}}, {said: 1}):
        shown = _shown(values)
        assert HIDDEN in shown
        pieces = [secret[at : at + 12] for at in range(0, len(secret) - 12, 12)]
        assert not [piece for piece in pieces if json.dumps(piece)[1:-1] in shown]


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_value_with_a_telling_name_is_hidden_whatever_it_is(name: str) -> None:
    for value in ("short", ["short"], {"a": "short"}, b"short"):
        assert redacted({name: value}) == {name: HIDDEN}
    assert "canary" not in _shown({"event": f"while {name}=canary&x=1"})
    assert "canary" not in _shown({"event": f'{{"{name}": "canary"}}'})


def test_credentials_in_addresses_and_headers_are_hidden() -> None:
    said = "postgresql://encord:canary@db/x; Authorization: Bearer canary.canary; Basic Y2FuYXJ5OmNhbmFyeQ=="
    shown = redacted({"event": said})["event"]
    assert "canary" not in shown
    assert "Y2Fu" not in shown
    assert "@db/x" in shown


@pytest.mark.parametrize("text", READABLE)
def test_what_an_operator_needs_stays_readable(text: str) -> None:
    assert redacted({"event": text}) == {"event": text}


def test_numbers_and_flags_stay_what_they_are() -> None:
    assert redacted({"status": 200, "ms": 1.5, "x": None, "y": True}) == {
        "status": 200,
        "ms": 1.5,
        "x": None,
        "y": True,
    }


def test_what_cannot_be_shown_is_named_by_its_kind() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError("canary")

    assert redacted({"a": Mute()}) == {"a": "Mute"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
    max_leaves=20,
)
BROKEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


@given(st.dictionaries(st.text(), VALUES))
@example({"a": "\x1b[2J\r\n{}"})
@example({"a\n": "\u202e\ud800"})
@example({"a": "x" * 100_000})
def test_no_value_breaks_a_line_or_steers_a_terminal(values: dict[str, Any]) -> None:
    shown = redacted(values)
    json.dumps(shown).encode()
    for text in _texts(shown):
        assert not BROKEN.search(text)
        assert len(text) <= 6 * MAX_VALUE + 3


@given(st.binary(min_size=32, max_size=64), st.text(max_size=30), st.sampled_from(["hex", "jwt", "pem"]))
def test_no_key_gets_through_in_any_surroundings(key: bytes, before: str, how: str) -> None:
    body = base64.b64encode(key).decode()
    forms = {
        "hex": key.hex(),
        "jwt": f"eyJ{base64.urlsafe_b64encode(key).decode()}.{base64.urlsafe_b64encode(key).decode()}",
        "pem": f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----",
    }
    shown = _shown({"event": f"{before} {forms[how]}"})
    assert key.hex() not in shown
    assert body[:20] not in shown or body[:20] in before
