"""Groups and users of the organization through Encord's own SDK, unchanged, against the served API."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from encord.exceptions import AuthorisationError, ResourceExistsError, ResourceNotFoundError
from encord.group import Group

from tests.support.accounts import CI_EMAIL, account, auditor
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, Api, served
from tests.support.people import crowd, granted, group, role_of
from tests.support.sdk import sdk

NEW = "nia+1/2@example.com"


@pytest.fixture
def remote(local: Api) -> Iterator[Api]:
    """The API over loopback HTTP, as the SDK needs it."""
    with served(local.app) as local.endpoint:
        local.transport = None
        yield local


def _emails(made: Group) -> list[str]:
    return [user.user_email for user in made.list_users()]


def _roles(api: Api) -> dict[str, tuple[str, str]]:
    users = sdk(api).list_organisation_users()
    return {user.email: (user.role_mnemonic_name, user.member_type) for user in users}


def test_a_group_is_created_got_listed_updated_and_deleted(remote: Api) -> None:
    client = sdk(remote)
    made = client.create_group("Zoë's", "Who labels")
    got = client.get_group(str(made.group_hash))
    assert (got.name, got.description, got.created_at) == ("Zoë's", "Who labels", made.created_at)
    made.update_group(name="Cats")
    made.update_group(description="")
    assert [(g.group_hash, g.name, g.description) for g in client.list_groups()] == [
        (made.group_hash, "Cats", "")
    ]
    client.delete_group(made.group_hash)
    assert list(client.list_groups()) == []


def test_people_are_added_to_a_group_listed_and_removed(remote: Api) -> None:
    made = sdk(remote).create_group("Team")
    added = made.add_users([OUTSIDER.upper(), MEMBER])
    assert [user.user_email for user in added] == _emails(made) == [MEMBER, OUTSIDER]
    assert len(made.add_users([BOSS])) == 3
    made.remove_users([OUTSIDER, FOREIGNER, "no.one@example.com"])
    assert _emails(made) == [BOSS, MEMBER]


def test_long_lists_come_whole_as_the_sdk_reads_one_page(remote: Api) -> None:
    people = crowd(remote, 1500)
    assert len(sdk(remote).create_group("Team").add_users(people)) == 1500
    (found,) = sdk(remote, OUTSIDER).list_groups()
    assert _emails(found) == people
    assert _roles(remote).keys() >= set(people)


def test_users_of_the_organization_are_added_listed_and_removed(remote: Api) -> None:
    client = sdk(remote)
    client.add_organisation_user(NEW.upper(), role_mnemonic_name="TASKER", member_type="external")
    assert _roles(remote)[NEW] == ("TASKER", "external")
    assert _roles(remote)[CREATOR] == ("ADMIN", "internal")
    client.remove_organisation_user(NEW)
    assert NEW not in _roles(remote)


def _add(api: Api, who: str, email: str) -> None:
    sdk(api, who).add_organisation_user(email, role_mnemonic_name="MEMBER", member_type="internal")


ERRORS: dict[str, tuple[type[Exception], Any]] = {
    "a stranger into a group": (
        AuthorisationError,
        lambda api, uuid: sdk(api).get_group(uuid).add_users([FOREIGNER]),
    ),
    "a group by no admin": (AuthorisationError, lambda api, uuid: sdk(api, MEMBER).create_group("Mine")),
    "a user by no admin": (AuthorisationError, lambda api, uuid: _add(api, MEMBER, NEW)),
    "a user twice": (ResourceExistsError, lambda api, uuid: _add(api, CREATOR, OUTSIDER)),
    "no such group": (ResourceNotFoundError, lambda api, uuid: sdk(api).get_group(uuid4())),
    "no such group to delete": (ResourceNotFoundError, lambda api, uuid: sdk(api).delete_group(uuid4())),
    "another organization's group": (
        ResourceNotFoundError,
        lambda api, uuid: sdk(api, FOREIGNER).get_group(uuid),
    ),
    "no such user": (ResourceNotFoundError, lambda api, uuid: sdk(api).remove_organisation_user(NEW)),
}


@pytest.mark.parametrize("what", ERRORS)
def test_a_refusal_is_the_error_that_the_sdk_promises(remote: Api, what: str) -> None:
    uuid = group(remote, OUTSIDER)
    error, call = ERRORS[what]
    with pytest.raises(error):
        call(remote, uuid)
    assert _emails(sdk(remote).get_group(uuid)) == [OUTSIDER]
    assert _roles(remote).keys() == {CREATOR, MEMBER, OUTSIDER, BOSS}


def test_access_by_the_sdks_group_begins_and_ends_with_it(remote: Api, integration: Any) -> None:
    uuid, made = integration["integrationUuid"], sdk(remote).create_group("Team")
    granted(remote, uuid, {f"group:{made.group_hash}": "admin"})
    made.add_users([OUTSIDER])
    assert role_of(remote, uuid, OUTSIDER) == "admin"
    assert [str(found.id) for found in sdk(remote, OUTSIDER).get_cloud_integrations()] == [uuid]
    sdk(remote).delete_group(made.group_hash)
    assert list(sdk(remote, OUTSIDER).get_cloud_integrations()) == []


def test_service_accounts_and_auditors_break_no_listing(remote: Api) -> None:
    account(remote)
    auditor(remote, OUTSIDER)
    assert _roles(remote)[CI_EMAIL] == ("MEMBER", "internal")
    assert OUTSIDER in _roles(remote)
