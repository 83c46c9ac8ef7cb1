"""What a preview tells of integrations and groups that nobody sees in the state, and what `up` then does."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from pulumi_encord_integrations.client import groups, integrations, registrations
from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec, AwsView
from tests.support.engine import ROLE, UP, USER, Project, operations
from tests.support.members import access, change, declare, outputs_of, person, populate, uuid_of

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
FORCE = "set force_destroy=True and run `pulumi up` before this change"
MEMBERS = '\nlisted("team", prod, [{"user": "p1@example.com", "role": "user"}])'


@pytest.fixture
def staffed(project: Project) -> Project:
    """A project in an organization of more people."""
    return populate(project, 4)


def told(text: str) -> list[str]:
    """The notes of a run, in their order; each is there twice, as it comes and in the summary."""
    return list(dict.fromkeys(re.findall(r"note: (.*)$", text, re.MULTILINE)))


def refused(text: str) -> str:
    """The one refusal of a run."""
    [line] = set(re.findall(r"(?:Refusal|has a problem): (.*)$", text, re.MULTILINE))
    return str(line)


def fails(project: Project) -> str:
    """The refusal of a preview; `up` refuses in the same words and changes nothing."""
    before = project.living()
    said = refused(project.fail("preview", "--diff", "--stack", "dev"))
    assert refused(project.fail(*UP, "--stack", "dev")) == said
    assert project.living() == before
    return said


def register(project: Project, uuid: str, count: int) -> None:
    images = [{"objectUrl": f"videos/image-{number}.jpg"} for number in range(count)]
    registrations.register(project.api(), uuid, {"images": images})


def made(project: Project, title: str = "Data", at: Any = None, **settings: Any) -> AwsView:
    """An integration that nobody's program made, or another stack's."""
    given = {"title": title, "role_arn": ROLE, "buckets": ["acme-training"], **settings}
    placement = Placement() if at is None else Placement(declared_as=at)
    view, _ = integrations.create(project.api(), AwsSpec.model_validate(given), placement)
    assert isinstance(view, AwsView)
    return view


def test_a_replacement_that_would_destroy_data_is_refused_in_the_preview(staffed: Project) -> None:
    declare(staffed, f'prod = aws("prod"){MEMBERS}')
    staffed.up()
    uuid = uuid_of(staffed, "prod")
    register(staffed, uuid, 3)
    change(staffed, "prod", {person(2): "admin"})
    (view,) = staffed.living().values()
    assert isinstance(view, AwsView)
    what = f'replaces "prod" {uuid} (strict_client_only): 3 registrations, external ID {view.external_id}, '
    goes = f"{what}members not declared in this program: {person(2)}"
    declare(staffed, f'prod = aws("prod", strict_client_only=True){MEMBERS}')
    said = fails(staffed)
    assert said.startswith(f"{goes}. ")
    assert FORCE in said
    # It counts only once it is applied.
    declare(staffed, f'prod = aws("prod", strict_client_only=True, force_destroy=True){MEMBERS}')
    assert fails(staffed) == said
    assert access(staffed)["prod"] == {person(1): "user", person(2): "admin"}
    declare(staffed, f'prod = aws("prod", force_destroy=True){MEMBERS}')
    assert operations(staffed.up()) == {"updated": 1}
    declare(staffed, f'prod = aws("prod", strict_client_only=True, force_destroy=True){MEMBERS}')
    preview = staffed.preview()
    assert f'AwsIntegration "prod": {goes}' in told(preview)
    assert "to replace" in preview
    staffed.up()
    assert access(staffed) == {"prod": {person(1): "user"}}
    assert uuid not in staffed.living()
    staffed.unchanged()


def test_a_delete_of_data_is_refused_unless_an_earlier_update_allowed_it(staffed: Project) -> None:
    both = f'prod = aws("prod"){MEMBERS}'
    declare(staffed, both)
    staffed.up()
    uuid = uuid_of(staffed, "prod")
    register(staffed, uuid, 1)
    declare(staffed, "")
    said = staffed.fail(*UP, "--stack", "dev")
    assert f'"prod" ({uuid}) holds 1 registration' in said
    assert FORCE in said
    assert staffed.living().keys() == {uuid}
    declare(staffed, both)
    staffed.up()
    assert access(staffed) == {"prod": {person(1): "user"}}
    staffed.unchanged()
    declare(staffed, both.replace('"prod")', '"prod", force_destroy=True)', 1))
    staffed.up()
    declare(staffed, "")
    staffed.up()
    assert staffed.living() == {}


def test_an_empty_integration_goes_without_a_word(project: Project) -> None:
    project.declare('every("prod")')
    project.up()
    project.declare('every("prod", strict_client_only=True)')
    preview = project.preview()
    assert len([note for note in told(preview) if "0 registrations" in note]) == len(project.living())
    project.up()
    project.declare("")
    project.up()
    assert project.living() == {}


def test_an_adoption_shows_what_it_takes_and_what_it_changes(staffed: Project) -> None:
    there = made(
        staffed,
        buckets=[{"name": "acme-training", "prefixes": ["videos/"]}],
        region="eu-west-1",
        signed_url_expiry="2h",
    )
    change(staffed, "Data", {person(1): "user", person(2): "admin"})
    register(staffed, there.uuid, 2)
    adopting = 'prod = aws("prod", title="Data", adopt=True)'
    alone = f'[{{"user": "{USER}", "role": "admin"}}]'
    everybody = f'\nlisted("team", prod, {alone}, exclusive=True)'
    declare(staffed, f"{adopting}{everybody}")
    members = [note for note in told(staffed.preview()) if note.startswith("IntegrationMembers")]
    assert [note.partition(": ")[2].partition(" ")[0] for note in members] == [person(2), person(1)]
    declare(staffed, f"{adopting}{MEMBERS}")
    preview = staffed.preview()
    assert told(preview)[:3] == [
        (
            f'AwsIntegration "prod": adopts "Data" {there.uuid} (made by {USER}, 3 members, 2 registrations, '
            f"other Admins: {person(2)})"
        ),
        (
            'AwsIntegration "prod": its other Admins keep Admin. '
            "Only an operator ends that of an individual, with `encord-integrations remove-admin`"
        ),
        (
            'AwsIntegration "prod": adopting changes buckets: acme-training (videos/) -> acme-training '
            "(wider access)"
        ),
    ]
    assert re.search(rf'adopts +: "{there.uuid}"', preview)
    # Members behind it are compared with those that there are.
    assert not [note for note in told(preview) if person(1) in note and "gains" in note]
    staffed.up()
    staffed.unchanged()
    assert staffed.state() == {"prod": there.uuid}
    staffed.refresh()
    declare(staffed, f"{adopting.replace('Data', 'Renamed')}{MEMBERS}")
    assert operations(staffed.up()) == {"updated": 1}
    after = staffed.living()[there.uuid]
    assert isinstance(after, AwsView)
    assert (after.title, after.region, after.signed_url_expiry) == ("Renamed", "eu-west-1", 7200)
    declare(staffed, "")
    staffed.up()
    # It lives on with its data and the members of others.
    assert staffed.living()[there.uuid].registrations == 2
    assert access(staffed) == {"Renamed": {person(2): "admin"}}


def test_an_adoption_names_one_of_several_by_its_uuid(project: Project) -> None:
    populate(project, 0)
    first, second = made(project), made(project, signed_url_expiry=60)
    project.declare('aws("prod", title="Data", adopt=True)')
    assert re.search(f"2 integrations are called .*{UUID}, {UUID}", fails(project))
    project.declare(f'aws("prod", title="New", adopt="{second.uuid}", signed_url_expiry="1h")')
    assert told(project.preview())[1:] == [
        (
            'AwsIntegration "prod": adopting changes signed_url_expiry: 1m -> 1h '
            "(wider access: signed URLs live longer)"
        ),
        'AwsIntegration "prod": adopting changes title: Data -> New',
    ]
    project.up()
    assert sorted(view.title for view in project.living().values()) == ["Data", "New"]
    assert project.living()[first.uuid].adopted is False
    # Another uuid does not make the resource another one.
    project.declare(f'aws("prod", title="New", adopt="{first.uuid}", signed_url_expiry="1h")')
    assert "declare what is to be adopted as a resource of another name" in fails(project)


def test_what_another_stack_declares_is_adopted_only_if_that_stack_is_named(project: Project) -> None:
    place = {"stack_id": "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "path": "encord:AwsIntegration::x"}
    there = made(populate(project, 0), at={**place, "project": "shop", "stack": "live"})
    project.declare('aws("prod", title="Data", adopt=True)')
    said = fails(project)
    assert re.match(
        rf'"Data" \({there.uuid}\) is declared by shop/live, AwsIntegration::x, last written by {USER} at 20',
        said,
    )
    assert said.endswith('if that stack no longer declares it: adopt_from="shop/live"')
    project.declare('aws("prod", title="Data", adopt=True, adopt_from="shop/live")')
    assert re.match(
        'AwsIntegration "prod": it was declared by shop/live, AwsIntegration::x, last written',
        told(project.preview())[1],
    )
    project.up()
    project.unchanged()
    declared = project.living()[there.uuid].declared_as
    assert declared
    assert (declared.project, declared.stack) == ("toy", "dev")


def test_a_stack_that_lost_its_state_is_told_and_may_adopt(project: Project) -> None:
    project.declare('aws("prod", title="Data"); encord.UserGroup("team", name="Team", description="old")')
    project.up()
    uuid = project.state()["prod"]
    (identity,) = (r["id"] for r in project.export() if r["type"].endswith("StackIdentity"))
    project.succeed("stack", "rm", "--force", "--yes", "--stack", "dev")
    project.new_stack()
    lost = told(project.preview())
    assert any(f"is created anew, though {uuid} may be meant" in note for note in lost)
    project.declare(
        'aws("prod", title="Data", adopt=True); encord.UserGroup("team", name="Team", adopt=True)'
    )
    notes = told(project.preview())
    for label in ('AwsIntegration "prod"', 'UserGroup "team"'):
        [note] = [note for note in notes if note.startswith(f"{label}: it was declared by")]
        assert f"toy/dev, {label.split()[0]}::" in note
        assert f", last written by {USER} at 20" in note
        assert identity not in note
    project.up()
    assert project.state() == {"prod": uuid}
    (team,) = groups.listing(project.api())
    assert (team.adopted, team.description) == (True, "old")
    project.unchanged()


def test_a_group_that_is_adopted_says_what_changes(project: Project) -> None:
    client = populate(project, 0).api()
    team = groups.create(client, GroupSpec(name="Team", description="Who label"), Placement())
    groups.add_users(client, team.group_hash, [USER])
    project.declare('encord.UserGroup("team", name="Team", description="Who check", adopt=True)')
    notes = told(project.preview())
    assert re.fullmatch(
        rf'UserGroup "team": adopts "Team" {team.group_hash} \(made on [\d-]+, 1 user\)', notes[0]
    )
    assert notes[1:] == ['UserGroup "team": adopting changes description: Who label -> Who check']
    project.up()
    assert groups.read(project.api(), team.group_hash).description == "Who check"


BUILT = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Nothing(ResourceProvider):
    def create(self, props):
        return CreateResult("id", props)

class Policy(Resource):
    def __init__(self, name, **props):
        super().__init__(Nothing(), name, props)

prod = aws("prod", title="TITLE")
Policy("policy", trusted=prod.principal_arn, external_id=prod.external_id, owner=prod.owner,
       origins=prod.origins, made=prod.created_at, organization=prod.organization)
"""


