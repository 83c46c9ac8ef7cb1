"""Why Cloud Storage did not do something, and what to do about it."""

from typing import Any

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.errors import Conflict, ServiceError

_NO_BUCKET, _NO_OBJECT = "The specified bucket does not exist", "No such object"
"""Google's words alone tell a missing bucket from a missing object, of which code and reason are the same."""
_LATER = {408, 429}
_LIMITED = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
_NO_BILLING = {"accountDisabled", "billingNotEnabled"}
_PERIMETER, _REQUESTER_PAYS = "vpcServiceControls", "requester pays"
"""Google's words in a message, where no reason tells."""
_CREATOR = "roles/storage.objectCreator"
_TO_PROVE = "Let the account read that, too: `encord-integrations cloud-policy` prints the command"
_DONE = {"list": "may not be listed", "read": "may not be read",
         "write": "may not be written"}  # fmt: skip


def explained(name: CheckName, target: Target, error: Exception, account: str) -> Finding:
    """The finding that an error amounts to; never the error's own text, which may hold what was sent."""
    from google.api_core.exceptions import GoogleAPICallError

    if isinstance(error, ServiceError):
        return Finding(name, False if isinstance(error, Conflict) else None, error.message, error.hint)
    if isinstance(error, ImportError):
        raise error
    if not isinstance(error, GoogleAPICallError):
        return Finding(name, None, f"{target}: {_failure(error)}", _remedy_of_failure(error))
    code = int(error.code or 0)
    reasons = _reasons(error)
    if code == 403 and reasons & _NO_BILLING:
        remedy = "Turn on billing for the bucket's project, then ask again"
        return Finding(name, None, f"{target}: billing is off for its project", remedy)
    if code >= 500 or code in _LATER or reasons & _LIMITED:
        return Finding(name, None, f"{target}: Cloud Storage answered {code}", "Ask again later")
    if code == 401:
        return Finding(
            name,
            None,
            f"{target}: Google does not take the API's own credentials",
            "Check ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE where the API runs",
        )
    message, remedy = _refusal(name, target, error, account)
    return Finding(name, False, f"{target} {message}", remedy)


def is_denied(error: Exception) -> bool:
    """Whether Google refused for want of a permission."""
    from google.api_core.exceptions import Forbidden

    return isinstance(error, Forbidden)


def no_such_object(error: Exception) -> bool:
    """Whether the bucket is there and the object is not."""
    from google.api_core.exceptions import NotFound

    return isinstance(error, NotFound) and not _says_no_bucket(error)


def to_read(target: Target, account: str) -> str:
    """How to allow reading."""
    under = f' for what begins with "{target.prefix}"' if target.prefix else ""
    return (
        f"Grant {account} the role roles/storage.objectViewer on gs://{target.bucket}{under}; "
        "`encord-integrations cloud-policy` prints the command"
    )


def _refusal(name: CheckName, target: Target, error: Any, account: str) -> tuple[str, str]:
    if _says_no_bucket(error):
        return "does not exist", "Check the bucket's name"
    if error.code == 404:
        return "has lost the object while it was asked for", "Ask again"
    if error.code == 403 and _PERIMETER in str(error.message):
        message = f"may not be read: a VPC Service Controls perimeter does not let {account} in"
        return message, "Add an ingress rule for it to the perimeter of the bucket's project"
    if error.code == 400 and _REQUESTER_PAYS in str(error.message):
        return "is a requester-pays bucket, which the API does not read", "Turn requester pays off"
    if error.code == 403 and name == "control":
        # Whoever may not list is told of no object that it is missing.
        message = f"may not be read: {account} has no permission, or the challenge object does not exist"
        return message, _TO_PROVE
    if error.code == 403:
        denied = f"{_DONE.get(name, 'may not be read')}: {account} has no permission"
        if name != "write":
            return denied, to_read(target, account)
        return denied, f"Grant {account} the role {_CREATOR} on gs://{target.bucket}"
    return f"cannot be asked: Cloud Storage answered {error.code}", ""


def _says_no_bucket(error: Any) -> bool:
    # The library puts words of its own around them; an object's name may hold any.
    message = str(getattr(error, "message", ""))
    return getattr(error, "code", None) == 404 and _NO_BUCKET in message and _NO_OBJECT not in message


def _reasons(error: Any) -> set[str]:
    """Google's reasons for a refusal; none where it answered in plain text."""
    found = getattr(error, "errors", None) or ()
    return {str(one.get("reason")) for one in found if isinstance(one, dict)}


def _failure(error: Exception) -> str:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from requests.exceptions import RequestException

    if isinstance(error, TransportError | RequestException):
        return "the API cannot reach Google"
    if isinstance(error, GoogleAuthError) and error.retryable:
        return "Google gave the API no token"
    if isinstance(error, GoogleAuthError):
        return "Google does not take the API's own credentials"
    return f"the library failed with {type(error).__name__}"


def _remedy_of_failure(error: Exception) -> str:
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, GoogleAuthError) and error.retryable:
        return "Ask again later"
    if isinstance(error, GoogleAuthError) and not isinstance(error, TransportError):
        return "Check ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE where the API runs, and that the key is active"
    return "Check the API host's network connection to Google, then ask again"
