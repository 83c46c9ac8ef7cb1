"""What the IAM policy of a bucket allows, by its roles and conditions, and which policies there can be."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from secrets import token_bytes

from tests.support.clouds import cel
from tests.support.clouds.gcs_messages import GcsRefusal, denied, invalid, precondition
from tests.support.clouds.gcs_principals import PROJECT, GcsPrincipals
from tests.support.clouds.gcs_store import Document, GcsStore

_READ = frozenset({"storage.objects.get", "storage.objects.list"})
_OBJECTS = _READ | {"storage.objects.create", "storage.objects.delete", "storage.objects.update"}
_POLICIES = frozenset({"storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"})
_BUCKETS = _POLICIES | {"storage.buckets.get", "storage.buckets.update", "storage.buckets.delete"}
ROLES: Mapping[str, frozenset[str]] = {
    "roles/storage.objectViewer": _READ,
    "roles/storage.objectCreator": frozenset({"storage.objects.create"}),
    "roles/storage.objectUser": _OBJECTS,
    "roles/storage.objectAdmin": _OBJECTS,
    "roles/storage.admin": _OBJECTS | _BUCKETS,
    "roles/storage.legacyBucketReader": frozenset({"storage.buckets.get", "storage.objects.list"}),
    "roles/storage.legacyBucketOwner": (_OBJECTS | _BUCKETS)
    - {"storage.objects.get", "storage.buckets.delete"},
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
    "roles/storage.legacyObjectOwner": frozenset({"storage.objects.get", "storage.objects.update"}),
}
"""The roles that are known, and what they permit."""
OPERATORS, ALIKE, TITLE = 12, 20, 100
"""Google's bounds: of logical operators in a condition, of bindings that differ in it alone, of a title."""
_MEMBER = re.compile(
    r"(user|group|domain|serviceAccount|projectOwner|projectEditor|projectViewer|principal|principalSet):.+"
)
_PUBLIC = {"allUsers", "allAuthenticatedUsers"}


def first_policy() -> Document:
    """The policy of a new bucket: the project's own people have the roles that go with theirs."""
    people = {role: f"project{role}:{PROJECT}" for role in ("Editor", "Owner", "Viewer")}
    bindings = [
        {"role": "roles/storage.legacyBucketOwner", "members": [people["Editor"], people["Owner"]]},
        {"role": "roles/storage.legacyBucketReader", "members": [people["Viewer"]]},
    ]
    return {"version": 1, "etag": new_etag(), "bindings": bindings}


def new_etag() -> str:
    """What no policy was ever known by."""
    return b64encode(token_bytes(9)).decode()


class GcsAccess:
    """Who may do what: the owner, an administrator of the project, all; others what a bucket's policy says.

    Nobody unknown may do anything: a policy that names the public is refused, as it is where public access
    prevention is enforced.
    """

    def __init__(self, store: GcsStore, principals: GcsPrincipals) -> None:
        self._store, self._principals = store, principals
        self.owner = ""

    def must(
        self, who: str | None, permission: str, bucket: str, key: str | None = None, prefix: str | None = None
    ) -> None:
        """Refuses what somebody may not do: to a bucket, to an object of it, or to its list by a prefix."""
        if not self.may(who, permission, bucket, key, prefix):
            raise denied(who, permission, "bucket" if key is None else "object")

    def must_own(self, who: str | None, permission: str) -> None:
        """Refuses everybody but the owner of the project."""
        if who != self.owner:
            raise denied(who, permission, "project")

    def may(
        self, who: str | None, permission: str, bucket: str, key: str | None = None, prefix: str | None = None
    ) -> bool:
        """Whether somebody may."""
        if who is None or who == self.owner:
            return who is not None
        question = cel.listing(bucket, prefix or "") if key is None else cel.reading(bucket, key)
        return any(
            permission in ROLES[binding["role"]]
            and f"serviceAccount:{who}" in binding["members"]
            and _holds(binding, question)
            for binding in self._store.policy(bucket).get("bindings", ())
        )

    def checked(self, policy: Document, bucket: Document, there: Document) -> Document:
        """A policy as it is kept; refuses one that Google would."""
        if policy.get("etag", there["etag"]) != there["etag"]:
            raise precondition("Precondition Failed")
        bindings = [{**one, "members": list(one.get("members", ()))} for one in policy.get("bindings", ())]
        for binding in bindings:
            for refusal in self._faults(binding, policy.get("version", 1), bucket):
                raise refusal
        _must_be_few(bindings)
        version = 3 if any("condition" in one for one in bindings) else 1
        return {"version": version, "etag": new_etag(), "bindings": bindings}

    def _faults(self, binding: Document, version: int, bucket: Document) -> Iterator[GcsRefusal]:
        if binding.get("role") not in ROLES:
            yield invalid(f"Role {binding.get('role')} is not supported for this resource.")
        for member in binding["members"]:
            yield from self._member_faults(member)
        if "condition" in binding:
            uniform = bucket["iamConfiguration"].get("uniformBucketLevelAccess", {})
            if not uniform.get("enabled"):
                # The words of Google that are known to us end in "access".
                yield precondition("To set conditions, enable uniform bucket-level access on the bucket.")
            if version < 3:
                yield invalid("A policy with conditions needs a version of at least 3.")
            yield from _condition_faults(binding["condition"])

    def _member_faults(self, member: str) -> Iterator[GcsRefusal]:
        if member in _PUBLIC:
            words = "The member bindings allUsers and allAuthenticatedUsers are not allowed"
            yield precondition(f"{words} since public access prevention is enforced.")
        elif not _MEMBER.fullmatch(member):
            yield invalid(f"Invalid member: {member}")
        kind, _, email = member.partition(":")
        if kind == "serviceAccount" and email not in self._principals:
            yield invalid(f"Service account {email} does not exist.")


def _holds(binding: Document, question: cel.Question) -> bool:
    return "condition" not in binding or cel.holds(binding["condition"]["expression"], question)


def _condition_faults(condition: Mapping[str, str]) -> Iterator[GcsRefusal]:
    title, expression = condition.get("title", ""), condition.get("expression", "")
    if not title or len(title) > TITLE:
        yield invalid(f"A condition needs a title of at most {TITLE} characters.")
    try:
        cel.holds(expression, cel.listing("any"))
    except cel.NotCel as error:
        yield invalid(f"Condition expression compilation failed: {error}")
    else:
        if cel.operators(expression) > OPERATORS:
            yield invalid(f"A condition can have at most {OPERATORS} logical operators.")


def _must_be_few(bindings: list[Document]) -> None:
    members = [(one["role"], member) for one in bindings for member in one["members"]]
    for role, member in set(members):
        if members.count((role, member)) > ALIKE:
            raise invalid(f"{member} has more than {ALIKE} bindings with {role}.")