@pytest.mark.parametrize("offline", [False, True])
def test_a_new_title_changes_nothing_that_is_built_from_the_integration(
    project: Project, offline: bool
) -> None:
    project.configure(awsPrincipalArn="arn:aws:iam::111122223333:user/encord")
    project.declare(BUILT.replace("TITLE", "Old"))
    project.up()
    project.up()
    project.configure(offlinePreview="true" if offline else None)
    project.declare(BUILT.replace("TITLE", "New"))
    preview = project.preview()
    assert operations(preview) == {"to update": 1}
    assert "[unknown]" not in preview
    assert re.findall(r"^ +[~+-] (\w+) *:", preview, re.MULTILINE) == ["title"]
    assert operations(project.up()) == {"updated": 1}
    project.unchanged()


def test_what_is_gone_is_told(staffed: Project) -> None:
    declare(staffed, 'aws("prod", title="Data"); aws("lab")')
    staffed.up()
    gone = uuid_of(staffed, "lab")
    integrations.delete(staffed.api(), gone, None)
    declare(staffed, 'aws("prod", title="Data"); aws("lab", title="Renamed")')
    said = fails(staffed)
    assert said.startswith(
        f'AwsIntegration "lab": {gone} is gone, or you may not see it any more. Run `pulumi'
    )
    declare(staffed, 'aws("prod", title="Data"); aws("lab")')
    assert any(f'"lab": {gone} is gone' in note for note in told(staffed.preview()))
    staffed.refresh()
    assert operations(staffed.preview()) == {"to create": 1}


