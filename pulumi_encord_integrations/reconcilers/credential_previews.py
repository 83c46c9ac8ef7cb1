"""What previews of service accounts tell and refuse of their keys and federations."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Context, Properties
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.public_keys import fingerprint, hex_of
from pulumi_encord_integrations.model.service_accounts import ServiceAccountView, email_of_account

Entry = Mapping[str, Any]
"""A key or a federation, as a state holds it."""
FIELDS = {
    "keys": ("name", "public_key", "scope", "expires_at"),
    "federations": ("issuer", "audience", "subject", "scope"),
}
_MAY = {"write": "may change the organization", "read": "may preview, and change nothing"}
_NEW_KEY = "a key is registered once, whoever has it: make a new one with ssh-keygen -t ed25519"
_SUCCESSOR = "deploy its successor beside it first, and let that one take this one out"


def entries(view: ServiceAccountView, field: str) -> list[dict[str, Any]]:
    """What an account has, with what is declared of each entry alone."""
    shown = view.model_dump(mode="json", exclude_none=True, include={field})[field]
    return [{name: one[name] for name in FIELDS[field] if name in one} for one in shown]


def gains_and_losses(
    context: Context, inputs: Properties, unknown: frozenset[str], *, new: bool
) -> Iterator[str]:
    """Which keys and tokens get access, another scope, or lose it: what a reviewer has to see."""
    before = {} if new else context.before
    name = inputs.get("name", "the service account")
    admin = inputs.get("role") == "ADMIN" and before.get("role") != "ADMIN"
    if admin:
        yield f"{name} becomes an admin of the organization: what may write as it may change everything"
    restored = bool(before.get("suspended")) and inputs.get("suspended") is False
    armed = new or admin or restored or bool(inputs.get("auditor") and not before.get("auditor"))
    for field in FIELDS:
        there, wanted = _there(context, inputs, field, new=new), inputs.get(field)
        if field in unknown:
            yield f"{field} of {name} are known only during `up`"
            told = _may_end(there, context.partial.get(field))
        elif wanted is not None and _written(context, inputs, field, new=new):
            told = _differing(there, wanted)
        else:
            told = _undeclared(there, wanted or []) if armed else iter(())
        yield from (f"{name}: {said}" for said in told)


def _view(context: Context, name: object) -> ServiceAccountView | None:
    return (context.snapshot.service_accounts() or {}).get(str(name))


def _there(context: Context, inputs: Properties, field: str, *, new: bool) -> list[Entry]:
    """What the account has now; as the state has it where that is not known."""
    if context.snapshot.service_accounts() is None:
        return [] if new else list(context.before.get(field) or [])
    view = _view(context, inputs.get("name"))
    return [] if view is None else list(entries(view, field))


def _written(context: Context, inputs: Properties, field: str, *, new: bool) -> bool:
    """Whether a list is sent, and so becomes all that there is."""
    wanted = inputs.get(field)
    return wanted is not None and (new or wanted != context.before.get(field))


def _differing(before: Iterable[Entry], after: Iterable[Entry]) -> Iterator[str]:
    old, wanted = _by_identity(before), _by_identity(after)
    called = _names([*{**old, **wanted}.values()])
    for identity, entry in wanted.items():
        if {**old.get(identity, {}), "name": ""} != {**entry, "name": ""}:
            yield f"{called(entry)} {_may(entry)}"
    for identity, entry in old.items():
        if identity not in wanted:
            yield f"{called(entry)} may do nothing any more"


def _undeclared(there: list[Entry], declared: Iterable[Entry]) -> Iterator[str]:
    """What a declaration does not name, and keeps or gains what the account may."""
    called, named = _names(there), _by_identity(declared)
    for identity, entry in _by_identity(there).items():
        if identity not in named:
            yield f"{called(entry)}, which is not declared here, {_may(entry)}"


def _may_end(there: list[Entry], partial: Any) -> Iterator[str]:
    """What ends unless the part of a list that comes later names it."""
    listed = partial if isinstance(partial, list | tuple) else ()
    known = [one for one in listed if isinstance(one, Mapping) and NOT_KNOWN_YET not in one.values()]
    called, named = _names(there), _by_identity(known)
    for identity, entry in _by_identity(there).items():
        if identity not in named:
            yield f"{called(entry)} may do nothing any more, unless the list names it then"


def _by_identity(listed: Iterable[Entry]) -> dict[tuple[Any, ...], Entry]:
    """By what tells a key or federation from others, whatever it may do."""
    return {
        tuple(entry.get(name) for name in ("public_key", "issuer", "audience", "subject")): entry
        for entry in listed
    }


def _names(listed: list[Entry]) -> Callable[[Entry], str]:
    """What to call entries: by the audience too where several tokens differ in that alone."""
    counted = Counter(_called(entry) for entry in listed)

    def name(entry: Entry) -> str:
        called = _called(entry)
        return f"{called} with the audience {entry['audience']}" if counted[called] > 1 else called

    return name


def _called(entry: Entry) -> str:
    if "public_key" in entry:
        return f"whoever holds the key {_key(entry)}"
    return f"tokens of {entry['issuer']} for {entry['subject']}"


def _key(entry: Entry) -> str:
    return f'"{entry["name"]}" ({fingerprint(hex_of(entry["public_key"]))})'


def _may(entry: Entry) -> str:
    until = f", until {entry['expires_at']}" if entry.get("expires_at") else ""
    return f"{_MAY[entry['scope']]}{until}"


def impossible(context: Context, inputs: Properties, *, new: bool) -> Iterator[Problem]:
    """Keys that the API would refuse: over already, revoked, or those of another account."""
    name = inputs.get("name")
    if not isinstance(name, str) or not _written(context, inputs, "keys", new=new):
        return
    there = {key["public_key"]: key for key in _there(context, inputs, "keys", new=new)}
    elsewhere, fresh = _elsewhere(context, name), datetime.now(UTC)
    # An account that may be there already may have a key that is over.
    judged = not new or context.snapshot.service_accounts() is not None
    added = [key for key in inputs["keys"] if key["public_key"] not in there]
    revoked = context.snapshot.revoked_keys(email_of_account(name)) if added and _view(context, name) else ()
    for key in inputs["keys"]:
        end, public_key = key.get("expires_at"), key["public_key"]
        changed = public_key not in there or there[public_key].get("expires_at") != end
        if end and changed and judged and datetime.fromisoformat(end) <= fresh:
            yield _refused(key, f"ended on {end}", "give an end that is still to come")
        if public_key in revoked:
            yield _refused(key, "was revoked", _NEW_KEY)
        other = elsewhere.get(public_key) or _declared(context, public_key, name)
        if other != name:
            yield _refused(key, f"is a key of the service account {other}", _NEW_KEY)


def _refused(key: Entry, said: str, help_: str) -> Problem:
    return Problem(("keys",), f"the key {_key(key)} {said}", help_)


def _elsewhere(context: Context, name: str) -> dict[str, str]:
    """Whose the keys of other accounts are, also under the name before a change of it."""
    views = (context.snapshot.service_accounts() or {}).values()
    found = {key.public_key: view.name for view in views if view.name != name for key in view.keys}
    before = context.before.get("name")
    if before not in {None, name}:
        found |= {key["public_key"]: str(before) for key in context.before.get("keys") or []}
    return found


def _declared(context: Context, public_key: str, name: str) -> str:
    """The account that declared a key first in this run."""
    first: dict[str, str] = context.snapshot.memo("declared keys of service accounts", dict)
    return first.setdefault(public_key, name)


def own_credential(context: Context, inputs: Properties, *, new: bool) -> tuple[list[Problem], list[str]]:
    """What to say where whoever deploys ends the key, or the federation, that this run calls by."""
    caller, view = context.snapshot.caller(), _view(context, inputs.get("name"))
    if caller is None or view is None or context.snapshot.deployer() != view.email:
        return [], []
    if _written(context, inputs, "keys", new=new):
        writing = {key["public_key"] for key in inputs["keys"] if key["scope"] == "write"}
        for key in view.keys:
            if key.uuid == caller.credential and key.public_key not in writing:
                return [
                    Problem(("keys",), f'{view.name} deploys this by the key "{key.name}"', _SUCCESSOR)
                ], []
    if _written(context, inputs, "federations", new=new):
        wanted = [one for one in inputs["federations"] if one["scope"] == "write"]
        for one, entry in zip(view.federations, entries(view, "federations"), strict=True):
            if one.uuid == caller.credential and entry not in wanted:
                return _own_tokens(view.name, entry, wanted)
    return [], []


def _own_tokens(name: str, entry: Entry, wanted: list[Entry]) -> tuple[list[Problem], list[str]]:
    said = f"{name} deploys this by {_called(entry)}"
    if not any(one["issuer"] == entry["issuer"] for one in wanted):
        return [Problem(("federations",), said, _SUCCESSOR)], []
    return [], [f"{said}: what comes after fails unless another entry lets the same token in"]
