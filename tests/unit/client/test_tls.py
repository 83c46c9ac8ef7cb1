"""An API behind TLS that cannot be trusted or is none: one line that says what to do."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from tests.support.authority import DAY, Authority
from tests.support.listener import listening

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUST = "SSL_CERT_FILE"


def asked(endpoint: str) -> str:
    """What a call ends with: the kind of error and its line."""
    with (
        closing(Client(endpoint, Signer(KEY), attempts=1)) as client,
        pytest.raises(errors.EncordError) as refused,
    ):
        client.call("GET", "x")
    assert "\n" not in str(refused.value)
    return f"{type(refused.value).__name__}: {refused.value}"


@pytest.mark.parametrize(
    ("host", "ends", "trusted", "words"),
    [
        ("localhost", DAY, True, "UnexpectedAnswer: "),
        ("other.example.com", DAY, True, "certificate is not valid for 'localhost'"),
        ("localhost", -timedelta(seconds=1), True, "certificate has expired"),
        ("localhost", DAY, False, "unable to get local issuer certificate"),
    ],
    ids=["in order", "another name", "expired", "unknown authority"],
)
def test_a_certificate_that_is_not_in_order_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, ends: timedelta, trusted: bool, words: str
) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    monkeypatch.setenv(TRUST, str(authority.file if trusted else other.file))
    with listening() as listener:
        listener.tls = authority.server(host, [], ends)
        said = asked(f"https://localhost:{listener.port}")
    assert words in said
    assert (TRUST in said) == (not said.startswith(words))
    assert bool(listener.requests) == said.startswith(words)


def test_tls_spoken_to_a_port_without_it_is_told() -> None:
    with listening() as listener:
        said = asked(f"https://localhost:{listener.port}")
    assert said.startswith("Unavailable: cannot reach https://localhost:")
    assert "[SSL" in said


def test_http_spoken_to_a_port_with_tls_is_told(tmp_path: Path) -> None:
    with listening() as listener:
        listener.tls = Authority(tmp_path).server("localhost", [])
        said = asked(f"http://localhost:{listener.port}")
    assert said.startswith("Unavailable: cannot reach http://localhost:")
