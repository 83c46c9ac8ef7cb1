"""What a check knows beforehand: whether what is named exists, and whether the caller may change it.

What the snapshot does not know passes: the API judges it in `up`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey
from pulumi_encord_integrations.lifecycle.reconciler import Context, Properties, Reconciler
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.members import is_individual
from pulumi_encord_integrations.model.memberships import id_of
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.users import is_service_account

_JOINING = "join"
"""In place of a principal: whoever deploys, by an `IntegrationJoin`."""
_PERSON_HINT = "declare them as an OrganizationUser before this, or invite them in the app"
_ACCOUNT_HINT = "declare it as a ServiceAccount before this"


def joining(integration: str) -> ResourceKey:
    """What an `IntegrationJoin` that is about to be made declares to the checks after it."""
    return ResourceKey("membership", integration, _JOINING)


def writes(reconciler: Reconciler, inputs: Properties, context: Context) -> bool:
    """Whether checked inputs are going to be written: of what stays as it is, the API judges nothing."""
    before = context.before
    return not before or reconciler.comparable(before) != reconciler.comparable(inputs)


def integration_exists(context: Context, inputs: Properties) -> Iterator[Problem]:
    """A problem if the input `integration` names nothing that the caller may see."""
    uuid, known = inputs.get("integration"), context.snapshot.integrations()
    if known is None or context.snapshot.may_miss():
        return
    if isinstance(uuid, str) and uuid not in known and uuid not in context.made:
        yield Problem(("integration",), f"there is no integration {uuid}, or you may not see it")


def administered(context: Context, inputs: Properties) -> Iterator[Problem]:
    """A problem if the input `integration` names nothing that the caller may see and administer."""
    yield from integration_exists(context, inputs)
    uuid = str(inputs.get("integration"))
    view = context.snapshot.integration(uuid)
    if view is None or may_administer(context, view) or uuid in context.made:
        return
    yield Problem(
        ("integration",),
        f'{context.snapshot.user() or "whoever deploys"} is not an Admin of "{view.title}"',
        "ask one of its Admins, or declare an IntegrationJoin before this, which needs an admin of "
        "the organization",
    )


def may_administer(context: Context, view: IntegrationView) -> bool:
    """Whether the caller is or becomes an Admin of it, or only previews what somebody else applies."""
    joins = joining(view.uuid) in context.declared
    return view.role == "admin" or joins or context.snapshot.only_reads()


def may_administer_organization(context: Context) -> bool:
    """The same of the organization."""
    caller = context.snapshot.caller()
    return caller is None or caller.role == "ADMIN" or context.snapshot.only_reads()


def group_exists(context: Context, inputs: Properties) -> Iterator[Problem]:
    """A problem if the input `group` names no group of the organization."""
    group = inputs.get("group")
    if isinstance(group, str):
        yield from _missing(context, [group], "group")


def organization_admin(context: Context, place: str) -> Iterator[Problem]:
    """A problem if the caller does not administer the organization."""
    caller = context.snapshot.caller()
    if caller is not None and not may_administer_organization(context):
        yield Problem(
            (place,),
            f'{caller.user_email} is not an admin of the organization "{caller.name}"',
            "ask one of them to deploy this",
        )


def members_exist(context: Context, keys: Iterable[str], place: str) -> Iterator[Problem]:
    """A problem for each principal that the organization does not have."""
    new = sorted(keys)
    yield from _strangers(context, [key for key in new if is_individual(key)], place)
    yield from _missing(context, [id_of(key) for key in new if not is_individual(key)], place)


def _strangers(context: Context, emails: list[str], place: str) -> Iterator[Problem]:
    users = context.snapshot.users() if emails else None
    if users is None:
        return
    caller = context.snapshot.caller()
    of = f' "{caller.name}"' if caller else ""
    for email in emails:
        if email not in users and ResourceKey("organization_user", email) not in context.declared:
            yield Problem(
                (place,),
                f"{email} is not part of the organization{of}",
                _ACCOUNT_HINT if is_service_account(email) else _PERSON_HINT,
            )


def _missing(context: Context, uuids: list[str], place: str) -> Iterator[Problem]:
    groups = context.snapshot.groups() if uuids else None
    if groups is None:
        return
    for uuid in uuids:
        if uuid not in groups and uuid not in context.made:
            yield Problem((place,), f"there is no user group {uuid}")


def title_of(snapshot: Snapshot, integration: object) -> str:
    """An integration as people know it: its title in quotes, else its uuid."""
    view = snapshot.integration(str(integration))
    return f'"{view.title}"' if view else str(integration)


def group_name(snapshot: Snapshot, group: object) -> str:
    """A group as people know it: its name in quotes, with its uuid where several have it; else its uuid."""
    known = snapshot.groups() or {}
    found = known.get(str(group))
    if found is None:
        return str(group)
    names = snapshot.memo("names of groups", lambda: Counter(one.name for one in known.values()))
    return f'"{found.name}"' if names[found.name] == 1 else f'"{found.name}" ({group})'


def principal_name(snapshot: Snapshot, key: str) -> str:
    """A user's e-mail, or a group by its name."""
    return key if is_individual(key) else f"group {group_name(snapshot, id_of(key))}"
