"""What previews of one member, and of joining, refuse and tell."""

from collections.abc import Iterator

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Context, Properties
from pulumi_encord_integrations.model.members import is_individual, kept_for_good, refusal_to_lower
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange, keep_roles
from pulumi_encord_integrations.reconcilers.preflight import members_exist, principal_name, title_of

GROUP_NAME = "group_name"
"""What the program tells the check: what it calls a group whose id comes later."""


def principal_of(properties: Properties) -> str:
    """The key of the user or group; empty if it comes later."""
    if properties.get("user"):
        return str(properties["user"])
    return f"group:{properties['group']}" if properties.get("group") else ""


def membership(integration: object, principal: str) -> ResourceKeys:
    """The key of a membership, as far as it is known."""
    return named("membership", integration, principal) if principal else NOTHING


def declares(context: Context, keys: ResourceKeys) -> bool:
    """Whether the program declares the things."""
    return bool(keys) and keys <= context.declared


def becoming_admin(uuid: str, context: Context) -> Iterator[str]:
    """That whoever deploys becomes an Admin by joining, unless they are one."""
    snapshot = context.snapshot
    user = snapshot.deployer()
    if user is None and snapshot.only_reads():
        yield f"whoever applies this becomes an Admin of {title_of(snapshot, uuid)}, which cannot be undone"
    if user is None or uuid in context.made or snapshot.integration(uuid) is None:
        return
    if (snapshot.roles(uuid) or {}).get(user) != "admin":
        yield f"{user} becomes an Admin of {title_of(snapshot, uuid)}, which cannot be undone"


def granted(inputs: Properties, context: Context, notes: list[str]) -> tuple[list[Problem], list[str]]:
    """What is wrong with a grant, and what it does unseen."""
    before, principal, where = context.before, principal_of(inputs), inputs.get("integration")
    if not principal or "role" not in inputs:
        return [], notes
    same = principal == principal_of(before) and where == before.get("integration")
    live = None if where is None else context.snapshot.roles(str(where))
    new = where is None or (where in context.made and live is None)
    change = AccessChange(
        {principal: str(before.get("role"))} if same else {},
        {principal: str(inputs["role"])},
        live,
        creator=context.snapshot.deployer() if new else None,
    )
    place = "user" if is_individual(principal) else "group"
    problems = [
        *members_exist(context, change.new(), place),
        *(Problem(("role",), said) for said in change.refusals()),
    ]
    return problems, [*notes, *change.notes(lambda key: principal_name(context.snapshot, key))]


def left_behind(inputs: Properties, unknown: frozenset[str], context: Context) -> Iterator[str]:
    """What becomes of the one whom a replacement leaves behind, or takes along."""
    before, snapshot, new = context.before, context.snapshot, inputs.get("integration")
    principal, old = principal_of(before), str(before.get("integration"))
    moved = _moved(inputs, unknown, before)
    if not principal or not (moved or "integration" in unknown):
        return
    along = {"user", "group"}.isdisjoint(moved)
    to = title_of(snapshot, new) if new else "an integration that is still to be made"
    live = snapshot.roles(old)
    role = str(before.get("role")) if live is None else live.get(principal)
    where, name = title_of(snapshot, old), principal_name(snapshot, principal)
    known = snapshot.integrations()
    gone = known is not None and old not in known
    # A new integration may be the old one, replaced, if that is not declared any more.
    replaced = (new is None or new in context.made) and not declares(context, named("object", old))
    keeps = before.get("on_delete") == "keep" and not replaced
    leaves = role is not None and not gone and not declares(context, membership(old, principal))
    if leaves and keeps:
        yield from keep_roles({principal: str(role)}, where, lambda _: name)
    if along:
        yield f"{name} moves from {where} to {to}" if leaves and not keeps else f"{name} gets access to {to}"
    elif leaves and not (keeps or replaced):
        yield f"{name} loses access to {where}"


def to_new_group(inputs: Properties, unknown: frozenset[str], context: Context) -> Iterator[str]:
    """Who gets a role, where the inputs show no id yet."""
    name = context.program.get(GROUP_NAME)
    if "group" in unknown and name and "role" in inputs:
        yield f'group "{name}" gets the role {inputs["role"]}'


def _moved(inputs: Properties, unknown: frozenset[str], before: Properties) -> list[str]:
    """What makes another membership of it, as far as it is known."""
    return [
        name
        for name in ("integration", "user", "group")
        if name not in unknown and inputs.get(name) != before.get(name)
    ]


def lowered(inputs: Properties, unknown: frozenset[str], context: Context) -> list[Problem]:
    """A problem if an individual Admin would be lowered or let go."""
    before = context.before
    principal, integration = principal_of(before), before.get("integration")
    live = context.snapshot.roles(str(integration))
    # The state may not know yet that they joined, or that support has removed them.
    role = before.get("role") if live is None else live.get(principal)
    if not kept_for_good(principal, role, None) or "/" in principal:
        return []
    moved = [*(["integration"] if "integration" in unknown else []), *_moved(inputs, unknown, before)]
    if moved:
        kept = before.get("on_delete") == "keep" or declares(context, membership(integration, principal))
        ends = moved[0] == "integration" and _may_end(context, str(integration))
        return [] if kept or ends else [Problem((moved[0],), refusal_to_lower(principal))]
    if before.get("role") == "admin" and inputs.get("role", "admin") != "admin":
        return [Problem(("role",), refusal_to_lower(principal))]
    return []


def _may_end(context: Context, integration: str) -> bool:
    """Whether an integration that is not declared any more, or replaced, may take its Admins along."""
    view = context.snapshot.integration(integration)
    lives_on = view is not None and (view.adopted or view.declared_as is None)
    return not lives_on and not declares(context, named("object", integration))
