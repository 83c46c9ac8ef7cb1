"""The page's flow for Azure in one `pulumi up`, from an account that exists: by the real engine and SDK.

A stand-in for the provider's plugin makes containers, blobs, CORS rules and SAS tokens on Azurite, and writes
role assignments into the subscription's records (tests/support/cloud_plugins). Azurite enforces SAS tokens,
signatures of signed URLs, CORS and that containers are private; it enforces no role assignment. A gateway of
ours before it does, by Azure's definitions of its roles (tests/support/clouds/azure_gateway.py).
"""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.model.policies.azure import azure_cors, sas_end, sas_window
from pulumi_encord_integrations.model.policies.control import challenge_object
from tests.support.clouds.azure_customer import embedded_api
from tests.support.clouds.azure_roles import CONTRIBUTOR, DELEGATOR, READER
from tests.support.clouds.azure_subscription import ORIGIN, Subscription
from tests.support.clouds.azure_traffic import Stranger, asked
from tests.support.clouds.fetching import fetched
from tests.support.command import run
from tests.support.engine import UP, operations
from tests.support.size import at_full_size
from tests.support.tiers import TOLD

NOT_ENFORCED = (
    "Azurite enforces no role assignment (our gateway does, at once), network rule or policy of an account; "
    "Entra's sign-in is a stand-in"
)
MIA, OTTO, FAY = "mia@example.com", "otto@example.com", "fay@example.org"
HEADER = """
import pulumi
from datetime import datetime
from pulumi_encord_integrations import AccessCheck, AzureIntegration, IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AzureEncordIntegration
from pulumi_encord_integrations.components.azure import sas

place = {"storage_account": ACCOUNT, "container": CONTAINER}
"""
ONE = f"""
mia = OrganizationUser("mia", email="{MIA}", role="MEMBER", member_type="internal")
OrganizationUser("otto", email="{OTTO}", role="TASKER", member_type="external")
args = {{"title": "Training data", "resource_group_name": GROUP, "retry_for": "2s", **place, **GIVEN}}
training = AzureEncordIntegration("training", args)
IntegrationMember("mia-trains", integration=training.integration, user=mia, role="user")
pulumi.export("id", training.integration_id)
pulumi.export("challenge", training.integration.challenge)
pulumi.export("ends_at", training.sas_ends_at)
pulumi.export("valid", training.valid)
"""
BY_ROLES: dict[str, Any] = {"create": True, "manage_cors": True}
PLAIN_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
"""Azure's role Reader, which reads no data; a common mistake."""
SABOTAGE = f"""
def sabotage(args):
    if args.type_ != "azure-native:authorization:RoleAssignment":
        return None
    right = pulumi.Output.from_input(args.props["roleDefinitionId"])
    wrong = right.apply(lambda role: role.replace("{READER}", "{PLAIN_READER}"))
    return pulumi.ResourceTransformResult({{**args.props, "roleDefinitionId": wrong}}, args.opts)

pulumi.runtime.register_resource_transform(sabotage)
"""


def declare(subscription: Subscription, before: str = "", **given: Any) -> None:
    identity = {"principal_id": subscription.principal_id, "tenant_id": subscription.tenant_id}
    identity = {} if "sas" in given else identity
    subscription.declare(HEADER + before + ONE.replace("GIVEN", repr({**identity, **given})))


def exported(subscription: Subscription) -> dict[str, Any]:
    """What the program exports, none of which is a secret, without a start of the CLI."""
    (stack,) = [one for one in subscription.project.export() if one["type"] == "pulumi:pulumi:Stack"]
    return dict(stack["outputs"])


def roles(subscription: Subscription) -> set[tuple[str, str, str]]:
    """Role, scope and principal of each assignment."""
    return {
        (one["roleDefinitionId"].rpartition("/")[2], one["scope"], one["principalId"])
        for one in subscription.role_assignments()
    }


def expected_roles(subscription: Subscription, role: str = READER) -> set[tuple[str, str, str]]:
    principal = subscription.principal_id
    return {(role, subscription.container_id, principal), (DELEGATOR, subscription.account_id, principal)}


def signed(subscription: Subscription, *keys: str) -> list[str]:
    """URLs of the one integration that whoever is configured may use, by the API itself."""
    with embedded_api(subscription) as client:
        (uuid,) = subscription.project.living()
        answer = client.call(
            "POST", f"cloud-integrations/{uuid}/signed-urls", body={"objectUrls": list(keys)}
        )
        return [row["url"] for row in answer["results"]]