def test_a_change_by_who_is_no_admin_any_more_is_refused(project: Project) -> None:
    project.declare('aws("prod", title="Data")')
    project.up()
    (uuid,) = project.living()
    with closing(sqlite3.connect(project.folder / "encord.sqlite")) as database, database:
        database.execute("UPDATE members SET role = 'user'")
    project.unchanged()
    project.declare('aws("prod", title="New")')
    said = f'AwsIntegration "prod": you may not change "Data" ({uuid}). Ask one of its Admins, or join it'
    assert fails(project).startswith(said)
    project.declare('aws("prod", title="Data"); aws("again", title="Data", adopt=True)')
    said = project.fail("preview", "--stack", "dev")
    assert f'"Data" ({uuid}) is administered by others; ask one of its Admins' in said


def test_what_others_changed_and_an_update_takes_back_is_told(project: Project) -> None:
    project.declare('aws("prod", title="Data", signed_url_expiry="12h")')
    project.up()
    (uuid,) = project.living()
    integrations.update(project.api(), uuid, {"region": "eu-west-1", "signedUrlExpiry": 3600})
    assert told(project.preview()) == []
    project.declare('aws("prod", title="New", signed_url_expiry="12h")')
    assert told(project.preview()) == [
        'AwsIntegration "prod": also takes back region: eu-west-1 -> none',
        (
            'AwsIntegration "prod": also takes back signed_url_expiry: 1h -> 12h '
            "(wider access: signed URLs live longer)"
        ),
    ]
    project.up()
    view = project.living()[uuid]
    assert isinstance(view, AwsView)
    assert (view.region, view.signed_url_expiry) == (None, 43_200)


