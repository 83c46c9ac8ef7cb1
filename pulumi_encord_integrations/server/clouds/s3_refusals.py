"""Why storage that speaks S3's protocol did not do something, and what to do about it."""

from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.browser import reach_remedy
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.outbound import NotReached
from pulumi_encord_integrations.server.errors import ServiceError

_DONE = {"list": "be listed", "read": "be read", "sign": "be signed for", "write": "be written",
         "preflight": "be signed for"}  # fmt: skip
_ACTIONS = {"list": "s3:ListBucket", "read": "s3:GetObject", "write": "s3:PutObject"}
_UNKNOWN_KEY = {"InvalidAccessKeyId", "UserSuspended", "InvalidToken", "ExpiredToken"}
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect",
              "IllegalLocationConstraintException"}  # fmt: skip


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
    code, status = _code(error), _status(error)
    return code in {"AccessDenied", "Forbidden", "403"} or (status == 403 and not code)


def explained(name: CheckName, place: Any, error: Exception, grants: Grants) -> Finding:
    """The finding that an error amounts to; never the error's own text, which may hold what was sent."""
    if isinstance(error, NotReached):
        return Finding(name, None, f"{place}: {error}", reach_remedy(error))
    if isinstance(error, ServiceError):
        return Finding(name, None, error.message, error.hint)
    code = _code(error)
    if not code:
        return Finding(name, None, f"{place}: the library failed with {type(error).__name__}", "Ask again")
    if _status(error) >= 500:
        return Finding(name, None, f"{place}: the storage answered {code}", "Ask again later")
    message, remedy = _refusal(name, place, error, grants)
    return Finding(name, False, f"{place} {message}", remedy)


def _refusal(name: CheckName, place: Any, error: Exception, grants: Grants) -> tuple[str, str]:
    code = _code(error)
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
        region = _header(error, "x-amz-bucket-region")
        return f"{cannot}: the bucket is in another region", _region_remedy(region)
    if _of_kms(error):
        return f"{cannot}: its KMS key may not be used", _kms_remedy(grants)
    if is_denied(error):
        return f"{cannot}: access is denied", grants.remedy(_ACTIONS.get(name, "s3:GetObject"), place)
    return f"{cannot}: the storage answered {code}", ""


def _region_remedy(region: str) -> str:
    return f'Declare region="{region}"' if region else "Declare the bucket's region"


def _kms_remedy(grants: Grants) -> str:
    whose = "the role" if grants.by_role else "the user of the key pair"
    return (
        f"Allow {whose} kms:Decrypt on the objects' key, in the policy and in the key's own; "
        "check that the key is enabled"
    )


def _of_kms(error: Exception) -> bool:
    said = str(getattr(error, "response", {}).get("Error", {}).get("Message", ""))
    return _code(error).startswith("KMS.") or "kms:" in said.lower()


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _status(error: Exception) -> int:
    response: Any = getattr(error, "response", {})
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _header(error: Exception, name: str) -> str:
    response: Any = getattr(error, "response", {})
    return str(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, ""))