def test_all_comes_in_one_up_with_roles_that_are_recorded_and_enforced_by_our_gateway(
    subscription: Subscription, record_property: Callable[[str, object], None]
) -> None:
    record_property(TOLD, NOT_ENFORCED)
    project = subscription.project
    declare(subscription, **BY_ROLES, writable=True)
    with Stranger(subscription) as stranger:
        planned = project.preview()
        assert subscription.left() == set()
        for role in (CONTRIBUTOR, DELEGATOR):
            assert f"/roleDefinitions/{role}" in planned
        project.up()
        made = exported(subscription)
        subscription.put("data.mp4")
        assert (made["valid"], subscription.members()) == (True, {MIA})
        project.unchanged()
        as_the_service_sees_it(subscription, made)
        assert operations(project.refresh()).keys() <= {"unchanged"}
        assert stranger.refused("data.mp4", f".encord/{made['id']}")
        renamed_and_no_longer_writable(subscription, made)
        project.destroy()
        assert stranger.refused("data.mp4")
    assert len(stranger.statuses) > 10
    # Data outlives what made its container, and so do the CORS rules of the account.
    assert subscription.blobs() == {"data.mp4": b"data"}
    assert (subscription.left(), len(subscription.cors())) == ({subscription.container}, 1)


def as_the_service_sees_it(subscription: Subscription, made: dict[str, Any]) -> None:
    assert roles(subscription) == expected_roles(subscription, CONTRIBUTOR)
    one = challenge_object(made["id"], made["challenge"], subscription.container)
    assert subscription.blobs() == {one.key: one.value.encode(), "data.mp4": b"data"}
    assert subscription.cors() == azure_cors([ORIGIN])
    (url,) = signed(subscription, "data.mp4")
    assert fetched(url, certificate=subscription.certificate) == (200, b"data")
    assert fetched(url, "DELETE", subscription.certificate)[0] == 403
    assert fetched(url.partition("?")[0], certificate=subscription.certificate)[0] >= 400


def renamed_and_no_longer_writable(subscription: Subscription, made: dict[str, Any]) -> None:
    """The access check tries to write, and passes only where that is allowed just as declared."""
    project = subscription.project
    declare(subscription, **BY_ROLES, writable=True, title="Renamed")
    assert operations(project.preview()) == {"to update": 1}
    declare(subscription, **BY_ROLES, title="Renamed")
    project.up()
    assert roles(subscription) == expected_roles(subscription)
    assert exported(subscription) == made
    assert [one.title for one in project.living().values()] == ["Renamed"]
    assert subscription.members() == {MIA}


THIEF = f"""{HEADER}
mine = AzureIntegration("mine", title="Mine", tenant_id=TENANT, **place)
AccessCheck("mine", integration=mine, retry_for="1s")
"""


def test_our_gateway_lets_nobody_in_behind_a_wrong_role_and_another_s_container_gives_nothing(
    subscription: Subscription,
) -> None:
    project = subscription.project
    subscription.put("data.mp4")
    subscription.set_cors(*azure_cors([ORIGIN]))
    declare(subscription, SABOTAGE)
    said = project.fail(*UP, "--stack", "dev")
    assert "control: " in said
    assert "the application has no such role" in said
    assert "Storage Blob Data Reader on the container" in said
    assert subscription.members() == set()
    declare(subscription)
    project.up()
    assert (roles(subscription), subscription.members()) == (expected_roles(subscription), {MIA})
    assert fetched(signed(subscription, "data.mp4")[0], certificate=subscription.certificate)[0] == 200
    # A tasker of the organization, then the admin of another one.
    gets_nothing(subscription, "otto", user=OTTO)
    assert verified(subscription) == {"credential": True, "control": False}
    gets_nothing(subscription, "fay", user=FAY, database="other.sqlite")


def gets_nothing(subscription: Subscription, stack: str, **config: str) -> None:
    """Somebody declares the same container with the same tenant: no listing, no URL."""
    project = subscription.project
    project.configure(**config)
    project.new_stack(stack)
    subscription.declare(THIEF)
    with asked(subscription) as log:
        said = project.fail(*UP, "--stack", stack)
        uuid = project.state(stack)["mine"]
        with pytest.raises(Refused) as refusal, embedded_api(subscription) as client:
            client.call("POST", f"cloud-integrations/{uuid}/signed-urls", body={"objectUrls": ["data.mp4"]})
    key = f"{subscription.container}/.encord/{uuid}"
    assert f"{key} does not exist: the API has no proof" in said
    assert "az storage blob upload" in said
    assert refusal.value.code == "control_unproven"
    assert f"{key} does not exist" in refusal.value.message
    assert log.listings == []
    # The account's own path is where the key is asked for that would sign.
    assert log.paths == {"", key}


