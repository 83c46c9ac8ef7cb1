"""What the table of the audit trail says that an entry changed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pulumi_encord_integrations.cli.rendering.audit import changed
from pulumi_encord_integrations.model.audit import AuditEntry

TRAIN, RAW = {"name": "acme-train", "prefixes": []}, {"name": "acme-raw", "prefixes": ["videos/"]}
MAIN = {"issuer": "https://issuer.example", "subject": "repo:acme/data:ref:refs/heads/main"}


def entry(detail: dict[str, Any], outcome: str = "done") -> AuditEntry:
    return AuditEntry.model_validate(
        {
            "sequence": 1,
            "at": datetime(2026, 1, 2, tzinfo=UTC),
            "actor": "ada@example.com",
            "kind": "person",
            "key": "",
            "keyName": "",
            "stack": "",
            "action": "integration.update",
            "object": "",
            "title": None,
            "outcome": outcome,
            "trace": "",
            "detail": detail,
            "mac": "0" * 64,
        }
    )


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (["Old", "New"], "field Old -> New"),
        ([None, "New"], "field New"),
        ([None, False], "-"),
        (["Old", None], "field Old -> nothing"),
        ([[TRAIN], [TRAIN, RAW]], "field +acme-raw videos/"),
        ([[TRAIN, RAW], [RAW]], "field -acme-train"),
        ([[TRAIN, RAW], [RAW, TRAIN]], "field in another order"),
        ([[], [MAIN]], "field +https://issuer.example repo:acme/data:ref:refs/heads/main"),
    ],
)
def test_a_change_tells_the_difference(pair: list[Any], said: str) -> None:
    assert changed(entry({"changes": {"field": pair}})) == said


def test_fields_beyond_the_third_are_counted() -> None:
    pairs = {name: [0, 1] for name in "abcde"}
    assert changed(entry({"changes": pairs})) == "a 0 -> 1, b 0 -> 1, c 0 -> 1, and 2 more"


def test_a_refusal_tells_why() -> None:
    assert changed(entry({"code": "read_only", "message": "no"}, "refused")) == "refused: no"
