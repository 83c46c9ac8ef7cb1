"""Signed URLs: for objects of an integration's own buckets and prefixes, for its members, kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.model.objects import ObjectUrls, StoredObject
from pulumi_encord_integrations.model.signing import SignedUrls, SignedUrlsRequest
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration, not_installed
from pulumi_encord_integrations.server.clouds.direct_access import never_signed
from pulumi_encord_integrations.server.services import control
from pulumi_encord_integrations.server.services.access_checks import proven, stored_integration
from pulumi_encord_integrations.server.services.authorization import readable
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.bulk import each_url
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record


@dataclass(frozen=True)
class _Asked:
    """An integration as it was when URLs were asked for."""

    row: Record
    integration: StoredIntegration
    objects: Sequence[StoredObject]


def sign(work: UnitOfWork, uuid: UUID, body: Body) -> dict[str, Any]:
    """`SignedUrls` as on the wire, all or none.

    No transaction is open while a cloud is asked; nothing minted is kept.
    """
    urls = examined(SignedUrlsRequest, body).object_urls
    asked = work.read(lambda tx: _asked(tx, uuid, urls))
    work.claim()
    cloud = work.deployment.adapters[asked.row.provider]
    session_seconds = (
        proven(work, asked.row, asked.integration).session_seconds if cloud.proves_access else None
    )
    if asked.integration.spec.challenged:
        buckets = sorted({one.bucket for one in asked.objects})
        control.require(work, asked.row, asked.integration, buckets)
    try:
        signed = cloud.sign(asked.integration, asked.objects, session_seconds)
    except ImportError as missing:
        raise not_installed(missing) from None
    ends = signed.expires_at.isoformat()
    effect = Effect(
        SignedUrls(results=[]), "urls.sign", asked.row.uuid, {"count": len(urls), "expiresAt": ends}
    )
    work.note(lambda _tx: effect)
    pairs = zip(urls, signed.urls, strict=True)
    return {"results": [{"objectUrl": given, "url": url, "expiresAt": ends} for given, url in pairs]}


def _asked(tx: Transaction, uuid: UUID, urls: Sequence[str]) -> _Asked:
    row = readable(tx, uuid)
    kind, settings = kind_of(row.provider), store.settings_of(row)
    rules = kind.urls(settings)
    if not isinstance(rules, ObjectUrls):
        raise never_signed(row.title)
    objects = each_url(urls, "objectUrls", rules.find)
    return _Asked(row, stored_integration(tx, row, kind), objects)
