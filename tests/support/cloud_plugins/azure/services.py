"""The settings of a storage account's blob service, of which only the CORS rules are known here."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.azure.arm import Arm, ArmKind
from tests.support.cloud_plugins.azure.cors import rules_of, set_rules
from tests.support.cloud_plugins.azure.resources import StorageAccount
from tests.support.cloud_plugins.kinds import Bag
from tests.support.cloud_plugins.values import UNKNOWN, has_unknown

RULE = ("allowedHeaders", "allowedMethods", "allowedOrigins", "exposedHeaders", "maxAgeInSeconds")
"""The fields of a rule, all of which it must have."""


class BlobServiceProperties(ArmKind):
    """The one object that owns all CORS rules of an account's blobs."""

    path = f"{StorageAccount.path}/blobServices/{{blobServicesName}}"
    token = "Microsoft.Storage/storageAccounts/blobServices"
    identity = ("resourceGroupName", "accountName", "blobServicesName")
    optional: ClassVar[Mapping[str, Any]] = {"cors": None}
    structures = frozenset({"cors"})
    fields: ClassVar[Mapping[str, str]] = {name: name for name in (*RULE, "corsRules")}
    computed = frozenset({"name", "type"})

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key == "blobServicesName" and value not in {"default", UNKNOWN}:
            yield "can only be default"
        if key == "cors" and not has_unknown(value):
            rules = value.get("corsRules") or []
            missing = sorted({name for name in RULE for rule in rules if rule.get(name) is None})
            if missing:
                yield f"has a rule without {', '.join(missing)}"
            if len(rules) > 5:
                yield "has more than five rules"

    def create(self, cloud: Arm, inputs: Bag) -> None:
        """Whatever rules there are: an account always has this object, so nothing tells whose they are."""
        cloud.must_have_account(inputs["resourceGroupName"], inputs["accountName"])
        self.update(cloud, inputs, {"cors"})

    def read(self, cloud: Arm, id_: str) -> Bag | None:
        parts = self.parts(id_)
        if not cloud.has_account(parts["resourceGroupName"], parts["accountName"]):
            return None
        with cloud.blobs(parts["resourceGroupName"], parts["accountName"]) as service:
            rules = rules_of(service)
        cors = {"corsRules": rules} if rules else None
        return {**parts, "cors": cors, **self.named_outputs(parts["blobServicesName"])}

    def update(self, cloud: Arm, inputs: Bag, changed: Set[str]) -> None:
        _set(cloud, inputs, (inputs.get("cors") or {}).get("corsRules") or [])

    def delete(self, cloud: Arm, id_: str, state: Bag) -> None:
        """Makes it as it is in a new account; it cannot end."""
        if cloud.has_account(state["resourceGroupName"], state["accountName"]):
            _set(cloud, state, [])


def _set(cloud: Arm, inputs: Bag, rules: Sequence[Bag]) -> None:
    with cloud.blobs(inputs["resourceGroupName"], inputs["accountName"]) as service:
        set_rules(service, rules)
