"""What the chain of the audit trail finds: whatever is changed, removed, inserted or put elsewhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from pulumi_encord_integrations.client import audit as client_audit
from pulumi_encord_integrations.client.errors import NotAllowed
from pulumi_encord_integrations.model.audit import AuditProblem
from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.services import audit_verification, maintenance
from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import ConstraintError, now
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, Api
from tests.support.audit import ENTRY, aged, alter, drop, organization_of
from tests.support.older_schema import back_to_0004

COUNT = 12
LONG = 5
"""The entry whose detail is so long that it is compressed."""


@pytest.fixture
def trail(local: Api) -> str:
    """An organization whose trail has COUNT entries, beside another one's."""
    organization = organization_of(local, CREATOR)
    with local.database.write() as connection:
        connection.execute(delete(t.audit))
        for number in range(1, COUNT + 1):
            for whose in (organization, organization_of(local, FOREIGNER)):
                audit.record(
                    connection,
                    local.vault,
                    organization=whose,
                    actor=MEMBER,
                    action="group.update",
                    object_="7c1e0f2a-0000-4000-8000-000000000000",
                    trace=f"trace-{number}",
                    detail={"people": ["x" * 100] * 100} if number == LONG else {"number": number},
                    key="a-key",
                    stack="acme/prod",
                )
    return organization


UNGUARDED = {
    "sqlite": "DROP TRIGGER audit_numbered",
    "postgresql": "ALTER TABLE audit DROP CONSTRAINT audit_numbered",
}


def problem_of(api: Api, organization: str) -> AuditProblem | None:
    """What the verification of the whole trail finds."""
    return audit_verification.stretches(api.database, organization)[-1].problem


def found(api: Api, organization: str) -> tuple[int, str] | None:
    """Where it is broken, and how."""
    problem = problem_of(api, organization)
    return None if problem is None else (problem.sequence, problem.kind)


def test_a_trail_that_nobody_touched_is_whole(local: Api, trail: str) -> None:
    assert found(local, trail) is None
    for organization in audit_verification.all_organizations(local.database):
        assert found(local, organization[0]) is None


OTHERS: dict[str, Any] = {
    "actor": BOSS,
    "action": "group.delete",
    "object": "7c1e0f2a-0000-4000-8000-000000000001",
    "trace": "",
    "detail": '{"number": 99}',
    "key": "another",
    "stack": "acme/dev",
    "outcome": "refused",
    "mac": "0" * 64,
    "at": now() - timedelta(days=1),
    "number": 10_000_000,
    "long_detail": '{"number": 4}',
}


@pytest.mark.parametrize("column", OTHERS)
def test_a_changed_entry_is_found_whatever_column_it_is(local: Api, trail: str, column: str) -> None:
    alter(local, trail, 4, **{column: OTHERS[column]})
    assert found(local, trail) == (5 if column == "number" else 4, "changed")


def test_every_column_of_an_entry_is_changed_by_a_test() -> None:
    assert {*OTHERS, "organization", "sequence"} == {column.name for column in t.audit.columns}


def test_the_short_form_of_a_long_detail_is_bound_too(local: Api, trail: str) -> None:
    alter(local, trail, LONG, detail='{"people": 99}')
    assert found(local, trail) == (LONG, "changed")


def test_what_is_in_no_form_of_ours_is_found_and_fails_nothing(on_sqlite: Api) -> None:
    organization = organization_of(on_sqlite, CREATOR)
    for _ in range(3):
        on_sqlite.create()
    for column, text in (("long_detail", b"no zlib"), ("at", "yesterday"), ("detail", "no JSON")):
        with on_sqlite.database.write() as connection:
            connection.exec_driver_sql(f"UPDATE audit SET {column} = ? WHERE sequence = 2", (text,))
        assert found(on_sqlite, organization) == (2, "changed")
        assert on_sqlite.send(path="/v2/public/organisation/audit").status == 200


@pytest.mark.parametrize(("first", "last"), [(1, 1), (4, 4), (3, 7), (1, COUNT - 1)])
def test_a_removed_entry_is_found(local: Api, trail: str, first: int, last: int) -> None:
    drop(local, trail, first, last)
    assert found(local, trail) == (first, "removed")


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 9), (COUNT - 1, COUNT)])
def test_reordered_entries_are_found(local: Api, trail: str, one: int, other: int) -> None:
    for old, new in ((one, 1_000), (other, one), (1_000, other)):
        alter(local, trail, old, sequence=new)
    # Of two neighbours the second now stands before the first.
    assert found(local, trail) == (one, "inserted" if other == one + 1 else "changed")


def test_an_inserted_entry_is_found(local: Api, trail: str) -> None:
    for sequence in range(COUNT, 5, -1):
        alter(local, trail, sequence, sequence=sequence + 1)
    with local.database.write() as connection:
        row = connection.execute(
            select(t.audit).where(ENTRY.organization == trail, ENTRY.sequence == 5)
        ).one()
        connection.execute(insert(t.audit), {**row._mapping, "sequence": 6, "number": 10_000_000})
    assert found(local, trail) == (6, "inserted")


