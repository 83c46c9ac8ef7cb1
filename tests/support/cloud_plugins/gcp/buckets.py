"""Buckets."""

from collections.abc import Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.gcp.calls import Google
from tests.support.cloud_plugins.kinds import Bag, Kind, named, turned

ATTRIBUTION = {"goog-pulumi-provisioned": "true"}
"""The label by which the real plugin tells that Pulumi made something."""
_CORS = {
    "maxAgeSeconds": "maxAgeSeconds",
    "methods": "method",
    "origins": "origin",
    "responseHeaders": "responseHeader",
}
_OTHERS = {"defaultKmsKeyName": "defaultKmsKeyName", "enabled": "enabled"}


class GcsBucket(Kind):
    """A bucket with its settings."""

    identity = ("name",)
    required = frozenset({"location"})
    optional: ClassVar[Mapping[str, Any]] = {
        "cors": None,
        "encryption": None,
        "forceDestroy": False,
        "labels": None,
        "project": None,
        "publicAccessPrevention": "inherited",
        "storageClass": "STANDARD",
        "uniformBucketLevelAccess": False,
        "versioning": None,
    }
    named = "name"
    replacing = frozenset({"location", "project"})
    ours = frozenset({"forceDestroy", "project"})
    structures = frozenset({"encryption", "versioning"})
    fields: ClassVar[Mapping[str, str]] = {**_CORS, **_OTHERS}
    computed = frozenset({"projectNumber", "selfLink", "timeCreated"})

    def made_up(self, name: str, seed: bytes) -> str:
        return super().made_up(name, seed).lower()

    def defaults(self, cloud: Google) -> Bag:
        return {"project": cloud.project} if cloud.project else {}

    def same(self, key: str, one: Any, other: Any) -> bool:
        if key == "location" and isinstance(one, str) and isinstance(other, str):
            return one.upper() == other.upper()
        return super().same(key, one, other)

    def outputs(self, properties: Bag) -> Bag:
        labels = {**(properties.get("labels") or {}), **ATTRIBUTION}
        url = {"url": f"gs://{properties['name']}"} if "name" in properties else {}
        return {**url, "effectiveLabels": labels, "pulumiLabels": labels}

    def create(self, cloud: Google, inputs: Bag) -> None:
        body = {
            "name": inputs["name"],
            "location": inputs["location"].upper(),
            **_settings(inputs, {*inputs}),
        }
        body.setdefault("labels", ATTRIBUTION)
        cloud.call("buckets.insert", {}, {"project": inputs["project"]}, body)

    def read(self, cloud: Google, id_: str) -> Bag | None:
        there = cloud.found("buckets.get", {"bucket": id_})
        if there is None:
            return None
        access = there["iamConfiguration"]
        return {
            "cors": named(there.get("cors"), turned(_CORS)),
            "encryption": there.get("encryption"),
            "labels": {k: v for k, v in there.get("labels", {}).items() if k not in ATTRIBUTION} or None,
            "location": there["location"],
            "name": there["name"],
            "projectNumber": int(there["projectNumber"]),
            "publicAccessPrevention": access["publicAccessPrevention"],
            "selfLink": there["selfLink"],
            "storageClass": there["storageClass"],
            "timeCreated": there["timeCreated"],
            "uniformBucketLevelAccess": bool(access.get("uniformBucketLevelAccess", {}).get("enabled")),
            "versioning": there.get("versioning"),
        }

    def update(self, cloud: Google, inputs: Bag, changed: Set[str]) -> None:
        body = _settings(inputs, changed)
        if "labels" in changed:
            there = cloud.call("buckets.get", {"bucket": inputs["name"]}).get("labels", {})
            body["labels"] = {**dict.fromkeys(there), **(inputs.get("labels") or {}), **ATTRIBUTION}
        if body:
            cloud.call("buckets.patch", {"bucket": inputs["name"]}, body=body)

    def delete(self, cloud: Google, id_: str, state: Bag) -> None:
        of = {"bucket": id_}
        if state.get("forceDestroy"):
            while found := (cloud.found("objects.list", of) or {}).get("items"):
                for one in found:
                    cloud.call("objects.delete", {**of, "object": one["name"]})
        if cloud.found("buckets.get", of) is not None:
            cloud.call("buckets.delete", of)


def _settings(inputs: Bag, chosen: Set[str]) -> Bag:
    """What of a bucket's resource some inputs say; what is not given goes away."""
    body: Bag = {}
    for key in chosen & {"encryption", "versioning", "storageClass"}:
        body[key] = inputs.get(key, GcsBucket.optional[key])
    if "cors" in chosen:
        body["cors"] = named(inputs.get("cors") or [], _CORS)
    if inputs.get("labels") and "labels" in chosen:
        body["labels"] = {**inputs["labels"], **ATTRIBUTION}
    access: Bag = {}
    if "publicAccessPrevention" in chosen:
        access["publicAccessPrevention"] = inputs.get("publicAccessPrevention", "inherited")
    if "uniformBucketLevelAccess" in chosen:
        access["uniformBucketLevelAccess"] = {"enabled": bool(inputs.get("uniformBucketLevelAccess"))}
    return {**body, "iamConfiguration": access} if access else body
