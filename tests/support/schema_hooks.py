"""What a schema cannot say: bodies that keep the rules over several fields, and who and what is there."""

import json
import os
from typing import Any

import schemathesis

from pulumi_encord_integrations.model.text import uuid_in
from tests.support.api import INTEGRATIONS
from tests.support.people import GROUPS, USERS
from tests.support.types import CASES

KNOWN = "SCHEMA_KNOWN"
"""The environment's variable with the living objects and people, which no request ends."""


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: Any) -> Any:
    """Completes some creates, that there is one to act on; deletes for oneself, for a stack may keep."""
    route = case.operation.method.upper(), case.operation.path
    honest = case.meta is not None and case.meta.generation.mode.is_positive
    if route == ("POST", INTEGRATIONS) and honest and isinstance(case.body, dict):
        known, title = CASES.get(str(case.body.get("provider"))), case.body.get("title")
        if known and isinstance(title, str) and len(title) % 4:
            case.body = known.body(title=title)
    if route[0] == "DELETE" and honest:
        case.query.pop("declaredBy", None)
    there = json.loads(os.environ.get(KNOWN, "{}"))
    if there:
        _aim(case, there, route)
        if honest and isinstance(case.body, dict) and len(repr(case.body)) % 4:
            _name(case.body, there, route)
    return case


def _aim(case: Any, there: dict[str, Any], route: tuple[str, str]) -> None:
    """At a living object, if the request asks for one and does not end it; integrations come by links."""
    path = case.path_parameters or {}
    if route[0] == "DELETE" and route[1].endswith("}"):
        return
    if route[1] != f"{INTEGRATIONS}/{{uuid}}" and uuid_in(str(path.get("uuid"))):
        path["uuid"] = there["group" if route[1].startswith(GROUPS) else "integration"]
    if len(str(path.get("email", ""))) % 2:
        path["email"] = there["people"][0]


def _name(body: dict[str, Any], there: dict[str, Any], route: tuple[str, str]) -> None:
    """People and groups that are there, each once."""
    for key in ("set", "remove", "members"):
        if isinstance(listed := body.get(key), list):
            del listed[len(there["people"]) :]
            for member, who in zip(listed, there["people"], strict=False):
                member |= {"user": who, "group": None}
    if body.get("set"):
        body.pop("remove", None)
    if body.get("userEmails"):
        body["userEmails"] = there["people"]
    if body.get("groupHashList"):
        body["groupHashList"] = [there["group"]]
    if route == ("POST", USERS):
        body["email"] = f"{abs(hash(repr(body)))}@example.com"
    if route[1].startswith(GROUPS) and isinstance(body.get("name"), str):
        body["name"] = f"Team {len(body['name'])}"
