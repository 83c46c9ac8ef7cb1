"""Objects whose content the program holds."""

import base64
from collections.abc import Mapping, Set
from typing import Any, ClassVar

from tests.support.cloud_plugins.gcp.calls import Google
from tests.support.cloud_plugins.kinds import Bag, Kind

_METADATA = ("cacheControl", "contentDisposition", "contentType")


class BucketObject(Kind):
    """An object, which is written once: every change makes another."""

    identity = ("bucket", "name")
    required = frozenset({"content"})
    optional: ClassVar[Mapping[str, Any]] = {
        "cacheControl": None,
        "contentDisposition": None,
        # What Google makes of content without a type.
        "contentType": "text/plain; charset=utf-8",
        "metadata": None,
    }
    named = "name"
    replacing = frozenset({"content", "metadata", *_METADATA})
    computed = frozenset(
        {
            "crc32c",
            "generation",
            "md5hash",
            "md5hexhash",
            "mediaLink",
            "outputName",
            "selfLink",
            "storageClass",
        }
    )

    def id_of(self, cloud: Google, inputs: Bag) -> str:
        return f"{inputs['bucket']}/{inputs['name']}"

    def create(self, cloud: Google, inputs: Bag) -> None:
        given = {key: inputs.get(key, self.optional[key]) for key in (*_METADATA, "metadata")}
        body = {"name": inputs["name"], **{key: value for key, value in given.items() if value}}
        cloud.upload(inputs["bucket"], body, inputs["content"].encode())

    def read(self, cloud: Google, id_: str) -> Bag | None:
        bucket, _, name = id_.partition("/")
        there = cloud.found("objects.get", {"bucket": bucket, "object": name})
        if there is None:
            return None
        return {
            **{key: there.get(key) for key in (*_METADATA, "metadata")},
            "bucket": bucket,
            "content": cloud.content(bucket, name).decode(errors="replace"),
            "crc32c": there["crc32c"],
            "generation": int(there["generation"]),
            "md5hash": there["md5Hash"],
            "md5hexhash": base64.b64decode(there["md5Hash"]).hex(),
            "mediaLink": there["mediaLink"],
            "name": name,
            "outputName": name,
            "selfLink": there["selfLink"],
            "storageClass": there["storageClass"],
        }

    def update(self, cloud: Google, inputs: Bag, changed: Set[str]) -> None:
        raise AssertionError("every change replaces")

    def delete(self, cloud: Google, id_: str, state: Bag) -> None:
        of = {"bucket": state["bucket"], "object": state["name"]}
        if cloud.found("objects.get", of) is not None:
            cloud.call("objects.delete", of)
