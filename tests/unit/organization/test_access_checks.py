"""`access_check` of an entry: what it may say, and where it is told what it may not."""

from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.organization.diagnostics import BadDeclaration
from pulumi_encord_integrations.organization.integrations import IntegrationEntry
from pulumi_encord_integrations.organization.loader import load

ENTRIES = {
    "aws": "role_arn: 'arn:aws:iam::123456789012:role/encord', buckets: [acme]",
    "gcp": "buckets: [acme]",
    "azure": "storage_account: acmestorage, container: training, sas_token: {config: token}",
    "otc": "endpoint: 'https://obs.eu-de.otc.t-systems.com', region: eu-de, buckets: [acme], "
    "access_key_id: AK, secret_access_key: {config: key}",
    "s3_compatible": "preset: MINIO, endpoint: 'https://minio.example.com:9000', buckets: [acme], "
    "access_key_id: AK, secret_access_key: {config: key}",
    "direct_access": "source: ANY_STATIC_HOSTED_FILES, url_kind: UNSIGNED",
}
URL = "https://files.example.com/a.mp4"


def text(type_: str, check: str) -> str:
    return f"integrations:\n  one: {{type: {type_}, title: T, {ENTRIES[type_]}}}\n".replace(
        "}\n", f",\n    access_check: {check}}}\n"
    )


def declared(folder: Path, type_: str, check: str) -> IntegrationEntry:
    (folder / "encord.yaml").write_text(text(type_, check))
    [found] = load(folder / "encord.yaml", "encord.yaml").integrations
    return found


def refusal(folder: Path, type_: str, check: str) -> list[str]:
    with pytest.raises(BadDeclaration) as refused:
        declared(folder, type_, check)
    return refused.value.message.splitlines()


OF_ALL: list[tuple[str, dict[str, Any] | None]] = [
    ("true", {}),
    ("{}", {}),
    ("false", None),
    ("null", None),
    ("~", None),
    ("", None),
    ("{required: false}", {"required": False}),
    ("{writable: false}", {"writable": False}),
    ("{retry_for: 5m}", {"retry_for": 300}),
    ("{retry_for: 1}", {"retry_for": 1}),
    ("{retry_for: PT15M, required: true}", {"retry_for": 900, "required": True}),
    ("{urls: []}", {"urls": []}),
]


@pytest.mark.parametrize("type_", ["aws", "otc", "s3_compatible", "direct_access"])
@pytest.mark.parametrize(("written", "options"), OF_ALL)
def test_what_the_file_says_of_a_check_is_passed_on_and_nothing_else(
    tmp_path: Path, type_: str, written: str, options: dict[str, Any] | None
) -> None:
    assert declared(tmp_path, type_, written).access_check == options


@pytest.mark.parametrize("type_", ["aws", "azure", "gcp", "otc", "s3_compatible"])
def test_write_access_is_declared_where_some_can_be_granted(tmp_path: Path, type_: str) -> None:
    assert declared(tmp_path, type_, "{writable: true}").access_check == {"writable": True}


def test_without_a_word_there_is_no_check(tmp_path: Path) -> None:
    (tmp_path / "encord.yaml").write_text(f"integrations:\n  a: {{type: aws, title: T, {ENTRIES['aws']}}}\n")
    [found] = load(tmp_path / "encord.yaml").integrations
    assert found.access_check is None


def test_urls_are_passed_on_for_direct_access(tmp_path: Path) -> None:
    assert declared(tmp_path, "direct_access", f"{{urls: ['{URL}']}}").access_check == {"urls": [URL]}


AT = "  --> encord.yaml:3:{} integrations.one.access_check{}"
ELSEWHERE = "error: urls are checked of direct_access alone; others check their buckets"
WRONG: list[tuple[str, str, list[str]]] = [
    ("gcp", f"{{urls: ['{URL}']}}", [ELSEWHERE, AT.format(26, ".urls")]),
    ("azure", f"{{urls: ['{URL}']}}", [ELSEWHERE, AT.format(26, ".urls")]),
    ("aws", f"{{urls: ['{URL}']}}", [ELSEWHERE, AT.format(26, ".urls")]),
    ("otc", f"{{urls: ['{URL}']}}", [ELSEWHERE, AT.format(26, ".urls")]),
    (
        "direct_access",
        "{writable: true}",
        ["error: nothing is granted to direct_access", AT.format(30, ".writable"), "help: leave it out"],
    ),
    ("aws", "7", ["error: access_check must be true, false or a mapping", AT.format(19, "")]),
    ("aws", "1", ["error: access_check must be true, false or a mapping", AT.format(19, "")]),
    ("aws", "[]", ["error: access_check must be true, false or a mapping", AT.format(19, "")]),
    ("aws", "[true]", ["error: access_check must be true, false or a mapping", AT.format(19, "")]),
    (
        "aws",
        "{writeable: true}",
        [
            'error: unknown key "writeable"',
            AT.format(20, ""),
            'help: did you mean "writable"?',
        ],
    ),
    (
        "aws",
        "{retryFor: 2m}",
        ['error: unknown key "retryFor"', AT.format(20, ""), 'help: did you mean "retry_for"?'],
    ),
    ("aws", "{integration: x}", ['error: unknown key "integration"', AT.format(20, "")]),
    (
        "aws",
        "{required: 0}",
        ["error: access_check.required must be true or false", AT.format(30, ".required")],
    ),
    (
        "aws",
        "{required: null}",
        ["error: access_check.required must be true or false", AT.format(30, ".required")],
    ),
    (
        "aws",
        "{writable: 'yes'}",
        ["error: access_check.writable must be true or false", AT.format(30, ".writable")],
    ),
    (
        "aws",
        "{retry_for: 2h}",
        [
            "error: access_check.retry_for must be at most 15 minutes (900 seconds)",
            AT.format(31, ".retry_for"),
        ],
    ),
    (
        "aws",
        "{retry_for: 0}",
        ["error: access_check.retry_for must be 1 second to 10 years", AT.format(31, ".retry_for")],
    ),
    ("direct_access", "{urls: x}", ["error: access_check.urls must be a list", AT.format(26, ".urls")]),
    (
        "direct_access",
        "{urls: [7]}",
        ["error: access_check.urls[0] must be a string", AT.format(27, ".urls[0]"), "help: put it in quotes"],
    ),
]


@pytest.mark.parametrize(("type_", "written", "lines"), WRONG)
def test_what_it_may_not_say_is_told_in_its_place(
    tmp_path: Path, type_: str, written: str, lines: list[str]
) -> None:
    assert refusal(tmp_path, type_, written) == lines


def test_more_urls_than_are_checked_are_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "direct_access", f"{{urls: [{', '.join([repr(URL)] * 101)}]}}")
    assert said[0] == "error: access_check.urls has 101 entries; at most 100 are allowed"


def test_all_that_is_wrong_with_a_check_is_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "aws", "{required: 1, writable: 2, retry_for: soon, url: x}")
    assert len([line for line in said if line.startswith("error:")]) == 4
