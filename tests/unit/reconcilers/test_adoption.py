"""What a check says of an adoption; that it agrees with the API is tested with both (tests/contract)."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Checked, Context
from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.living import arrow
from pulumi_encord_integrations.reconcilers.preflight import joining
from tests.unit.reconcilers.fake_api import DECLARED_AS, INPUTS
from tests.unit.reconcilers.living import USER, Held

RECONCILER = IntegrationReconciler(AWS)
TEAM, OTHER = "7a1b2c3d-0e4f-4a5b-8c6d-1e2f3a4b5c6d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ELSEWHERE = {"stackId": OTHER, "path": "encord:AwsIntegration::x", "project": "shop", "stack": "live"}


@pytest.fixture
def held() -> Held:
    return Held()


def adopt(held: Held, *unknown: str, before: Any = None, partial: Any = None, **given: Any) -> Checked:
    inputs = {**INPUTS, "adopt": True, **given}
    known = {name: value for name, value in inputs.items() if name not in unknown and value is not None}
    context = Context(before=before or {}, snapshot=held, partial=partial or {})
    return RECONCILER.check(known, frozenset(unknown), context)


def test_what_is_taken_is_told_with_all_that_hangs_on_it(held: Held) -> None:
    roles = {USER: "admin", "bea@example.com": "admin", "mia@example.com": "user"}
    uuid = held.add(roles, declaredAs=None)
    taken = "3 members, 0 registrations, other Admins: bea@example.com"
    stay = "its other Admins keep Admin. Only an operator ends that of an individual, with"
    assert adopt(held).notes == [
        f'adopts "Production" {uuid} (made by {USER}, {taken})',
        f"{stay} `encord-integrations remove-admin`",
    ]


def test_who_made_it_and_stays_an_admin_is_named_first(held: Held) -> None:
    crowd = {f"admin-{n}@example.com": "admin" for n in range(8)}
    roles = {USER: "admin", "planter@example.com": "admin", f"group:{TEAM}": "admin", **crowd}
    held.add(roles, declaredAs=None, owner="planter@example.com")
    taken, stay = adopt(held).notes
    assert "made by planter@example.com" in taken
    assert "other Admins: planter@example.com, admin-0@example.com" in taken
    assert taken.endswith("and 5 more)")
    assert stay.startswith("its other Admins keep Admin, planter@example.com, who made it, among them.")


def test_an_adoption_without_other_admins_warns_of_nobody(held: Held) -> None:
    held.add({USER: "admin", "mia@example.com": "user"}, declaredAs=None)
    assert len(adopt(held).notes) == 1


def test_before_one_has_joined_it_is_not_said_that_there_are_no_other_admins(held: Held) -> None:
    uuid = held.add(declaredAs=None, role=None, owner="planter@example.com", registrations=None)
    context = Context(snapshot=held, declared=frozenset({joining(uuid)}))
    taken, stay = RECONCILER.check({**INPUTS, "adopt": True}, context=context).notes
    told = "members that are not told, registrations that are not told, other Admins: not told"
    assert f"(made by planter@example.com, {told})" in taken
    assert stay.startswith("its other Admins keep Admin.")


def test_what_is_known_only_during_up_is_neither_compared_nor_refused(held: Held) -> None:
    held.add(declaredAs=None)
    checked = adopt(held, "role_arn", "strict_client_only")
    assert checked.problems == []
    assert list(checked.notes[1:]) == [
        f"adopting changes role_arn: {INPUTS['role_arn']} -> known only during `up`"
    ]


def test_an_unknown_title_says_that_more_is_to_come(held: Held) -> None:
    uuid = held.add(declaredAs=None)
    assert adopt(held, "title").notes == ["what it adopts is known only during `up`"]
    assert "adopts" not in adopt(held, "title").inputs
    assert adopt(held, "title", adopt=uuid).inputs["adopts"] == uuid


def test_the_identity_of_a_new_stack_is_not_known_yet(held: Held) -> None:
    uuid = held.add(declaredAs={**ELSEWHERE, "project": "data", "stack": "dev"})
    place = {**DECLARED_AS, "stack_id": NOT_KNOWN_YET}
    checked = adopt(held, "declared_as", partial={"declared_as": place})
    assert (checked.problems, checked.inputs["adopts"]) == ([], uuid)
    assert "it was declared by data/dev, AwsIntegration::x, last" in checked.notes[1]
    assert "last written by bea@example.com of integrations" in checked.notes[1]


def test_offline_nothing_is_found_and_nothing_refused() -> None:
    checked = RECONCILER.check({**INPUTS, "adopt": True})
    assert (checked.problems, checked.notes, "adopts" in checked.inputs) == ([], [], False)


def test_another_stack_s_is_refused_with_all_that_is_known_of_it(held: Held) -> None:
    uuid = held.add(declaredAs=ELSEWHERE)
    [problem] = adopt(held).problems
    assert str(problem) == (
        f'adopt: "Production" ({uuid}) is declared by shop/live, AwsIntegration::x, last written by '
        'bea@example.com of integrations; if that stack no longer declares it: adopt_from="shop/live"'
    )


def test_what_was_adopted_stays_so_without_the_flag(held: Held) -> None:
    uuid = held.add(adopted=True, region="eu-west-1", title="Renamed by others")
    before = {**INPUTS, "adopt": True, "adopts": uuid}
    checked = adopt(held, before=before, adopt=None, strict_client_only=None, over_vpn=None)
    assert checked.inputs["adopts"] == uuid
    assert not {"strict_client_only", "over_vpn", "region"} & checked.inputs.keys()


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("region", None, "eu-west-1", "region: none -> eu-west-1"),
        ("description", "", "Who", "description: none -> Who"),
        ("title", "A", NOT_KNOWN_YET, "title: A -> known only during `up`"),
        ("buckets", [{"name": "a"}], NOT_KNOWN_YET, "buckets: a -> known only during `up`"),
        ("signed_url_expiry", None, "6d", "signed_url_expiry: 7d (the default) -> 6d"),
        (
            "signed_url_expiry",
            "6d",
            None,
            "signed_url_expiry: 6d -> 7d (the default) (wider access: signed URLs live longer)",
        ),
        ("signed_url_expiry", "2h", "90m", "signed_url_expiry: 2h -> 90m"),
        ("buckets", [{"name": "a"}], [{"name": "a", "prefixes": ["x/"]}], "buckets: a -> a (x/)"),
        ("buckets", [{"name": "a"}], [{"name": "b"}], "buckets: a -> b (wider access)"),
    ],
)
def test_a_change_is_told_in_words(name: str, before: Any, after: Any, words: str) -> None:
    assert arrow(name, before, after) == words
