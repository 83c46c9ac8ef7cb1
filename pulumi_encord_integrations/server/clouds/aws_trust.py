"""Whether a role trusts this deployment alone: with its own external id, not without one, not with another.

Refused is told apart from "cannot tell": only an answer of AWS's that access is denied counts as refused.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.access_checks import CheckName, CheckOutcome, judged
from pulumi_encord_integrations.model.expiry import CHAINED_SESSION, LONGEST_SESSION, LimitedBy
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, Trust
from pulumi_encord_integrations.server.clouds.aws_sessions import (
    SESSION_NAME,
    Role,
    lacks_credentials,
    reason,
    sts_client,
)
from pulumi_encord_integrations.server.clouds.s3_refusals import code_of

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_HOUR = 3_600
_TRUST = 'Its trust policy must demand this id: {"StringEquals": {"sts:ExternalId": "%s"}}'

_GIVE = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where the API runs; then ask again"
_LOOK = "Check the API's own AWS credentials and its way to AWS, then ask again"


def probe(role: Role, connect: Callable[[], "STSClient"] = sts_client) -> AccessFinding:
    """Asks AWS three times, and once it is proven how long a session lasts."""
    try:
        client = connect()
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001  whatever stops the library, the cloud was not asked
        return AccessFinding(_checks(role, None, None, None, error), Trust(None))
    checks = _checks(role, *_answers(client, role))
    if checks[0].success is False and (caller := _caller(client)):
        # Whoever asks with other credentials than those that the role trusts looks at the id in vain.
        named = f"It must name who the API acts as, {caller}. {checks[0].remedy}"
        checks[0] = checks[0].model_copy(update={"remedy": named})
    proven = judged(checks).valid
    if not proven:
        return AccessFinding(checks, Trust(proven))
    return AccessFinding(checks, Trust(True, *_longest_session(client, role)))


def _answers(
    client: "STSClient", role: Role
) -> tuple[bool | None, bool | None, bool | None, Exception | None]:
    """Whether it can be assumed with the right id, without one, with a wrong one; why that is not known."""
    found: list[bool | None] = []
    why: Exception | None = None
    for external_id in (role.external_id, None, wrong_id(role.external_id)):
        # What did not answer once is not waited for again.
        allowed, error = (None, why) if None in found else _assumable(client, role.arn, external_id)
        found.append(allowed)
        why = why or error
    right, without, wrong = found
    return right, without, wrong, why


def wrong_id(external_id: str) -> str:
    """Another id that begins alike, so that a trust policy with a wildcard is found out."""
    last = external_id[-1]
    return f"{external_id[:-1]}{'0' if last != '0' else '1'}"


def _assumable(
    client: "STSClient", arn: str, external_id: str | None
) -> tuple[bool | None, Exception | None]:
    """Whether the role can be assumed; None and why, if that was not answered."""
    given: dict[str, Any] = {"ExternalId": external_id} if external_id else {}
    try:
        client.assume_role(RoleArn=arn, RoleSessionName=SESSION_NAME, DurationSeconds=900, **given)
    except Exception as error:  # noqa: BLE001  no network, no credentials, ...: the cloud did not answer
        return (False, None) if code_of(error) in _DENIED else (None, error)
    return True, None


def _checks(
    role: Role, right: bool | None, without: bool | None, wrong: bool | None, why: Exception | None
) -> list[CheckOutcome]:
    trust = _TRUST % role.external_id
    return [
        _check("assume_with_id", right, "the role can be assumed", "the role cannot be assumed", trust, why),
        _check("assume_without_id", _not(without), "it is refused without an external id",
               "it can be assumed without an external id: by whoever names it to us", trust, why),
        _check("assume_with_wrong_id", _not(wrong), "it is refused with another external id",
               "it can be assumed with another external id", trust, why),
    ]  # fmt: skip


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _check(
    name: CheckName, success: bool | None, good: str, bad: str, remedy: str, why: Exception | None
) -> CheckOutcome:
    if success is None and why is not None:
        cure = _GIVE if lacks_credentials(why) else _LOOK
        return CheckOutcome(name=name, success=None, message=reason(why), remedy=cure)
    return CheckOutcome(
        name=name, success=success, message=good if success else bad, remedy="" if success else remedy
    )


def _longest_session(client: "STSClient", role: Role) -> tuple[int, LimitedBy]:
    """By halves: the role's own bound cannot be read without rights in the customer's account."""
    if _is_role(client):
        return CHAINED_SESSION, "role_chaining"
    low, high = 1, LONGEST_SESSION // _HOUR
    while low < high:
        hours = (low + high + 1) // 2
        if _lasts(client, role, hours * _HOUR):
            low = hours
        else:
            high = hours - 1
    return low * _HOUR, "role_session"


def _lasts(client: "STSClient", role: Role, seconds: int) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client.assume_role(
            RoleArn=role.arn,
            RoleSessionName=SESSION_NAME,
            ExternalId=role.external_id,
            DurationSeconds=seconds,
        )
    except (ClientError, BotoCoreError):
        return False
    return True


def _is_role(client: "STSClient") -> bool:
    return ":assumed-role/" in _caller(client)


def _caller(client: "STSClient") -> str:
    """Who the API is to AWS; empty if that is not answered."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return client.get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError):
        return ""
