"""No text in a signature's fields is accepted that the key did not sign, and none breaks the parser."""

import time
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.errors import Misdirected, ServiceError, Unauthenticated
from pulumi_encord_integrations.server.vault import Vault

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VAULT = Vault(bytes(32))
VISIBLE = st.characters(min_codepoint=32, max_codepoint=255)
FIELDS = st.sampled_from(["signature", "signature-input", "content-digest"])


def _signed() -> auth.Incoming:
    headers = Signer(KEY).headers("POST", "/x?y=1", "host:1", b"{}")
    return auth.Incoming("POST", "/x?y=1", "host:1", {k.lower(): v for k, v in headers.items()})


def _refused(incoming: auth.Incoming, **headers: str) -> ServiceError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ServiceError) as refusal:
        auth.prove(replace(incoming, headers={**incoming.headers, **named}), VAULT, Acceptance(300))
    return refusal.value


def test_our_own_clients_signature_is_unique() -> None:
    first, second = (auth.prove(_signed(), VAULT, Acceptance(300)) for _ in range(2))
    assert first.unique
    assert first.request != second.request


@settings(max_examples=300, deadline=None)
@given(name=FIELDS, at=st.floats(0, 0.999), char=VISIBLE)
def test_no_changed_character_is_accepted(name: str, at: float, char: str) -> None:
    incoming = _signed()
    value = incoming.headers[name]
    place = int(at * len(value))
    if value[place] != char:
        changed = value[:place] + char + value[place + 1 :]
        assert isinstance(_refused(incoming, **{name: changed}), Unauthenticated)


@settings(max_examples=300, deadline=None)
@given(signature=st.text(VISIBLE), given_=st.text(VISIBLE), labelled=st.booleans())
def test_no_text_breaks_the_parser(signature: str, given_: str, labelled: bool) -> None:
    label = "encord-sig=" if labelled else ""
    fault = _refused(_signed(), signature=label + signature, signature_input=label + given_)
    assert isinstance(fault, Unauthenticated)


@settings(max_examples=200, deadline=None)
@given(token=st.text(VISIBLE))
def test_no_text_is_a_token(token: str) -> None:
    incoming = replace(_signed(), headers={"authorization": f"Bearer {token}"})
    with pytest.raises(ServiceError):
        auth.prove(incoming, VAULT, Acceptance(300))


def test_a_token_says_nothing_of_its_deployments_key() -> None:
    token = auth.issue_token("ab" * 32, VAULT)
    incoming = replace(_signed(), headers={"authorization": f"Bearer {token}"})
    assert auth.prove(incoming, VAULT, Acceptance(300)).public_key == "ab" * 32
    with pytest.raises(ServiceError, match="not valid"):
        auth.prove(incoming, Vault(bytes([1] * 32)), Acceptance(300))


def test_a_slow_clock_is_told_from_a_wrong_key(monkeypatch: pytest.MonkeyPatch) -> None:
    incoming = _signed()
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(ServiceError, match=r"3[56]\d\d s behind the API's clock") as refusal:
        auth.prove(incoming, VAULT, Acceptance(300))
    assert refusal.value.code == "clock_skew"


SERVED = (auth.Address("host:1"), auth.Address("acme.example", "/encord"))


