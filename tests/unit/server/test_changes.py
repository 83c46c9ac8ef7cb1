"""What the audit trail tells of a write: the fields that differ, and nothing of secrets."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from pydantic import Field

from pulumi_encord_integrations.model.base import Received
from pulumi_encord_integrations.model.marks import SECRET
from pulumi_encord_integrations.server.services.changes import changes
from pulumi_encord_integrations.server.services.unit_of_work import Effect


class Thing(Received):
    title: str
    made_at: datetime | None = None
    secret_key: Annotated[str | None, SECRET] = Field(None)


AT = datetime(2026, 1, 2, tzinfo=UTC)
SECRET_THING = Thing(title="x", secret_key="canary")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, None, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": [2, 3]}),
        (None, {"a": 1}, {"a": [None, 1]}),
        ({"a": 1}, None, {"a": [1, None]}),
        ({"a": None}, {}, {}),
        ({"a": [1, 2]}, {"a": [2, 1]}, {"a": [[1, 2], [2, 1]]}),
        ({}, {"at": AT}, {"at": [None, "2026-01-02T00:00:00Z"]}),
        (Thing(title="x"), Thing(title="y"), {"title": ["x", "y"]}),
        (Thing(title="x"), Thing(title="x", made_at=AT), {"madeAt": [None, "2026-01-02T00:00:00Z"]}),
        (
            Thing(title="x", secret_key="canary-1"),
            Thing(title="x", secret_key="canary-2"),
            {"secretKey": ["(secret)", "(secret)"]},
        ),
        (Thing(title="x"), SECRET_THING, {"secretKey": [None, "(secret)"]}),
        (SECRET_THING, None, {"title": ["x", None], "secretKey": ["(secret)", None]}),
    ],
)  # fmt: skip
def test_the_fields_that_differ_are_told(before: Any, after: Any, told: dict[str, Any]) -> None:
    assert changes(before, after) == told


def test_an_effect_tells_them_beside_its_own_detail() -> None:
    effect = Effect(Thing(title="y"), "thing.update", "uuid", {"count": 1}, {"a": 1}, {"a": 2})
    assert effect.told == {"count": 1, "changes": {"a": [1, 2]}}
    assert Effect(Thing(title="y"), "thing.look", "uuid", {"count": 1}).told == {"count": 1}
