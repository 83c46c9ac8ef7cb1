"""What Google's answers mean, in the words that whoever runs `verify` reads."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.auth import exceptions as auth_exceptions

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.google_refusals import explained, no_such_object
from pulumi_encord_integrations.server.errors import Conflict, NotConfigured

google: Any = exceptions
auth: Any = auth_exceptions
ACCOUNT = "encord@acme.iam.gserviceaccount.com"
SECRET = "never to be quoted"
PLACE = Target("acme", "videos/", "gs://")
Made = Callable[[str], Exception]
NO_BUCKET = "GET https://storage.googleapis.com/storage/v1/b/x: The specified bucket does not exist."
NO_OBJECT = "GET https://storage.googleapis.com/download/x: No such object: acme/.encord/x"


def because(reason: str) -> Exception:
    error: Exception = google.Forbidden(SECRET, errors=[{"reason": reason}])
    return error


TABLE: list[tuple[CheckName, Exception, bool | None, str, str]] = [
    ("list", google.Forbidden(SECRET), False, "may not be listed: encord@", "roles/storage.objectViewer"),
    ("read", google.Forbidden(SECRET), False, "may not be read", 'for what begins with "videos/"'),
    ("control", google.Forbidden(SECRET), False, "may not be read", "`encord-integrations cloud-policy`"),
    ("write", google.Forbidden(SECRET), False, "may not be written", "roles/storage.objectCreator"),
    ("control", google.NotFound(NO_BUCKET), False, "does not exist", "Check the bucket's name"),
    ("list", google.NotFound(NO_BUCKET), False, "does not exist", "Check the bucket's name"),
    ("read", google.NotFound(NO_OBJECT), False, "lost the object", "Ask again"),
    ("list", google.BadRequest(SECRET), False, "Cloud Storage answered 400", ""),
    ("list", because("rateLimitExceeded"), None, "answered 403", "Ask again later"),
    ("list", because("accountDisabled"), None, "billing is off", "Turn on"),
    ("control", google.Forbidden(f"vpcServiceControls...: {SECRET}"), False, "perimeter", "ingress"),
    ("list", google.BadRequest("a requester pays bucket but ..."), False, "requester-pays", "Turn req"),
    ("list", google.Unauthorized(SECRET), None, "the API's own credentials", "KEY_FILE"),
    ("list", google.ServiceUnavailable(SECRET), None, "answered 503", "Ask again later"),
    ("list", google.InternalServerError(SECRET), None, "answered 500", "Ask again later"),
    ("list", google.TooManyRequests(SECRET), None, "answered 429", "Ask again later"),
    ("list", requests.ConnectionError(SECRET), None, "cannot reach Google", "network connection to Google"),
    ("list", requests.Timeout(SECRET), None, "cannot reach Google", "network connection to Google"),
    ("list", auth.TransportError(SECRET), None, "cannot reach Google", "network connection to Google"),
    ("list", auth.RefreshError(SECRET), None, "the API's own credentials", "that the key is active"),
    ("list", auth.RefreshError(SECRET, retryable=True), None, "gave the API no token", "Ask again later"),
    ("list", ValueError(SECRET), None, "the library failed with ValueError", "ask again"),
    ("list", NotConfigured("c", "no key", "Set it"), None, "no key", "Set it"),
    ("sign", Conflict("c", "refused", "Do it"), False, "refused", "Do it"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "error", "success", "message", "remedy"), TABLE)
def test_each_answer_has_its_meaning(
    name: CheckName, error: Any, success: bool | None, message: str, remedy: str
) -> None:
    found = explained(name, PLACE, error, ACCOUNT)
    assert (found.name, found.success) == (name, success)
    assert message in found.message
    assert remedy in found.remedy
    assert SECRET not in f"{found.message}{found.remedy}"


def test_a_missing_object_is_told_from_a_missing_bucket() -> None:
    assert no_such_object(google.NotFound(NO_OBJECT))
    assert not no_such_object(google.NotFound(NO_BUCKET))
    assert not no_such_object(google.Forbidden(NO_OBJECT))
    assert not no_such_object(ValueError(NO_OBJECT))


def test_a_missing_library_is_no_finding() -> None:
    with pytest.raises(ImportError):
        explained("list", PLACE, ImportError("google"), ACCOUNT)
