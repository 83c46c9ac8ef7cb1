"""Why storage did not do something, and what is to be done: for each answer that S3 gives."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.parsers import ResponseParserError

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.outbound import NotReached
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants, explained, is_denied
from pulumi_encord_integrations.server.errors import CloudFailed

CANARY = "canary-0b7d"
PLACE = Target("acme", "videos/")
ROLE, KEY_PAIR = Grants(by_role=True), Grants(by_role=False)
NO_KMS = (
    "User: arn:aws:sts::123456789012:assumed-role/encord/encord-integrations is not authorized to perform: "
    "kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the "
    f"kms:Decrypt action {CANARY}"
)
"""As AWS writes it."""


def error(code: str, status: int = 403, message: str = CANARY, **more: Any) -> ClientError:
    headers = {"x-amz-bucket-region": more.pop("header")} if "header" in more else {}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"x-amz-id-2": CANARY, **headers}}
    body: Any = {
        "Error": {"Code": code, "Message": message, "Resource": CANARY, **more},
        "ResponseMetadata": metadata,
    }
    return ClientError(body, "ListObjectsV2")


def why(failure: Exception, name: CheckName = "list", grants: Grants = ROLE) -> Finding:
    found = explained(name, PLACE, failure, grants)
    assert CANARY not in f"{found.message}{found.remedy}"
    return found


ANOTHER_REGION = "cannot be listed: the bucket is in another region"
REFUSALS: list[tuple[ClientError, str, str]] = [
    (error("NoSuchBucket", 404), "does not exist", "Check the bucket's name, and its region or endpoint"),
    (error("AccessDenied"), "cannot be listed: access is denied", "Allow s3:ListBucket on arn:aws:s3:::acme"),
    (error("Forbidden"), "access is denied", "Allow s3:ListBucket"),
    (error("403"), "access is denied", "Allow s3:ListBucket"),
    (error("InvalidAccessKeyId"), "does not know the access key id", "Activate the key, or declare another"),
    (error("UserSuspended"), "does not know the access key id", "Activate the key"),
    (error("InvalidToken", 400), "does not know the access key id", "Activate the key"),
    (error("SignatureDoesNotMatch"), "the two halves of the key pair", "Declare both of one pair"),
    (error("RequestTimeTooSkewed"), "the API's clock differs", "Set the clock of the API's machine"),
    (error("PermanentRedirect", 301, header="eu-west-1"), ANOTHER_REGION, 'Declare region="eu-west-1"'),
    (error("PermanentRedirect", 301), ANOTHER_REGION, "Declare the bucket's region"),
    (error("301", 301, header="eu-west-1"), ANOTHER_REGION, 'Declare region="eu-west-1"'),
    (error("TemporaryRedirect", 307), ANOTHER_REGION, "Declare the bucket's region"),
    (
        error("AuthorizationHeaderMalformed", 400, Region="eu-north-1"),
        ANOTHER_REGION,
        'region="eu-north-1"',
    ),
    (error("IllegalLocationConstraintException", 400), ANOTHER_REGION, "Declare the bucket's region"),
    (error("KMS.DisabledException", 400), "its KMS key may not be used", "check that the key is enabled"),
    (error("KMS.NotFoundException", 400), "its KMS key may not be used", "Allow the role kms:Decrypt"),
    (error("AccessDenied", message=NO_KMS), "its KMS key may not be used", "Allow the role kms:Decrypt"),
    (error("InvalidObjectState"), "cannot be listed: the storage answered InvalidObjectState", ""),
    (error("MethodNotAllowed", 405), "cannot be listed: the storage answered MethodNotAllowed", ""),
]


@pytest.mark.parametrize(("failure", "message", "remedy"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_refusal_fails_the_check_with_its_cause_and_remedy(
    failure: ClientError, message: str, remedy: str
) -> None:
    found = why(failure)
    assert found.success is False
    assert found.message.startswith("s3://acme/videos/ ")
    assert message in found.message
    assert remedy in found.remedy
    assert bool(remedy) is bool(found.remedy)


LATER = [
    (error("SlowDown", 503), "the storage answered SlowDown"),
    (error("SlowDown", 429), "the storage answered SlowDown"),
    (error("TooManyRequests", 429), "the storage answered TooManyRequests"),
    (error("RequestTimeout", 400), "the storage answered RequestTimeout"),
    (error("InternalError", 500), "the storage answered InternalError"),
]


@pytest.mark.parametrize(("failure", "message"), LATER, ids=lambda value: str(value)[:40])
def test_what_passes_by_itself_cannot_be_told_yet(failure: ClientError, message: str) -> None:
    found = why(failure)
    assert (found.success, found.remedy) == (None, "Ask again later")
    assert message in found.message


UNTOLD: list[tuple[Exception, str, str]] = [
    (NotReached("h:1 did not answer"), "s3://acme/videos/: h:1 did not answer", "Check the endpoint"),
    (NotReached("h:1 is not called", refused=True), "h:1 is not called", "encord:privateNetworks"),
    (CloudFailed("cloud_failed", "AWS gave no session", "See the log"), "AWS gave no session", "See the log"),
    (ConnectTimeoutError(endpoint_url=CANARY), "failed with ConnectTimeoutError", "Check the endpoint"),
    (ResponseParserError(CANARY), "does not speak S3's protocol", "Check the endpoint"),
    (RuntimeError(CANARY), "the library failed with RuntimeError", "ask again"),
    (KeyError(CANARY), "the library failed with KeyError", "ask again"),
    (UnicodeError(CANARY), "the library failed with UnicodeError", "ask again"),
]


@pytest.mark.parametrize(("failure", "message", "remedy"), UNTOLD, ids=lambda value: type(value).__name__)
def test_what_the_storage_did_not_answer_cannot_be_told(
    failure: Exception, message: str, remedy: str
) -> None:
    found = why(failure)
    assert found.success is None
    assert message in found.message
    assert remedy in found.remedy


def test_a_failure_that_is_none_of_s3_s_may_be_another_endpoint() -> None:
    found = why(error("502", 502))
    assert (found.success, found.message) == (None, "s3://acme/videos/: the storage answered 502")
    assert found.remedy.startswith("Check that the endpoint is the one")


class Odd(Exception):
    """Of a library that keeps something else under that name."""

    def __init__(self, response: object) -> None:
        super().__init__(CANARY)
        self.response = response


@pytest.mark.parametrize("response", [None, 7, CANARY, [], {"Error": CANARY}, {"Error": None}, object()])
def test_an_error_that_is_built_otherwise_is_explained_all_the_same(response: object) -> None:
    assert why(Odd(response)).message == "s3://acme/videos/: the library failed with Odd"
    assert not is_denied(Odd(response))


def test_a_missing_library_is_nobodys_finding() -> None:
    with pytest.raises(ImportError):
        explained("sign", PLACE, ModuleNotFoundError("obstore"), ROLE)


@pytest.mark.parametrize("name", ["list", "read", "sign", "write", "preflight"])
@pytest.mark.parametrize("message", [CANARY, "arn:aws:s3:::acme/kms:x.mp4", "perform: s3:GetObject on kms:"])
def test_a_denial_is_of_kms_only_if_kms_denied(name: CheckName, message: str) -> None:
    assert "KMS" not in why(error("AccessDenied", message=message), name).message


ACTIONS: list[tuple[CheckName, str]] = [
    ("list", 's3:ListBucket on arn:aws:s3:::acme for the prefix "videos/"'),
    ("read", "s3:GetObject on arn:aws:s3:::acme/videos/*"),
    ("sign", "s3:GetObject on arn:aws:s3:::acme/videos/*"),
    ("write", "s3:PutObject on arn:aws:s3:::acme/videos/*"),
]


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_a_denial_names_the_action_and_the_place_of_whoever_asks(name: CheckName, action: str) -> None:
    denied = error("AccessDenied")
    assert why(denied, name, ROLE).remedy == (
        f"Allow {action} in the role's policy. If it is allowed there, look for a permissions boundary, "
        "an SCP or a bucket policy that denies it"
    )
    assert why(denied, name, KEY_PAIR).remedy == (
        f"Check that the key pair is right and active, and that its user is allowed {action}"
    )


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_arns_are_of_the_role_s_partition_and_a_whole_bucket_has_no_prefix(partition: str) -> None:
    grants = Grants(by_role=True, partition=partition)
    listing = grants.remedy("s3:ListBucket", Target("acme"))
    assert f"Allow s3:ListBucket on arn:{partition}:s3:::acme in the role's policy" in listing
    assert f"s3:GetObject on arn:{partition}:s3:::acme/* in" in grants.remedy("s3:GetObject", Target("acme"))


@pytest.mark.parametrize(
    ("name", "grants", "remedy"),
    [
        ("read", ROLE, "Allow the role kms:Decrypt on the objects' key"),
        ("read", KEY_PAIR, "Allow the user of the key pair kms:Decrypt"),
        ("write", ROLE, "Allow the role kms:GenerateDataKey"),
    ],
)
def test_a_key_of_kms_is_allowed_to_whoever_asks(name: CheckName, grants: Grants, remedy: str) -> None:
    assert why(error("AccessDenied", message=NO_KMS), name, grants).remedy.startswith(remedy)


def test_write_access_is_taken_back_where_it_was_given() -> None:
    assert "the role's policy" in ROLE.to_take_back
    assert "the key pair's user" in KEY_PAIR.to_take_back
    assert all("writable=True" in grants.to_take_back for grants in (ROLE, KEY_PAIR))
