"""What Cloud Storage is asked, and what it answers, in the words of its JSON and of its XML API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class GcsRequest:
    """One request over HTTP."""

    method: str
    path: str
    """As it was sent, percent signs and all."""
    query_string: str
    headers: Mapping[str, str]
    """Found by a name in any case."""
    body: bytes

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters of the query, of those with one name the last."""
        return dict(self.pairs)

    @cached_property
    def upload_metadata(self) -> dict[str, Any]:
        """What a multipart upload says of the object; nothing if it is none."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/"):
            return {}
        message: Any = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + self.body)
        found: dict[str, Any] = json.loads(message.get_payload()[0].get_payload())
        return found

    @property
    def object_name(self) -> str:
        """The name that an upload gives its object."""
        return self.query.get("name") or str(self.upload_metadata.get("name", ""))


@dataclass(frozen=True)
class GcsAnswer:
    """One answer over HTTP."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class GcsRefusal(Exception):
    """Cloud Storage does not do what it was asked."""

    def __init__(self, status: int, reason: str, message: str, code: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.code, self.more = status, reason, message, code, more

    def as_json(self) -> GcsAnswer:
        """The answer of the JSON API."""
        error = {"message": self.message, "domain": "global", "reason": self.reason}
        return answered(
            {"error": {"code": self.status, "message": self.message, "errors": [error]}}, self.status
        )

    def as_text(self) -> GcsAnswer:
        """The answer of the JSON API where the object itself was asked for."""
        return GcsAnswer(self.status, self.message.encode(), {"Content-Type": "text/html; charset=UTF-8"})

    def as_xml(self) -> GcsAnswer:
        """The answer of the XML API, which signed URLs are part of."""
        # Who is unknown is unauthorized to the JSON API, and denied by this one.
        status = 403 if self.code == "AccessDenied" else self.status
        words = {"Code": self.code, "Message": _MESSAGES.get(self.code, self.message)}
        words |= {"Details": self.message, **self.more}
        text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in words.items())
        body = f"<?xml version='1.0' encoding='UTF-8'?><Error>{text}</Error>".encode()
        return GcsAnswer(status, body, {"Content-Type": "application/xml; charset=UTF-8"})


_MESSAGES = {
    "AccessDenied": "Access denied.",
    "ExpiredToken": "Invalid argument.",
    "NoSuchKey": "The specified key does not exist.",
    "SignatureDoesNotMatch": "Access denied.",
}
_DENIED = "{} does not have {} access to the Google Cloud Storage {}."
_PERMISSION = " Permission '{}' denied on resource (or it may not exist)."


def answered(document: Any, status: int = 200) -> GcsAnswer:
    """A document as the JSON API answers it."""
    return GcsAnswer(
        status, json.dumps(document).encode(), {"Content-Type": "application/json; charset=UTF-8"}
    )


def denied(who: str | None, permission: str, what: str) -> GcsRefusal:
    """Somebody, or nobody that is known, may not do this to a bucket or an object."""
    message = _DENIED.format(who or "Anonymous caller", permission, what) + _PERMISSION.format(permission)
    status, reason = (403, "forbidden") if who else (401, "required")
    return GcsRefusal(status, reason, message, "AccessDenied")


def bad_token() -> GcsRefusal:
    """A token that is nobody's."""
    return GcsRefusal(401, "authError", "Invalid Credentials", "AuthenticationRequired")


def no_bucket() -> GcsRefusal:
    """There is no such bucket."""
    return GcsRefusal(404, "notFound", "The specified bucket does not exist.", "NoSuchBucket")


def no_object(bucket: str, key: str) -> GcsRefusal:
    """There is no such object in the bucket."""
    return GcsRefusal(404, "notFound", f"No such object: {bucket}/{key}", "NoSuchKey")


def conflict(message: str) -> GcsRefusal:
    """Something is in the way."""
    return GcsRefusal(409, "conflict", message, "Conflict")


def invalid(message: str) -> GcsRefusal:
    """What was sent cannot be."""
    return GcsRefusal(400, "invalid", message, "InvalidArgument")


def precondition(message: str) -> GcsRefusal:
    """What was to be so first is not."""
    return GcsRefusal(412, "conditionNotMet", message, "PreconditionFailed")


def out_of_range() -> GcsRefusal:
    """The object ends before the first byte asked for."""
    return GcsRefusal(416, "requestedRangeNotSatisfiable", "Request range not satisfiable", "InvalidRange")


def not_ours(what: str) -> GcsRefusal:
    """Something that Cloud Storage does, and the tests' gateway does not."""
    return GcsRefusal(501, "notImplemented", f"the tests' Cloud Storage does not do {what}", "NotImplemented")


def unavailable() -> GcsRefusal:
    """An outage."""
    return GcsRefusal(
        503, "backendError", "We encountered an internal error. Please try again.", "InternalError"
    )
