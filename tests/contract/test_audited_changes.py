"""What was and what is: the audit trail tells both of every change, and no secret."""

import json
from typing import Any
from uuid import uuid4

from tests.contract.test_audit import MINIO, _newest
from tests.support.api import AWS, BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.audit import entries
from tests.support.people import GROUPS, USERS, crowd, group, patch, post


def _changes(api: Api) -> dict[str, Any]:
    """What the newest entry says that changed."""
    found: dict[str, Any] = _newest(api)["detail"].get("changes", {})
    return found


class TestBeforeAndAfter:
    def test_of_an_integration(self, local: Api) -> None:
        uuid = local.create(title="Old")["integrationUuid"]
        local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"title": "New"})
        assert _changes(local) == {"title": ["Old", "New"]}
        local.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
        deleted = _newest(local)
        assert deleted["detail"]["changes"]["title"] == ["New", None]
        assert deleted["detail"]["changes"]["roleArn"] == [AWS["roleArn"], None]
        assert deleted["title"] is None

    def test_of_a_secret_tells_that_it_changed_and_nothing_of_it(self, local: Api) -> None:
        uuid = local.send(method="POST", body=MINIO).body["integration"]["integrationUuid"]
        change = {"secretAccessKey": "canary-2"}
        local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body=change)
        assert set(_changes(local)) == {"credentialFingerprint"}
        assert "canary" not in json.dumps(entries(local, CREATOR))
        assert "canary" not in str(local.rows("audit"))

    def test_of_a_declaration_tells_no_identity_of_a_stack(self, local: Api) -> None:
        stack = str(uuid4())
        where = {"path": "encord:AwsIntegration::prod", "project": "acme", "stack": "prod"}
        declared = {"declaredAs": {"stackId": stack, **where}}
        uuid = local.send(method="POST", body={**AWS, **declared}).body["integration"]["integrationUuid"]
        assert _changes(local)["declaredAs"] == [None, "acme/prod, AwsIntegration::prod"]
        local.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"declaredAs": None})
        assert _changes(local)["declaredAs"] == ["acme/prod, AwsIntegration::prod", None]
        local.send(method="POST", body={**AWS, **declared, "adopt": uuid})
        assert _newest(local)["action"] == "integration.adopt"
        assert _changes(local) == {
            "declaredAs": [None, "acme/prod, AwsIntegration::prod"],
            "adopted": [False, True],
        }
        local.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}", query={"declaredBy": stack})
        assert _newest(local)["action"] == "integration.released"
        assert _changes(local) == {
            "declaredAs": ["acme/prod, AwsIntegration::prod", None],
            "adopted": [True, False],
        }
        assert stack not in json.dumps(entries(local, CREATOR))

    def test_of_members(self, local: Api) -> None:
        uuid = local.create()["integrationUuid"]
        patch(local, uuid, {MEMBER: "user", OUTSIDER: "user"})
        assert _changes(local) == {MEMBER: [None, "user"], OUTSIDER: [None, "user"]}
        patch(local, uuid, {MEMBER: "admin"})
        assert _changes(local) == {MEMBER: ["user", "admin"]}
        body = {"userEmails": [OUTSIDER]}
        post(local, f"{INTEGRATIONS}/{uuid}/users/bulk-delete", body)
        assert _changes(local) == {OUTSIDER: ["user", None]}
        post(local, f"{INTEGRATIONS}/{uuid}/join", who=BOSS)
        assert _changes(local) == {BOSS: [None, "admin"]}

    def test_of_a_group(self, local: Api) -> None:
        uuid = group(local, name="Old")
        local.send(method="PATCH", path=f"{GROUPS}/{uuid}", body={"name": "New"})
        assert _changes(local) == {"name": ["Old", "New"]}
        local.send(method="DELETE", path=f"{GROUPS}/{uuid}")
        assert _changes(local)["name"] == ["New", None]

    def test_of_a_user(self, local: Api) -> None:
        local.send(method="PATCH", path=f"{USERS}/{MEMBER}", body={"roleMnemonicName": "ADMIN"})
        assert _changes(local) == {"role": ["MEMBER", "ADMIN"]}
        local.send(method="PATCH", path=f"{USERS}/{MEMBER}", body={"suspended": True})
        assert _changes(local) == {"suspended": [False, True]}

    def test_of_an_expiry(self, local: Api) -> None:
        path = f"{INTEGRATIONS}/{local.create()['integrationUuid']}/signed-url-expiry"
        local.send(method="PUT", path=path, body={"duration": "12h"})
        assert _changes(local) == {"signedUrlExpiry": [None, 43_200]}
        local.send(method="DELETE", path=path)
        assert _changes(local) == {"signedUrlExpiry": [43_200, None]}

    def test_of_many_is_told_whole(self, local: Api) -> None:
        uuid, people = local.create()["integrationUuid"], crowd(local, 300)
        patch(local, uuid, dict.fromkeys(people, "user"))
        assert _changes(local) == {email: [None, "user"] for email in people}
