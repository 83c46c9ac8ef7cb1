"""Roles, and what they may do."""

import json
from collections.abc import Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.aws.kinds import AwsKind, Cloud, found, tag_bag, tag_list
from tests.support.cloud_plugins.kinds import Bag


class Role(AwsKind):
    """A role, its trust policy included."""

    identity = ("name",)
    required = frozenset({"assumeRolePolicy"})
    optional: ClassVar[Mapping[str, Any]] = {
        "description": None,
        "maxSessionDuration": 3600,
        "path": "/",
        "permissionsBoundary": None,
        "tags": None,
    }
    named = "name"
    replacing = frozenset({"path"})
    documents = frozenset({"assumeRolePolicy"})
    computed = frozenset({"arn", "createDate", "uniqueId"})

    def create(self, cloud: Cloud, inputs: Bag) -> None:
        given = {
            "Description": inputs.get("description"),
            "Path": inputs.get("path"),
            "PermissionsBoundary": inputs.get("permissionsBoundary"),
            "Tags": tag_list(inputs.get("tags")),
        }
        cloud.iam.create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=_seconds(inputs),
            **{key: value for key, value in given.items() if value},
        )

    def read(self, cloud: Cloud, id_: str) -> Bag | None:
        answer = found(cloud.iam.get_role, RoleName=id_)
        if answer is None:
            return None
        role = answer["Role"]
        return {
            "arn": role["Arn"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description") or None,
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": _tags(cloud, id_),
            "uniqueId": role["RoleId"],
        }

    def update(self, cloud: Cloud, inputs: Bag, changed: Set[str]) -> None:
        iam, name = cloud.iam, inputs["name"]
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=inputs["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            words, seconds = inputs.get("description") or "", _seconds(inputs)
            iam.update_role(RoleName=name, Description=words, MaxSessionDuration=seconds)
        if "permissionsBoundary" in changed:
            boundary = inputs.get("permissionsBoundary")
            if boundary:
                iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(RoleName=name)
        if "tags" in changed:
            tags = inputs.get("tags") or {}
            superfluous = [key for key in _tags(cloud, name) or {} if key not in tags]
            if superfluous:
                iam.untag_role(RoleName=name, TagKeys=superfluous)
            if tags:
                iam.tag_role(RoleName=name, Tags=tag_list(tags))

    def delete(self, cloud: Cloud, id_: str, state: Bag) -> None:
        found(cloud.iam.delete_role, RoleName=id_)


class RolePolicy(AwsKind):
    """A policy that is part of a role."""

    identity = ("role", "name")
    required = frozenset({"policy", "role"})
    named = "name"
    documents = frozenset({"policy"})

    def create(self, cloud: Cloud, inputs: Bag) -> None:
        cloud.iam.put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )

    def read(self, cloud: Cloud, id_: str) -> Bag | None:
        role, _, name = id_.partition(":")
        answer = found(cloud.iam.get_role_policy, RoleName=role, PolicyName=name)
        if answer is None:
            return None
        return {"name": name, "policy": json.dumps(answer["PolicyDocument"]), "role": role}

    def update(self, cloud: Cloud, inputs: Bag, changed: Set[str]) -> None:
        self.create(cloud, inputs)

    def delete(self, cloud: Cloud, id_: str, state: Bag) -> None:
        role, _, name = id_.partition(":")
        found(cloud.iam.delete_role_policy, RoleName=role, PolicyName=name)


def _tags(cloud: Cloud, name: str) -> dict[str, str] | None:
    return tag_bag(cloud.iam.list_role_tags(RoleName=name), "Tags")


def _seconds(inputs: Bag) -> int:
    value: Any = inputs.get("maxSessionDuration") or Role.optional["maxSessionDuration"]
    return int(value)
