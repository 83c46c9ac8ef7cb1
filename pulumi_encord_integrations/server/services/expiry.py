"""How long an integration's signed URLs live."""

from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel
from sqlalchemy import Connection, Row

from pulumi_encord_integrations.model.expiry import ExpiryChange, ExpiryView, lifetime_of
from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.server.calls import Call, Effect
from pulumi_encord_integrations.server.errors import invalid
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.integrations import view
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store.organizations import Caller

_FIELD = "signed_url_expiry"


def read(call: Call, connection: Connection, caller: Caller, uuid: UUID) -> ExpiryView:
    """As it is, for whoever may view the integration."""
    return _view(call, readable(connection, caller, uuid))


def change(call: Call, connection: Connection, caller: Caller, uuid: UUID, body: Body) -> Effect:
    """Sets it, in place."""
    row = _changeable(connection, caller, uuid)
    return _changed(call, connection, caller, row, examined(ExpiryChange, body).duration)


def restore(call: Call, connection: Connection, caller: Caller, uuid: UUID) -> Effect:
    """Sets it back to the default."""
    return _changed(call, connection, caller, _changeable(connection, caller, uuid), None)


def _changeable(connection: Connection, caller: Caller, uuid: UUID) -> Row[Any]:
    row = visible(connection, caller, uuid)
    require(row, Permission.ADD_USERS)
    _require_custom(row)
    return row


def _require_custom(row: Row[Any]) -> None:
    spec = kind_of(row.provider).spec
    if _FIELD not in spec.model_fields:
        raise invalid(f"{to_camel(_FIELD)}: {spec.elsewhere[_FIELD]}")


def _changed(
    call: Call, connection: Connection, caller: Caller, row: Row[Any], seconds: int | None
) -> Effect:
    store.set_expiry(connection, row, seconds)
    answer = _view(call, visible(connection, caller, UUID(row.uuid)))
    return Effect(answer, "expiry.change", row.uuid, {"seconds": seconds})


def _view(call: Call, row: Row[Any]) -> ExpiryView:
    _require_custom(row)
    shown: Any = view(call, row)
    seconds, lifetime = lifetime_of(shown)
    return ExpiryView(
        integration=row.uuid,
        seconds=seconds,
        custom=shown.signed_url_expiry is not None,
        effective_seconds=lifetime.seconds,
        limited_by=lifetime.limited_by,
    )
