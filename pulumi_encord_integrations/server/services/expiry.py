"""How long an integration's signed URLs live."""

from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.expiry import ExpiryChange, ExpiryView, effective_expiry_of
from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.server.errors import invalid
from pulumi_encord_integrations.server.services.authorization import configured, require, visible
from pulumi_encord_integrations.server.services.bodies import kind_of
from pulumi_encord_integrations.server.services.integrations import view
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.database import Record

_FIELD = "signed_url_expiry"


def read(tx: Transaction, uuid: UUID) -> ExpiryView:
    """As it is, for whoever may view the integration."""
    return _view(tx, configured(tx, uuid))


def change(tx: Transaction, uuid: UUID, asked: ExpiryChange) -> Effect:
    """Sets it, in place."""
    row = changeable(tx, uuid)
    return _changed(tx, row, asked.duration)


def restore(tx: Transaction, uuid: UUID) -> Effect:
    """Sets it back to the default."""
    return _changed(tx, changeable(tx, uuid), None)


def changeable(tx: Transaction, uuid: UUID) -> Record:
    """The integration, if the caller may set its expiry and it has one."""
    row = visible(tx, uuid)
    require(row, Permission.ADD_USERS)
    _require_custom(row)
    return row


def _require_custom(row: Record) -> None:
    spec = kind_of(row.provider).spec
    if _FIELD not in spec.model_fields:
        raise invalid(f"{to_camel(_FIELD)}: {spec.elsewhere[_FIELD]}")


def _changed(tx: Transaction, row: Record, seconds: int | None) -> Effect:
    before = store.settings_of(row)[_FIELD]
    store.set_expiry(tx.connection, row, seconds)
    answer = _view(tx, visible(tx, UUID(row.uuid)))
    detail, name = {"seconds": seconds}, to_camel(_FIELD)
    return Effect(answer, "expiry.change", row.uuid, detail, before={name: before}, after={name: seconds})


def _view(tx: Transaction, row: Record) -> ExpiryView:
    _require_custom(row)
    shown: Any = view(tx, row)
    seconds, lifetime = effective_expiry_of(shown)
    return ExpiryView(
        integration=row.uuid,
        seconds=seconds,
        custom=shown.signed_url_expiry is not None,
        effective_seconds=lifetime.seconds,
        limited_by=lifetime.limited_by,
    )
