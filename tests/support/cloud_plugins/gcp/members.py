"""One member of one binding in the IAM policy of a bucket."""

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.gcp.calls import Google, GoogleError
from tests.support.cloud_plugins.kinds import Bag, Kind
from tests.support.cloud_plugins.values import UNKNOWN

VERSION = 3
"""Of policies that may have conditions."""
_TRIES = 5


class BucketIAMMember(Kind):
    """A role that somebody has on a bucket, as far as a condition holds."""

    # Whatever changes, the new binding is another, and can be there before the old one goes.
    identity = ("bucket", "role", "member", "condition")
    optional: ClassVar[Mapping[str, Any]] = {"condition": None}
    structures = frozenset({"condition"})
    fields: ClassVar[Mapping[str, str]] = {name: name for name in ("description", "expression", "title")}
    computed = frozenset({"etag"})

    def id_of(self, cloud: Google, inputs: Bag) -> str:
        return _id(inputs["bucket"], inputs["role"], inputs["member"], inputs.get("condition"))

    def faults(self, key: str, value: Any) -> Iterator[str]:
        yield from super().faults(key, value)
        if key == "condition" and value != UNKNOWN and not {"expression", "title"} <= value.keys():
            yield "needs an expression and a title"
        if key == "member" and value != UNKNOWN and ":" not in value and not value.startswith("all"):
            yield "is no member of a policy"

    def create(self, cloud: Google, inputs: Bag) -> None:
        def with_it(bindings: list[Bag]) -> list[Bag]:
            for binding in bindings:
                if _is_of(binding, inputs):
                    return [one for one in bindings if one is not binding] + [
                        {**binding, "members": sorted({*binding["members"], inputs["member"]})}
                    ]
            made = {
                "role": inputs["role"],
                "members": [inputs["member"]],
                "condition": inputs.get("condition"),
            }
            return [*bindings, {key: value for key, value in made.items() if value}]

        _change(cloud, inputs["bucket"], with_it)

    def read(self, cloud: Google, id_: str) -> Bag | None:
        bucket = id_.split("/")[1]
        policy = _policy(cloud, bucket)
        for binding in (policy or {}).get("bindings", ()):
            for member in binding["members"]:
                # A condition's title may hold anything: ids are compared, never taken apart.
                if _id(bucket, binding["role"], member, binding.get("condition")) == id_:
                    found = {"bucket": bucket, "role": binding["role"], "member": member}
                    return {**found, "condition": binding.get("condition"), "etag": (policy or {})["etag"]}
        return None

    def update(self, cloud: Google, inputs: Bag, changed: Set[str]) -> None:
        raise AssertionError("every change replaces")

    def delete(self, cloud: Google, id_: str, state: Bag) -> None:
        def without_it(bindings: list[Bag]) -> list[Bag]:
            found = []
            for one in bindings:
                gone = {state["member"]} if _is_of(one, state) else set()
                found.append({**one, "members": [name for name in one["members"] if name not in gone]})
            return [one for one in found if one["members"]]

        if _policy(cloud, state["bucket"]) is not None:
            _change(cloud, state["bucket"], without_it)


def _policy(cloud: Google, bucket: str) -> Bag | None:
    query = {"optionsRequestedPolicyVersion": str(VERSION)}
    return cloud.found("buckets.getIamPolicy", {"bucket": bucket}, query)


def _change(cloud: Google, bucket: str, changed: Callable[[list[Bag]], list[Bag]]) -> None:
    """Reads, changes and writes a policy, anew if somebody else has written one meanwhile."""
    for left in reversed(range(_TRIES)):
        query = {"optionsRequestedPolicyVersion": str(VERSION)}
        policy = cloud.call("buckets.getIamPolicy", {"bucket": bucket}, query)
        bindings = changed(policy.get("bindings", []))
        body = {"version": VERSION, "etag": policy["etag"], "bindings": bindings}
        try:
            cloud.call("buckets.setIamPolicy", {"bucket": bucket}, body=body)
        except GoogleError as error:
            if error.reason != "conditionNotMet" or "Precondition Failed" not in str(error) or not left:
                raise
        else:
            return


def _is_of(binding: Bag, inputs: Bag) -> bool:
    return binding["role"] == inputs["role"] and _key(binding.get("condition")) == _key(
        inputs.get("condition")
    )


def _id(bucket: str, role: str, member: str, condition: Mapping[str, str] | None) -> str:
    return "/".join(["b", bucket, role, member, *([_key(condition)] if condition else [])])


def _key(condition: Mapping[str, str] | None) -> str:
    return "/".join((condition or {}).get(name, "") for name in ("title", "description", "expression"))