def verified(subscription: Subscription) -> dict[str, bool | None]:
    """What the command says, check by check."""
    project = subscription.project
    ran = run(project.folder, "verify", "Mine", "--json", **project.env)
    return {one["name"]: one["success"] for one in json.loads(ran.out)["checks"]}


@at_full_size
def test_roles_that_are_gone_from_our_records_and_a_tenant_that_was_left_are_told_and_repaired(
    subscription: Subscription,
) -> None:
    project = subscription.project
    declare(subscription, **BY_ROLES)
    project.up()
    subscription.remove_role_assignments()
    declare(subscription, **BY_ROLES, retry_for="1s")
    assert operations(project.refresh())["deleted"] == 2
    project.up()
    assert roles(subscription) == expected_roles(subscription)
    project.unchanged()
    subscription.leave_tenant()
    declare(subscription, **BY_ROLES, writable=True)
    said = project.fail(*UP, "--stack", "dev")
    assert "is not in tenant" in said
    assert "az ad sp create --id" in said
    assert subscription.members() == {MIA}, "a check that fails later takes nobody's access"
    subscription.entra.tenants[subscription.tenant_id] = subscription.principal_id
    project.up()
    assert exported(subscription)["valid"] is True
    assert roles(subscription) == expected_roles(subscription, CONTRIBUTOR)
    project.unchanged()
    project.destroy()
    assert subscription.left() == {subscription.container}


def at(moment: datetime) -> str:
    """What makes it that time for the SAS tokens of a program."""
    return f"sas.now = lambda: datetime.fromisoformat({moment.isoformat()!r})"


def shown_state(subscription: Subscription) -> str:
    """The state with its secrets opened, which are JSON in JSON."""
    shown = subscription.project.succeed("stack", "export", "--show-secrets", "--stack", "dev")
    return re.sub(r"\\+u0026", "&", shown)


def written(subscription: Subscription) -> bytes:
    """All bytes of the database's files, what is not merged into it yet included."""
    project = subscription.project
    files = project.folder.glob(f"{project.config['database']}*")
    return b"".join(file.read_bytes() for file in files if not file.name.endswith(".key"))


def kept(subscription: Subscription) -> tuple[str, bytes, str]:
    """The token that is in the state, what the database holds of it, which is sealed, and that state."""
    state = shown_state(subscription)
    (token,) = set(re.findall(r'[^"\\]+&sig=[^"\\]+', state))
    file = subscription.project.folder / subscription.project.config["database"]
    with closing(sqlite3.connect(file)) as database:
        ((sealed,),) = database.execute("SELECT sealed FROM integration_secrets").fetchall()
    assert token.encode() not in written(subscription)
    assert sealed in written(subscription)
    assert "sig=" not in json.dumps(subscription.project.export())
    return token, sealed, state


def test_a_sas_token_stays_the_same_until_its_time_is_near_and_nothing_of_it_stays_behind(
    subscription: Subscription,
) -> None:
    project, window, now = subscription.project, sas_window(), datetime.now(UTC)
    ends = sas_end(now, window)
    due = ends - window.renew_before
    given: dict[str, Any] = {"create": True, "manage_cors": True, "sas": {}}
    declare(subscription, at(now), **given)
    with Stranger(subscription) as stranger:
        project.up()
        subscription.put("data.mp4")
        made = exported(subscription)
        assert (made["ends_at"], made["valid"]) == (ends.isoformat(), True)
        assert subscription.members() == {MIA}
        declare(subscription, at(due - timedelta(seconds=1)), **given)
        project.unchanged()
        token, sealed, _ = kept(subscription)
        declare(subscription, at(due), **given)
        assert operations(project.up()) == {"updated": 2}
        assert exported(subscription) == {**made, "ends_at": (ends + window.length).isoformat()}
        project.unchanged()
        renewed, _, state = kept(subscription)
        is_gone(written(subscription), state, token, sealed)
        (url,) = signed(subscription, "data.mp4")
        assert url.partition("?")[2] == renewed
        assert fetched(url, certificate=subscription.certificate) == (200, b"data")
        assert stranger.refused("data.mp4")


def is_gone(database: bytes, state: str, token: str, sealed: bytes) -> None:
    signature = dict(parse_qsl(token))["sig"]
    for text in (token, signature, quote(signature, safe="")):
        assert text not in state
        assert text.encode() not in database
    assert sealed not in database
