"""Role assignments: written down after a check of their form; nothing here enforces them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from tests.support.cloud_plugins.azure.arm import Arm, NotDone
from tests.support.cloud_plugins.azure.resources import Recorded
from tests.support.cloud_plugins.kinds import Bag
from tests.support.cloud_plugins.values import UNKNOWN

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GROUP = rf"/subscriptions/{_UUID}(/resourceGroups/[\w().-]+"
_ACCOUNT = r"(/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}"
_CONTAINER = r"(/blobServices/default/containers/[a-z0-9-]{3,63})?)?)?"
FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "principalId": (re.compile(_UUID), "is no object id"),
    "principalType": (
        re.compile("User|Group|ServicePrincipal|ForeignGroup|Device"),
        "is no type of principals",
    ),
    "roleAssignmentName": (re.compile(_UUID), "is no UUID"),
    "roleDefinitionId": (
        re.compile(rf"(/subscriptions/{_UUID})?/providers/Microsoft\.Authorization/roleDefinitions/{_UUID}"),
        "is no id of a role definition",
    ),
    "scope": (re.compile(_GROUP + _ACCOUNT + _CONTAINER), "is no scope from a subscription to a container"),
}


class RoleAssignment(Recorded):
    """That a principal has a role in a scope."""

    path = "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
    token = "Microsoft.Authorization/roleAssignments"
    identity = ("scope", "roleAssignmentName")
    required = frozenset({"principalId", "roleDefinitionId"})
    optional: ClassVar[Mapping[str, Any]] = {"description": None, "principalType": "User"}
    named = "roleAssignmentName"
    replacing = frozenset({"principalId"})

    def made_up(self, name: str, seed: bytes) -> str:
        """Names are UUIDs."""
        digits = seed.hex().ljust(32, "0")[:32]
        return "-".join([digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:]])

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        form, fault = FORMS.get(key, (None, ""))
        if form and value != UNKNOWN and not form.fullmatch(str(value)):
            yield fault

    def create(self, cloud: Arm, inputs: Bag) -> None:
        _must_be_there(cloud, inputs["scope"])
        principal = inputs["principalId"]
        if principal not in cloud.principals:
            raise NotDone(
                f"PrincipalNotFound: Principal {principal.replace('-', '')} does not exist in the directory "
                f"{cloud.tenant_id}."
            )
        self.must_be_new(cloud, inputs)
        same = ("scope", "principalId", "roleDefinitionId")
        for one in cloud.records.all(below=f"{inputs['scope']}/providers/Microsoft.Authorization/").values():
            if all(one[key] == inputs[key] for key in same):
                raise NotDone("RoleAssignmentExists: The role assignment already exists.")
        super().create(cloud, inputs)

    def parts(self, id_: str) -> Bag:
        scope, _, name = id_.partition("/providers/Microsoft.Authorization/roleAssignments/")
        return {"scope": scope, "roleAssignmentName": name}


def _must_be_there(cloud: Arm, scope: str) -> None:
    _, _, subscription, *rest = scope.split("/")
    if subscription != cloud.subscription_id:
        raise NotDone(f"SubscriptionNotFound: The subscription '{subscription}' could not be found.")
    if len(rest) >= 6:
        cloud.must_have_account(rest[1], rest[5])
    elif rest:
        cloud.must_have_group(rest[1])
    else:
        cloud.must_be_mine()
