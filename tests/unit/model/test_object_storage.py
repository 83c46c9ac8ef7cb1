"""Endpoints in one form, and key pairs whose secret never shows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.object_storage import Endpoint, host_of
from tests.support.types import CANARY, CASES
from tests.unit.model.examined import canonical, problems, spec_of

ENDPOINT: TypeAdapter[str] = TypeAdapter(Endpoint)


def refusal(value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        ENDPOINT.validate_python(value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://storage.example.com", "https://storage.example.com"),
        ("https://storage.example.com/", "https://storage.example.com"),
        ("HTTPS://Storage.Example.COM", "https://storage.example.com"),
        ("https://storage.example.com:443", "https://storage.example.com"),
        ("https://storage.example.com:9000/", "https://storage.example.com:9000"),
        ("https://localhost:9000", "https://localhost:9000"),
        ("https://minio", "https://minio"),
        ("https://10.0.0.7:9000", "https://10.0.0.7:9000"),
        ("https://[2001:DB8::1]:9000", "https://[2001:db8::1]:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        (f"https://{'a' * 63}.example.com", f"https://{'a' * 63}.example.com"),
    ],
)
def test_an_endpoint_has_one_form(written: str, kept: str) -> None:
    assert ENDPOINT.validate_python(written) == kept
    assert ENDPOINT.validate_python(kept) == kept


@pytest.mark.parametrize(
    "value",
    [
        "",
        "storage.example.com",
        "//storage.example.com",
        "ftp://storage.example.com",
        "s3://acme",
        "https://",
        "https:///path",
        "https://:9000",
        "https://exa mple.com",
        "https://example.com\n",
        "https://exam\nple.com",
        "https://exam\tple.com",
        " https://example.com",
        "https://ex\u00e4mple.com",
        "https://-example.com",
        "https://example-.com",
        "https://example..com",
        "https://example.com.",
        "https://exam_ple.com",
        f"https://{'a' * 64}.com",
        f"https://{'a.' * 127}com",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com:0",
        "https://10.0.0",
        "https://3232235777",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://[fe80::1%eth0]",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_endpoint_is_refused(value: str) -> None:
    assert "must be an address such as https://storage.example.com" in refusal(value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/bucket",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://user@example.com",
        "https://user:secret@example.com",
    ],
)
def test_an_endpoint_is_scheme_host_and_port_alone(value: str) -> None:
    said = refusal(value)
    assert "must be scheme, host and port alone, without path, query or user" in said


@pytest.mark.parametrize(
    "host", ["storage.example.com", "10.0.0.7", "169.254.169.254", "localhost.example.com"]
)
def test_only_this_machine_is_reached_without_tls(host: str) -> None:
    assert "must begin with https://; browsers refuse files over http" in refusal(f"http://{host}")


@given(st.text() | st.from_regex(r"https?://[^/]{0,20}(:\d{0,6})?/?", fullmatch=True))
def test_any_text_is_refused_or_has_one_form(value: str) -> None:
    try:
        kept = ENDPOINT.validate_python(value)
    except ValidationError:
        return
    assert ENDPOINT.validate_python(kept) == kept
    assert host_of(kept)


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
@pytest.mark.parametrize(
    "wrong",
    ["", " ", f"{CANARY} x", f"{CANARY}\nx", f"{CANARY}\u00e9", CANARY * 12, [CANARY], {"a": CANARY}, 7],
)
@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key"])
def test_what_is_no_key_is_refused_without_being_quoted(provider: str, name: str, wrong: Any) -> None:
    [said] = problems(provider, **{name: wrong})
    assert said.startswith(f"{name}: must be ")
    assert CANARY not in said


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
@pytest.mark.parametrize("around", [" {}", "{}\r\n", "\ufeff{}", "{}\u200b", "\t{}\u00a0"])
def test_white_space_around_a_secret_is_no_part_of_it(provider: str, around: str) -> None:
    assert canonical(provider, secret_access_key=around.format(CANARY))["secret_access_key"] == CANARY


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
def test_white_space_around_what_is_shown_is_named(provider: str) -> None:
    [said] = problems(provider, access_key_id="AKEXAMPLE\r\n")
    assert said.endswith("without blanks; take out the carriage return and the line feed at its end")


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key"])
def test_a_new_key_in_quotes_is_refused(provider: str, name: str) -> None:
    quoted = f'"{CANARY}"'
    assert problems(provider, **{name: quoted}) == [f"{name}: is in quotes; take them out"]
    stored, found = spec_of(provider).examine(CASES[provider].declared(**{name: quoted}))
    assert stored
    assert found == []


@pytest.mark.parametrize("provider", ["OTC", "S3_COMPATIBLE"])
@pytest.mark.parametrize("key", ["a", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPx=RfiCY", "~" * 256])
def test_any_printable_key_is_accepted(provider: str, key: str) -> None:
    assert problems(provider, access_key_id=key, secret_access_key=key) == []
