"""The JSON API of Cloud Storage: who may, in which order it is asked, and what is told of it."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping

from tests.support.clouds.gcs_messages import (
    GcsAnswer,
    GcsRequest,
    answered,
    conflict,
    invalid,
    no_bucket,
    no_object,
    not_ours,
    out_of_range,
    precondition,
)
from tests.support.clouds.gcs_policies import GcsAccess, first_policy
from tests.support.clouds.gcs_principals import PROJECT
from tests.support.clouds.gcs_store import Document, GcsStore

IGNORED = frozenset({"alt", "fields", "prettyPrint", "projection", "uploadType"})
"""Parameters that change nothing here."""
_SETTINGS = frozenset(
    {
        "cors",
        "encryption",
        "iamConfiguration",
        "labels",
        "lifecycle",
        "location",
        "logging",
        "retentionPolicy",
    }
    | {"softDeletePolicy", "storageClass", "versioning", "website"}
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
_PAGE = 1000


class GcsJson:
    """What is done for each method of the discovery document that is known here."""

    def __init__(self, store: GcsStore, access: GcsAccess) -> None:
        self._store, self._access = store, access
        self._methods: dict[str, Callable[[GcsRequest, Mapping[str, str], str | None], GcsAnswer]] = {
            "storage.buckets.insert": self._make_bucket,
            "storage.buckets.list": self._buckets,
            "storage.buckets.get": self._bucket,
            "storage.buckets.patch": self._change_bucket,
            "storage.buckets.delete": self._delete_bucket,
            "storage.buckets.getIamPolicy": self._policy,
            "storage.buckets.setIamPolicy": self._set_policy,
            "storage.buckets.testIamPermissions": self._permissions,
            "storage.objects.list": self._list,
            "storage.objects.get": self._get,
            "storage.objects.insert": self._upload,
            "storage.objects.delete": self._delete,
        }

    def answer(self, id_: str, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        """What the method answers; `of` is the bucket and the object in the path."""
        if id_ not in self._methods:
            raise not_ours(id_)
        if "bucket" in of and self._store.bucket(of["bucket"]) is None:
            raise no_bucket()
        return self._methods[id_](request, of, who)

    def _make_bucket(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "project")
        self._access.must_own(who, "storage.buckets.create")
        settings = json.loads(request.body)
        name = settings.pop("name", "")
        if request.query.get("project") != PROJECT:
            raise invalid(f"Unknown project id: {request.query.get('project')}")
        if not _NAME.fullmatch(name):
            raise invalid(f"Invalid bucket name: '{name}'")
        _known_settings(settings)
        if self._store.bucket(name):
            raise conflict(
                "Your previous request to create the named bucket succeeded and you already own it."
            )
        self._store.make_bucket(name)
        self._store.set_policy(name, first_policy())
        location = settings.get("location", "US").upper()
        prevention = {"publicAccessPrevention": "inherited", **settings.get("iamConfiguration", {})}
        settings |= {"location": location, "iamConfiguration": prevention}
        self._store.change_bucket(name, settings)
        return answered(self._store.bucket(name))

    def _buckets(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "project", "maxResults")
        self._access.must_own(who, "storage.buckets.list")
        return answered({"kind": "storage#buckets", "items": self._store.buckets()})

    def _bucket(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request)
        self._access.must(who, "storage.buckets.get", of["bucket"])
        return answered(self._store.bucket(of["bucket"]))

    def _change_bucket(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request)
        self._access.must(who, "storage.buckets.update", of["bucket"])
        changes = json.loads(request.body)
        if "location" in changes:
            raise invalid("The bucket's location cannot be changed.")
        _known_settings(changes)
        self._store.change_bucket(of["bucket"], changes)
        return answered(self._store.bucket(of["bucket"]))

    def _delete_bucket(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request)
        self._access.must(who, "storage.buckets.delete", of["bucket"])
        if not self._store.delete_bucket(of["bucket"]):
            raise conflict("The bucket you tried to delete is not empty.")
        return GcsAnswer(204)

    def _policy(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "optionsRequestedPolicyVersion")
        self._access.must(who, "storage.buckets.getIamPolicy", of["bucket"])
        policy = self._store.policy(of["bucket"])
        asked = int(request.query.get("optionsRequestedPolicyVersion", "1"))
        if asked < policy["version"]:
            words = f"Requested policy version ({asked}) cannot be less than the existing policy version"
            raise invalid(f"{words} ({policy['version']}).")
        return answered(policy)

    def _set_policy(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request)
        bucket = of["bucket"]
        self._access.must(who, "storage.buckets.setIamPolicy", bucket)
        there, resource = self._store.policy(bucket), self._store.bucket(bucket)
        assert resource is not None
        self._store.set_policy(bucket, self._access.checked(json.loads(request.body), resource, there))
        return answered(self._store.policy(bucket))

    def _permissions(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "permissions")
        asked = [value for key, value in request.pairs if key == "permissions"]
        held = [one for one in asked if self._access.may(who, one, of["bucket"])]
        return answered({"kind": "storage#testIamPermissionsResponse", "permissions": held})

    def _list(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "prefix", "delimiter", "maxResults", "pageToken")
        bucket, query = of["bucket"], request.query
        self._access.must(who, "storage.objects.list", bucket, prefix=query.get("prefix"))
        items, prefixes = self._store.objects(bucket, query.get("prefix", ""), query.get("delimiter", ""))
        found: dict[str, Document | None] = {one["name"]: one for one in items} | dict.fromkeys(prefixes)
        after = b64decode(query.get("pageToken", "")).decode()
        names = [name for name in sorted(found, key=str.encode) if name.encode() > after.encode()]
        size = min(int(query.get("maxResults", _PAGE)) or _PAGE, _PAGE)
        page = {name: found[name] for name in names[:size]}
        more = {"nextPageToken": b64encode(names[size - 1].encode()).decode()} if len(names) > size else {}
        listed: Document = {"kind": "storage#objects", **more}
        if objects := [one for one in page.values() if one]:
            listed["items"] = objects
        if folders := [name for name, one in page.items() if not one]:
            listed["prefixes"] = folders
        return answered(listed)

    def _get(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        if request.query.get("alt") == "media":
            return self.content(request, of["bucket"], of["object"], who)
        _knows(request, "generation")
        return answered(self._readable(request, of["bucket"], of["object"], who))

    def content(self, request: GcsRequest, bucket: str, key: str, who: str | None) -> GcsAnswer:
        """The bytes of an object, or a range of them; the XML API gives the same."""
        resource = self._readable(request, bucket, key, who)
        range_ = request.headers.get("Range")
        first = re.match(r"bytes=(\d+)-", range_ or "bytes=0-")
        if first is None:
            raise not_ours(f"the range {range_}")
        if range_ and int(first[1]) >= int(resource["size"]):
            raise out_of_range()
        answer = self._store.content(bucket, key, range_)
        told = {"ETag": f'"{resource["etag"]}"', "X-Goog-Generation": resource["generation"]}
        return GcsAnswer(answer.status, answer.body, {**answer.headers, **told, "Accept-Ranges": "bytes"})

    def _upload(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "name", "ifGenerationMatch")
        bucket, kind = of["bucket"], request.query.get("uploadType", "")
        if kind not in {"media", "multipart"}:
            raise not_ours(f"uploads of the type {kind!r}")
        key = request.object_name
        if not 1 <= len(key.encode()) <= 1024 or re.search(r"[\r\n]", key) or key in {".", ".."}:
            raise invalid(f"Invalid object name: {key!r}")
        self._access.must(who, "storage.objects.create", bucket, key)
        there = self._store.object(bucket, key)
        if there:
            self._access.must(who, "storage.objects.delete", bucket, key)
        _must_match(request, there)
        type_ = request.headers.get("Content-Type", "application/octet-stream")
        status, document = self._store.upload(bucket, key, kind, type_, request.body)
        return answered(document, status)

    def _delete(self, request: GcsRequest, of: Mapping[str, str], who: str | None) -> GcsAnswer:
        _knows(request, "ifGenerationMatch", "generation")
        bucket, key = of["bucket"], of["object"]
        self._access.must(who, "storage.objects.delete", bucket, key)
        there = self._existing(request, bucket, key, who)
        _must_match(request, there)
        self._store.delete(bucket, key)
        return GcsAnswer(204)

    def _readable(self, request: GcsRequest, bucket: str, key: str, who: str | None) -> Document:
        self._access.must(who, "storage.objects.get", bucket, key)
        return self._existing(request, bucket, key, who)

    def _existing(self, request: GcsRequest, bucket: str, key: str, who: str | None) -> Document:
        found = self._store.object(bucket, key)
        if found is None or request.query.get("generation", found["generation"]) != found["generation"]:
            # That something is not there is told to those alone who could see it in the list.
            self._access.must(who, "storage.objects.list", bucket)
            raise no_object(bucket, key)
        return found


def _knows(request: GcsRequest, *names: str) -> None:
    if unknown := sorted(request.query.keys() - IGNORED - {*names}):
        raise not_ours(f"the parameter {unknown[0]}")


def _known_settings(settings: Document) -> None:
    if unknown := sorted(settings.keys() - _SETTINGS):
        raise not_ours(f"the setting {unknown[0]} of buckets")
    key = (settings.get("encryption") or {}).get("defaultKmsKeyName")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid(f"Invalid Cloud KMS key: {key}")


def _must_match(request: GcsRequest, there: Document | None) -> None:
    wanted = request.query.get("ifGenerationMatch")
    if wanted is not None and wanted != (there["generation"] if there else "0"):
        raise precondition("At least one of the pre-conditions you specified did not hold.")