def test_an_entry_that_is_put_behind_the_newest_is_found(local: Api, trail: str) -> None:
    with local.database.write() as connection:
        row = connection.execute(
            select(t.audit).where(ENTRY.organization == trail, ENTRY.sequence == 5)
        ).one()
        copied = {name: value for name, value in row._mapping.items() if name != "number"}
        connection.execute(insert(t.audit), {**copied, "sequence": COUNT + 1})
    assert found(local, trail) == (COUNT + 1, "changed")


def test_an_entry_in_front_of_the_first_is_found(local: Api, trail: str) -> None:
    with local.database.write() as connection:
        row = connection.execute(
            select(t.audit).where(ENTRY.organization == trail, ENTRY.sequence == 1)
        ).one()
        before = {**row._mapping, "sequence": 0, "number": 10_000_000}
        # Whoever can write the database can drop what refuses it.
        connection.exec_driver_sql(UNGUARDED[connection.dialect.name])
        connection.execute(insert(t.audit), before)
    assert found(local, trail) == (0, "inserted")
    drop(local, trail, 0, 0)
    with local.database.write() as connection:
        # The database is lent to other tests.
        connection.exec_driver_sql(t.NUMBERED[connection.dialect.name])


def test_an_entry_of_a_process_that_numbers_none_is_refused(local: Api, trail: str) -> None:
    older = {"organization": trail, "at": now(), "actor": MEMBER, "action": "a", "object": "", "trace": ""}
    with pytest.raises(ConstraintError), local.database.write() as connection:
        connection.execute(insert(t.audit), {**older, "detail": "{}"})
    assert problem_of(local, trail) is None


def test_a_migrated_trail_takes_no_entry_without_a_number_either(on_sqlite: Api) -> None:
    with on_sqlite.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    test_an_entry_of_a_process_that_numbers_none_is_refused(
        on_sqlite.restarted(), organization_of(on_sqlite.restarted(), CREATOR)
    )


def test_an_emptied_trail_is_found(local: Api, trail: str) -> None:
    drop(local, trail, 1, COUNT)
    assert found(local, trail) == (1, "cut")


def test_an_entry_of_another_organization_is_found(local: Api, trail: str) -> None:
    other = organization_of(local, FOREIGNER)
    with local.database.write() as connection:
        row = connection.execute(
            select(t.audit).where(ENTRY.organization == other, ENTRY.sequence == 4)
        ).one()
        theirs = {name: row._mapping[name] for name in ("mac", "at", "trace", "detail")}
        mine = (ENTRY.organization == trail, ENTRY.sequence == 4)
        connection.execute(update(t.audit).where(*mine).values(**theirs))
    assert found(local, trail) == (4, "changed")


@pytest.fixture
def pruned(local: Api, trail: str) -> str:
    """The same, of which the first five entries were removed by retention."""
    aged(local, upto=5)
    assert maintenance.expire(local.database, Retention(365)).audit == 10
    return trail


def _checkpoint(api: Api, whose: str, /, **values: Any) -> None:
    with api.database.write() as connection:
        mine = t.audit_checkpoints.c.organization == whose
        if values:
            connection.execute(update(t.audit_checkpoints).where(mine).values(**values))
        else:
            connection.execute(delete(t.audit_checkpoints).where(mine))


def test_a_pruned_trail_is_whole(local: Api, pruned: str) -> None:
    found_ = audit_verification.stretches(local.database, pruned)
    assert [(one.checked_from, one.valid) for one in found_] == [(6, True)]


@pytest.mark.parametrize(
    "values", [{"sequence": 6}, {"mac": "0" * 64}, {"signature": "0" * 64}, {"at": now()}, {"sequence": 7}]
)
def test_a_forged_checkpoint_is_found(local: Api, pruned: str, values: dict[str, Any]) -> None:
    _checkpoint(local, pruned, **values)
    assert found(local, pruned) == (values.get("sequence", 5), "changed")


def test_a_checkpoint_of_another_organization_is_found(local: Api, pruned: str) -> None:
    c, other = t.audit_checkpoints.c, organization_of(local, FOREIGNER)
    with local.database.read() as connection:
        theirs = connection.execute(select(c.mac, c.at, c.signature).where(c.organization == other)).one()
    _checkpoint(local, pruned, **theirs._mapping)
    assert found(local, pruned) == (5, "changed")


def test_a_removed_checkpoint_is_found(local: Api, pruned: str) -> None:
    _checkpoint(local, pruned)
    assert found(local, pruned) == (1, "removed")


def test_a_beginning_that_went_without_a_checkpoint_is_found(local: Api, pruned: str) -> None:
    drop(local, pruned, 6, 8)
    assert found(local, pruned) == (6, "removed")


