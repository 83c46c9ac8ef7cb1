"""Why storage that speaks S3's protocol did not do something, and what to do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.browser import reach_remedy
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.outbound import NotReached
from pulumi_encord_integrations.server.errors import Conflict, ServiceError

_DONE = {"list": "be listed", "read": "be read", "sign": "be signed for", "write": "be written",
         "preflight": "be signed for"}  # fmt: skip
_ACTIONS = {"list": "s3:ListBucket", "read": "s3:GetObject", "write": "s3:PutObject"}
_UNKNOWN_KEY = {"InvalidAccessKeyId", "UserSuspended", "InvalidToken", "ExpiredToken"}
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect",
              "IllegalLocationConstraintException"}  # fmt: skip
_LATER = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded",
          "RequestTimeout", "OperationAborted", "429"}  # fmt: skip
_LOOK_OR_WAIT = "Check that the endpoint is the one for S3's protocol; if it is, ask again later"
_KMS_DENIED = re.compile(r"\bperform:? kms:", re.IGNORECASE)


class Place(Protocol):
    """A bucket, or a prefix in it."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class Grants:
    """Where the permissions come from that the API reads with."""

    by_role: bool
    partition: str = "aws"

    def remedy(self, action: str, place: Any) -> str:
        """How to allow an action."""
        arn = f"arn:{self.partition}:s3:::{place.bucket}"
        if action == "s3:ListBucket":
            under = f' for the prefix "{place.prefix}"' if place.prefix else ""
            what = f"{action} on {arn}{under}"
        else:
            what = f"{action} on {arn}/{place.prefix}*"
        if not self.by_role:
            return f"Check that the key pair is right and active, and that its user is allowed {what}"
        return (
            f"Allow {what} in the role's policy. If it is allowed there, look for a permissions boundary, "
            "an SCP or a bucket policy that denies it"
        )

    @property
    def to_take_back(self) -> str:
        """How to end write access, or to say that it is meant."""
        whose = "the role's policy" if self.by_role else "the policy of the key pair's user"
        return f"Take s3:PutObject out of {whose}, or declare writable=True if it is meant"


def is_denied(error: Exception) -> bool:
    """Whether the storage refused for want of a permission."""
    code, status = code_of(error), _status(error)
    return code in {"AccessDenied", "Forbidden", "403"} or (status == 403 and not code)


def explained(name: CheckName, place: Any, error: Exception, grants: Grants) -> Finding:
    """The finding that an error amounts to; never the error's own text, which may hold what was sent."""
    if isinstance(error, NotReached):
        return Finding(name, None, f"{place}: {error}", reach_remedy(error))
    if isinstance(error, ServiceError):
        return Finding(name, False if isinstance(error, Conflict) else None, error.message, error.hint)
    if isinstance(error, ImportError):
        raise error
    code = code_of(error)
    if not code:
        return Finding(name, None, f"{place}: {_failure(error)}", "Check the endpoint, then ask again")
    if _status(error) >= 500 or code in _LATER:
        # A number stands for a body that was none of S3's, be it a page of something else with status 200.
        remedy = _LOOK_OR_WAIT if code.isdecimal() else "Ask again later"
        return Finding(name, None, f"{place}: the storage answered {code}", remedy)
    message, remedy = _refusal(name, place, error, grants)
    return Finding(name, False, f"{place} {message}", remedy)


def _refusal(name: CheckName, place: Any, error: Exception, grants: Grants) -> tuple[str, str]:
    code = code_of(error)
    cannot = f"cannot {_DONE.get(name, 'be read')}"
    if code == "NoSuchBucket":
        return "does not exist", "Check the bucket's name, and its region or endpoint"
    if code in _UNKNOWN_KEY:
        return (
            f"{cannot}: the storage does not know the access key id",
            "Activate the key, or declare another",
        )
    if code == "SignatureDoesNotMatch":
        return f"{cannot}: the two halves of the key pair do not belong together", "Declare both of one pair"
    if code == "RequestTimeTooSkewed":
        return f"{cannot}: the API's clock differs from the storage's", "Set the clock of the API's machine"
    if code in _ELSEWHERE or _status(error) in {301, 307}:
        region = _header(error, "x-amz-bucket-region") or _said(error, "Region")
        return f"{cannot}: the bucket is in another region", _region_remedy(region)
    if of_kms(error):
        return f"{cannot}: its KMS key may not be used", _kms_remedy(name, grants)
    if is_denied(error):
        return f"{cannot}: access is denied", grants.remedy(_ACTIONS.get(name, "s3:GetObject"), place)
    return f"{cannot}: the storage answered {code}", ""


def _region_remedy(region: str) -> str:
    return f'Declare region="{region}"' if region else "Declare the bucket's region"


def _kms_remedy(name: CheckName, grants: Grants) -> str:
    whose = "the role" if grants.by_role else "the user of the key pair"
    action = "kms:GenerateDataKey" if name == "write" else "kms:Decrypt"
    return (
        f"Allow {whose} {action} on the objects' key, in the policy and in the key's own; "
        "check that the key is enabled"
    )


def of_kms(error: Exception) -> bool:
    """Whether it is the use of a KMS key that was refused."""
    return code_of(error).startswith("KMS.") or bool(_KMS_DENIED.search(_said(error, "Message")))


def _failure(error: Exception) -> str:
    from botocore.parsers import ResponseParserError

    if isinstance(error, ResponseParserError):
        return "what answers there does not speak S3's protocol"
    return f"the library failed with {type(error).__name__}"


def code_of(error: Exception) -> str:
    """The code of a cloud's refusal; empty if it did not answer."""
    return _said(error, "Code")


def _said(error: Exception, what: str) -> str:
    return str(_part(error, "Error").get(what) or "")


def _status(error: Exception) -> int:
    return int(_part(error, "ResponseMetadata").get("HTTPStatusCode") or 0)


def _header(error: Exception, name: str) -> str:
    return str(_part(error, "ResponseMetadata").get("HTTPHeaders", {}).get(name, ""))


def _part(error: Exception, name: str) -> Mapping[str, Any]:
    """A part of what botocore keeps of an answer."""
    response = getattr(error, "response", None)
    found = response.get(name) if isinstance(response, Mapping) else None
    return found if isinstance(found, Mapping) else {}
