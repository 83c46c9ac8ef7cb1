"""Signed URLs: for objects of an integration's own buckets and prefixes, for its members, kept nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS
from pulumi_encord_integrations.model.objects import ObjectUrls, StoredObject
from pulumi_encord_integrations.model.signing import SignedUrls, SignedUrlsRequest
from pulumi_encord_integrations.server.calls import Call, Effect
from pulumi_encord_integrations.server.errors import conflict
from pulumi_encord_integrations.server.services.authorization import readable
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.bulk import Refusal, refuse_any
from pulumi_encord_integrations.server.services.trust import proven, role_of
from pulumi_encord_integrations.server.signing import Signed, azure, gcs, not_installed, s3
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.organizations import Caller


@dataclass(frozen=True)
class _Asked:
    """An integration as it was when URLs were asked for."""

    row: Row[Any]
    settings: Mapping[str, Any]
    spec: Any
    objects: Sequence[StoredObject]

    @property
    def seconds(self) -> int:
        return self.settings.get("signed_url_expiry") or DEFAULT_SECONDS


def sign(call: Call, uuid: UUID, body: Body) -> dict[str, Any]:
    """`SignedUrls`, all or none. No transaction is open while a cloud is asked; nothing minted is kept."""
    urls = examined(SignedUrlsRequest, body).object_urls
    asked = call.known(lambda connection, caller: _asked(call, connection, caller, uuid, urls))
    try:
        signed = _MINTS[asked.row.provider](call, asked)
    except ImportError as missing:
        raise not_installed(missing) from None
    detail = {"count": len(urls), "expiresAt": signed.expires_at.isoformat()}
    call.note(
        lambda _connection, _caller: Effect(SignedUrls(results=[]), "urls.sign", asked.row.uuid, detail)
    )
    ends = signed.expires_at.isoformat()
    pairs = zip(urls, signed.urls, strict=True)
    return {"results": [{"objectUrl": given, "url": url, "expiresAt": ends} for given, url in pairs]}


def _asked(call: Call, connection: Connection, caller: Caller, uuid: UUID, urls: Sequence[str]) -> _Asked:
    row = readable(connection, caller, uuid)
    kind, settings = kind_of(row.provider), store.settings_of(row)
    rules = kind.urls(settings)
    if not isinstance(rules, ObjectUrls):
        raise conflict(
            "never_signed",
            f'"{row.title}" is Direct Access: its URLs are used as they are, and none is signed',
        )
    objects, refused = [], []
    for index, url in enumerate(urls):
        try:
            objects.append(rules.find(url))
        except ValueError as error:
            refused.append(Refusal(f"objectUrls[{index}]", "invalid_url", f"objectUrls[{index}]: {error}"))
    refuse_any(refused, 400)
    return _Asked(row, settings, store.spec_of(connection, call.deployment.vault, row, kind), objects)


def _ends_in(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def _by_role(call: Call, asked: _Asked) -> Signed:
    trust = proven(call, asked.row)
    role, region = role_of(asked.row), asked.settings["region"]
    return call.deployment.roles.sign(role, region, asked.objects, asked.seconds, trust.session_seconds)


def _by_keys(_call: Call, asked: _Asked) -> Signed:
    secret = asked.spec.secret_access_key.get_secret_value()
    place = s3.Place(asked.settings["endpoint"], asked.settings.get("region") or s3.DEFAULT_REGION)
    places = {one.bucket: place for one in asked.objects}
    ends_at = _ends_in(asked.seconds)
    keys = s3.Keys(asked.settings["access_key_id"], secret)
    return Signed(s3.sign(keys, places, asked.objects, asked.seconds), ends_at)


def _by_service_account(call: Call, asked: _Asked) -> Signed:
    deployment, ends_at = call.deployment, _ends_in(asked.seconds)
    account = deployment.principals.service_account_email
    urls = gcs.sign(deployment.clouds.gcp_key_file, account, asked.objects, asked.seconds)
    return Signed(urls, ends_at)


def _by_sas(call: Call, asked: _Asked) -> Signed:
    name = asked.settings["storage_account"]
    account = azure.Account(name, call.deployment.clouds.azure_blob_endpoint.replace("{account}", name))
    if asked.spec.sas_token is None:
        return call.deployment.delegation.sign(account, asked.settings["tenant_id"], asked.objects)
    ends_at = datetime.fromisoformat(asked.settings["sas_ends_at"])
    if ends_at <= datetime.now(UTC):
        raise conflict(
            "credential_ended",
            f'the SAS token of "{asked.row.title}" ended on {ends_at:%Y-%m-%d %H:%M} UTC',
            "Declare a new one and run pulumi up",
        )
    return azure.append(account, asked.spec.sas_token.get_secret_value(), ends_at, asked.objects)


_MINTS = {
    "AWS": _by_role,
    "GCP": _by_service_account,
    "AZURE": _by_sas,
    "OTC": _by_keys,
    "S3_COMPATIBLE": _by_keys,
}
