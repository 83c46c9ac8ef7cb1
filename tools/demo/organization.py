"""The declared organization: deployed, changed behind Pulumi's back, repaired and destroyed."""

from pulumi_encord_integrations.organization.loader import Declaration
from tools.demo.deployment import Demo, expect, step

CHANGED = "Renamed in the app"


def outsider(declared: Declaration) -> tuple[str, str] | None:
    """The title of an integration that has an exclusive list, and a user whom it does not let in."""
    groups = {group.key: group.users["users"] if group.users else [] for group in declared.groups}
    for entry in declared.integrations:
        if entry.members and entry.members["exclusive"]:
            rows = entry.members["members"]
            listed = {user for row in rows for user in groups.get(row.get("group"), [row.get("user")])}
            for user in declared.users:
                if user.email not in listed:
                    return entry.title, user.email
    return None


def tell(demo: Demo, declared: Declaration) -> None:
    """The story; raises `NotAsTold` where it does not go that way."""
    found = declared.integrations
    titles, admitted = sorted(entry.title for entry in found), outsider(declared)
    demo.prepare()
    demo.configure({ref.config: field for entry in found for field, ref in entry.secrets.items()})
    step("pulumi up: what encord.yaml declares is made")
    demo.pulumi("up", "--yes", "--skip-preview")
    expect(demo.titles() == titles, "the API does not hold what encord.yaml declares")
    step("pulumi preview: nothing to change")
    demo.pulumi("preview", "--expect-no-changes")
    drift(demo, found[0].title, admitted)
    step("pulumi destroy: nothing is left")
    demo.pulumi("destroy", "--yes", "--skip-preview")
    expect(demo.titles() == [], "integrations are left")
    step("pulumi up: all of it again")
    demo.pulumi("up", "--yes", "--skip-preview")
    expect(demo.titles() == titles, "the API does not hold what encord.yaml declares")
    step("encord-integrations list")
    demo.command("list")
    step("pulumi preview: nothing to change")
    demo.pulumi("preview", "--expect-no-changes")


def drift(demo: Demo, title: str, admitted: tuple[str, str] | None) -> None:
    """What is changed behind Pulumi's back shows, and is repaired."""
    before = demo.titles()
    if admitted:
        where, who = admitted
        step(f'Someone lets {who} into "{where}" in the app')
        demo.admit(where, who)
    step(f'Someone renames "{title}" in the app')
    demo.rename(title, CHANGED)
    expect(demo.titles() != before, "the title is still what it was")
    step("pulumi refresh: the drift shows")
    seen = demo.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    expect(f'"{title}" => "{CHANGED}"' in seen, "refresh does not show the new title")
    expect(not admitted or f"+ {who}:" in seen, "refresh does not show who was let in")
    step("pulumi up: repaired")
    demo.pulumi("up", "--yes", "--skip-preview", "--diff")
    expect(demo.titles() == before, "the title is not what encord.yaml declares")
    expect(not admitted or who not in demo.members(where), "who was let in still has access")