def _arriving(**changed: str) -> auth.Incoming:
    return replace(_signed(), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"authority": "10.0.0.7:8080"}, "POST /x?y=1, for the host 10.0.0.7:8080"),
        ({"authority": ""}, "POST /x?y=1, for the host "),
        ({"target": "/x?y=%31"}, "POST /x?y=%31, for the host host:1"),
        ({"method": "PUT"}, "PUT /x?y=1, for the host host:1"),
        ({"authority": "h\xf6st\x1b[2J"}, "for the host h\\xf6st\x1b[2J"),
    ],
)
def test_a_mismatch_says_what_arrived(changed: dict[str, str], said: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        auth.prove(_arriving(**changed), VAULT, Acceptance(300))
    assert isinstance(refusal.value, Unauthenticated)
    assert refusal.value.code == "signature_mismatch"
    assert refusal.value.message.endswith(said)


def test_a_mismatch_tells_a_bounded_part_of_what_arrived() -> None:
    with pytest.raises(ServiceError) as refusal:
        auth.prove(_arriving(authority="x" * 60_000), VAULT, Acceptance(300))
    assert len(str(refusal.value.errors)) + len(refusal.value.message) < 10_000


def test_a_signature_for_a_public_address_holds_whatever_the_host_header_says() -> None:
    assert auth.prove(_arriving(authority="10.0.0.7:8080"), VAULT, Acceptance(300, SERVED)).unique


def test_a_signature_for_another_address_does_not_hold_though_the_host_header_names_it() -> None:
    with pytest.raises(ServiceError):
        auth.prove(_signed(), VAULT, Acceptance(300, (auth.Address("acme.example"),)))


ACME = auth.Address("acme.example", "/encord")


@pytest.mark.parametrize(
    ("authority", "told"),
    [
        ("127.0.0.1:8080", ", or serve it with --public-url http://127.0.0.1:8080 too"),
        ("[::1]:8080", ", or serve it with --public-url http://[::1]:8080 too"),
        ("10.0.0.7", ", or serve it with --public-url https://10.0.0.7 too"),
        ("h\xf6st", ", or serve it with --public-url https://h\\xf6st too"),
        ("acme.example", "; a proxy must pass on the path and the query unchanged"),
    ],
)
def test_a_call_past_the_public_address_is_told_where_to_call(authority: str, told: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        auth.prove(
            _arriving(authority=authority), VAULT, Acceptance(300, (ACME, auth.Address("internal.example")))
        )
    assert refusal.value.message.endswith("; this API serves https://acme.example/encord")
    assert refusal.value.hint == f"Call it there{told}"


def test_a_prefix_that_a_proxy_takes_off_is_part_of_what_was_signed() -> None:
    headers = Signer(KEY).headers("GET", "/encord/v2/x", "acme.example", b"")
    incoming = auth.Incoming(
        "GET", "/v2/x", "10.0.0.7", {name.lower(): value for name, value in headers.items()}
    )
    assert auth.prove(incoming, VAULT, Acceptance(300, SERVED)).unique
    with pytest.raises(ServiceError):
        auth.prove(incoming, VAULT, Acceptance(300))


def test_a_body_or_a_digest_that_was_changed_is_told_from_a_wrong_signature() -> None:
    incoming = _signed()
    proof = auth.prove(incoming, VAULT, Acceptance(300))
    assert proof.of_body(sha256(b"{}").digest(), 2) == proof
    with pytest.raises(ServiceError, match=r"does not match the body that arrived \(3 bytes\)"):
        proof.of_body(sha256(b"{ }").digest(), 3)
    assert "no Content-Digest" in _refused(incoming, content_digest="").message


def _conditional(if_match: str | None, covered: str | None) -> auth.Incoming:
    more = {} if covered is None else {"if-match": covered}
    headers = {k.lower(): v for k, v in Signer(KEY).headers("PUT", "/x", "host:1", b"", more).items()}
    headers |= {} if if_match is None else {"if-match": if_match}
    return auth.Incoming("PUT", "/x", "host:1", headers)


def test_a_condition_is_part_of_what_is_signed() -> None:
    assert auth.prove(_conditional("a", "a"), VAULT, Acceptance(300)).unique


@pytest.mark.parametrize(("if_match", "covered"), [(None, "a"), ("a", None), ("b", "a")])
def test_a_condition_that_is_stripped_added_or_changed_is_refused(
    if_match: str | None, covered: str | None
) -> None:
    with pytest.raises(Unauthenticated):
        auth.prove(_conditional(if_match, covered), VAULT, Acceptance(300))


HOSTS = Acceptance(300, hosts=("acme.example", "host:1", "[::1]"))


@pytest.mark.parametrize("authority", ["host:1", "ACME.example", "acme.example:8443", "[::1]:80"])
def test_a_host_that_is_served_is_accepted(authority: str) -> None:
    headers = Signer(KEY).headers("GET", "/x", authority, b"")
    incoming = auth.Incoming("GET", "/x", authority, {k.lower(): v for k, v in headers.items()})
    assert auth.prove(incoming, VAULT, HOSTS).unique


@pytest.mark.parametrize("authority", ["host:2", "evil.example", "", "[::2]", "acme.example.evil.example"])
def test_a_host_that_is_not_served_is_refused_though_the_signature_is_for_it(authority: str) -> None:
    headers = Signer(KEY).headers("GET", "/x", authority, b"")
    incoming = auth.Incoming("GET", "/x", authority, {k.lower(): v for k, v in headers.items()})
    with pytest.raises(Misdirected, match="does not serve the host"):
        auth.prove(incoming, VAULT, HOSTS)


def test_a_bearer_token_is_refused_at_a_host_that_is_not_served() -> None:
    token = auth.issue_token("ab" * 32, VAULT)
    incoming = auth.Incoming("GET", "/x", "evil.example", {"authorization": f"Bearer {token}"})
    with pytest.raises(Misdirected):
        auth.prove(incoming, VAULT, HOSTS)


def test_strict_takes_only_signatures_with_a_nonce() -> None:
    strict = Acceptance(300, strict=True)
    assert auth.prove(_signed(), VAULT, strict).unique
    token = auth.issue_token("ab" * 32, VAULT)
    with pytest.raises(Unauthenticated, match="a nonce"):
        auth.prove(auth.Incoming("GET", "/x", "host:1", {"authorization": f"Bearer {token}"}), VAULT, strict)


def test_named_hosts_are_served_beside_the_address_of_a_proxy_that_changes_the_header() -> None:
    both = Acceptance(300, (auth.Address("acme.example"),), ("host:1",))
    assert auth.prove(_signed(), VAULT, both).unique
    headers = Signer(KEY).headers("POST", "/x", "acme.example", b"")
    changed = auth.Incoming("POST", "/x", "10.0.0.7", {k.lower(): v for k, v in headers.items()})
    assert auth.prove(changed, VAULT, both).unique
    headers = Signer(KEY).headers("POST", "/x", "10.0.0.7", b"")
    past = auth.Incoming("POST", "/x", "10.0.0.7", {k.lower(): v for k, v in headers.items()})
    with pytest.raises(Unauthenticated):
        auth.prove(past, VAULT, both)