def test_durations_are_shown_as_people_write_them(project: Project) -> None:
    project.declare('prod = aws("prod", signed_url_expiry=43200)')
    assert re.search(r'signed_url_expiry *: "12h"', project.preview())
    project.up()
    assert outputs_of(project, "prod")["signed_url_expiry"] == "12h"
    project.declare('prod = aws("prod", signed_url_expiry="PT12H")')
    project.unchanged()
    project.declare('prod = aws("prod", signed_url_expiry="90m")')
    assert re.search(r'~ signed_url_expiry *: "12h" => "90m"', project.preview())


FILE: dict[str, Any] = {
    "groups": {"team": {"name": "Team", "protect": True}},
    "integrations": {
        "prod": {
            "type": "aws",
            "title": "Data",
            "role_arn": ROLE,
            "buckets": ["acme-training"],
            "protect": True,
            "force_destroy": True,
        }
    },
}


def test_a_file_protects_and_allows_to_destroy(project: Project) -> None:
    def write(**changes: Any) -> None:
        entry = {**FILE["integrations"]["prod"], **changes}
        (project.folder / "encord.yaml").write_text(json.dumps({**FILE, "integrations": {"prod": entry}}))

    project.declare("encord.declare_organization()")
    write()
    project.up()
    assert all(row.get("protect") for row in project.export() if row["urn"].endswith(("::prod", "::team")))
    register(project, uuid_of(project, "Data"), 1)
    write(strict_client_only=True)
    assert "marked for protection" in project.fail("preview", "--stack", "dev")
    write(protect=False)
    project.up()
    write(protect=False, strict_client_only=True)
    assert any("1 registration, external ID" in note for note in told(project.preview()))
    project.up()
    assert [view.registrations for view in project.living().values()] == [0]