def test_a_checkpoint_that_came_back_is_found(local: Api, pruned: str) -> None:
    with local.database.read() as connection:
        mine = t.audit_checkpoints.c.organization == pruned
        old = dict(connection.execute(select(t.audit_checkpoints).where(mine)).one()._mapping)
    aged(local, upto=8)
    assert maintenance.expire(local.database, Retention(365)).audit == 6
    assert found(local, pruned) is None
    _checkpoint(local, pruned, **old)
    assert found(local, pruned) == (6, "removed")


def test_an_entry_that_retention_removed_and_somebody_put_back_is_found(local: Api, pruned: str) -> None:
    with local.database.write() as connection:
        row = connection.execute(
            select(t.audit).where(ENTRY.organization == pruned, ENTRY.sequence == 6)
        ).one()
        connection.execute(insert(t.audit), {**row._mapping, "sequence": 3, "number": 10_000_000})
    assert found(local, pruned) == (3, "inserted")


def test_a_trail_that_is_gone_behind_its_checkpoint_is_found(local: Api, pruned: str) -> None:
    drop(local, pruned, 1, 1_000)
    assert found(local, pruned) == (6, "cut")


def test_a_cut_tail_is_whole_in_itself_and_differs_from_the_head_that_was_kept(
    local: Api, trail: str
) -> None:
    head = audit_verification.stretches(local.database, trail)[-1].head
    drop(local, trail, COUNT - 2, COUNT)
    assert found(local, trail) is None
    assert audit_verification.stretches(local.database, trail)[-1].head.sequence == COUNT - 3
    for _ in range(3):
        local.create()
    assert found(local, trail) is None
    assert audit_verification.mac_at(local.database, trail, COUNT) not in {None, head.mac}


def _swapped(api: Api, organization: str, one: int, other: int) -> None:
    for old, new in ((one, 1_000), (other, one), (1_000, other)):
        alter(api, organization, old, sequence=new)


DAMAGES: dict[str, Callable[[Api, str, int, int], None]] = {
    "remove": lambda api, whose, at, _: drop(api, whose, at, at),
    "swap": _swapped,
    "actor": lambda api, whose, at, _: alter(api, whose, at, actor="eve@example.com"),
    "detail": lambda api, whose, at, other: alter(api, whose, at, detail=f'{{"forged": {other}}}'),
    "time": lambda api, whose, at, other: alter(api, whose, at, at=now() - timedelta(hours=other)),
    "renumber": lambda api, whose, at, other: alter(api, whose, at, sequence=1_000 + other),
    "compress": lambda api, whose, at, _: alter(api, whose, at, long_detail='{"number": 1}'),
}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(kind=st.sampled_from(sorted(DAMAGES)), at=st.integers(1, COUNT - 1), other=st.integers(1, COUNT - 1))
def test_no_damage_to_any_entry_but_the_last_is_missed(
    local: Api, trail: str, kind: str, at: int, other: int
) -> None:
    with local.database.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(t.audit))]
    if kind == "swap" and at == other:
        return
    DAMAGES[kind](local, trail, at, other)
    try:
        problem = problem_of(local, trail)
        assert problem is not None
        assert problem.sequence == min(at, other) if kind == "swap" else problem.sequence <= at
    finally:
        with local.database.write() as connection:
            connection.execute(delete(t.audit))
            connection.execute(insert(t.audit), rows)
    assert found(local, trail) is None


def test_the_api_verifies_a_stretch_at_a_time(local: Api, trail: str) -> None:
    path = "/v2/public/organisation/audit/verification"
    seen = []
    after = 0
    for _ in range(3):
        answer = local.send(path=path, query={"after": after, "pageSize": 5}).body
        seen.append((answer["checkedFrom"], answer["checkedTo"], answer["valid"]))
        after = answer["checkedTo"]
    assert seen == [(1, 5, True), (6, 10, True), (11, COUNT, True)]
    alter(local, trail, 7, actor=BOSS)
    answer = local.send(path=path, query={"after": 5, "pageSize": 5}).body
    assert (answer["valid"], answer["checkedTo"], answer["problem"]["kind"]) == (False, 7, "changed")
    assert local.send(path=path, query={"after": 99}).body["problem"]["kind"] == "cut"
    assert local.send(path=path, query={"pageSize": 10_001}).status == 400


def test_a_client_walks_through_the_whole_trail(local: Api, trail: str) -> None:
    client = local.client(BOSS)
    walked = [(one.checked_from, one.checked_to) for one in client_audit.verified(client, 5)]
    assert walked == [(1, 5), (6, 10), (11, COUNT)]
    alter(local, trail, 9, actor=BOSS)
    *_, last = client_audit.verified(client, 5)
    assert (last.valid, last.checked_to) == (False, 9)
    assert [one.valid for one in audit_verification.stretches(local.database, trail, 5)] == [True, False]
    assert client_audit.head(client).sequence == COUNT
    assert str(client_audit.head(client)) == f"{COUNT}:{client_audit.mac_at(client, COUNT)}"
    assert client_audit.mac_at(client, COUNT + 1) is None
    for ask in (client_audit.head, lambda one: list(client_audit.verified(one))):
        with pytest.raises(NotAllowed):
            ask(local.client(MEMBER))
