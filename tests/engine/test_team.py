"""A team on one served API: two people and two pipelines, each with an identity of its own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.server import keys
from tests.support import issuer as issuers
from tests.support.command import run
from tests.support.engine import UP, USER, Project, line_with, operations
from tests.support.issuer import Issuer
from tests.support.served import Served, served

BEN = "ben@example.com"
MAIN, PULL_REQUEST = "repo:acme/data:ref:refs/heads/main", "repo:acme/data:pull_request"
TEAM = f"""
import os
from pulumi_encord_integrations import OrganizationUser, ServiceAccount

def trusted(subject, scope):
    if scope in os.environ.get("REVOKED", ""):
        return []
    issuer = {{"issuer": os.environ["ISSUER"], "audience": os.environ["AUDIENCE"]}}
    return [{{**issuer, "subject": subject, "scope": scope}}]

OrganizationUser("ben", email="{BEN}")
ServiceAccount("deploy", name="ci-deploy", federations=trusted("{MAIN}", "write"))
ServiceAccount("plan", name="ci-plan", auditor=True, federations=trusted("{PULL_REQUEST}", "read"))
"""
DATA = 'aws("data", title="{title}")\n'
READ_ONLY = "this credential of ci-plan@service-accounts.internal has the scope read"


@dataclass
class Team:
    """One API, and the project that each identity deploys."""

    api: Served
    issuer: Issuer
    team: Project
    data: Project
    keys: Path
    ben: dict[str, str] = field(default_factory=dict)

    @property
    def ada(self) -> dict[str, str]:
        return {"ENCORD_SSH_KEY": self.api.key.decode()}

    def pipeline(self, subject: str) -> dict[str, str]:
        """The environment of a run that its platform gives such a token."""
        token = self.issuer.token(sub=subject, aud=self.api.endpoint)
        return {"ENCORD_OIDC_TOKEN": token}

    def command(self, *arguments: str, **environment: str) -> Any:
        return run(self.keys, *arguments, ENCORD_ENDPOINT=self.api.endpoint, **environment)

    def admitted(self, environments: Mapping[str, Mapping[str, str]]) -> set[str]:
        """Those of the identities, by their environments, that the API lets in."""
        ran = {who: self.command("list", **environment) for who, environment in environments.items()}
        assert {one.code for one in ran.values()} <= {0, 3}, ran
        return {who for who, one in ran.items() if one.code == 0}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuers.running() as one:
        yield one


def reaching_loopback(app: Any) -> Any:
    """The API, which may ask an issuer on this machine for its keys."""
    here = CloudAccess(private_networks=(ip_network("127.0.0.0/8"),))
    app.state.deployment = replace(app.state.deployment, clouds=here)
    return app


@pytest.fixture
def team(tmp_path: Path, issuer: Issuer, new_project: Callable[[str], Project]) -> Iterator[Team]:
    with served(tmp_path / "served.sqlite", USER, before=reaching_loopback) as api:
        projects = [new_project(name) for name in ("team", "data")]
        for project in projects:
            project.configure(endpoint=api.endpoint, database=None, user=None)
        team, data = projects
        team.env |= {"ISSUER": issuer.url, "AUDIENCE": api.endpoint}
        (tmp_path / "keys").mkdir(mode=0o700)
        yield Team(api, issuer, team, data, tmp_path / "keys")


def founded(team: Team) -> None:
    """Ada declares everybody, and registers Ben's key."""
    team.team.declare(TEAM)
    said = team.team.succeed("preview", "--stack", "dev", env=team.ada)
    assert MAIN in said
    assert "may change the organization" in said
    team.team.succeed(*UP, "--stack", "dev", env=team.ada)
    key = keys.new_key()
    public = team.keys / "ben.pub"
    public.write_text(keys.public_key_of(key))
    added = team.command(
        "keys", "add", "--for", BEN, "--public-key", str(public), "--name", "laptop", **team.ada
    )
    assert added.code == 0, added.err
    team.ben = {"ENCORD_SSH_KEY": key.decode()}


def declared_without(team: Team, *scopes: str) -> None:
    """Ada takes the trust in pipelines of these scopes out of her program."""
    team.team.succeed(*UP, "--stack", "dev", env={**team.ada, "REVOKED": " ".join(scopes)})


def test_two_people_and_two_pipelines_share_an_organization_and_each_is_revoked_alone(
    team: Team, new_project: Callable[[str], Project]
) -> None:
    founded(team)
    deploys, plans = team.pipeline(MAIN), team.pipeline(PULL_REQUEST)

    # The writing pipeline deploys; the reading one previews that stack, and cannot deploy.
    team.data.declare(DATA.format(title="Data"))
    team.data.succeed(*UP, "--stack", "dev", env=deploys)
    team.data.succeed("preview", "--expect-no-changes", "--stack", "dev", env=plans)
    team.data.declare(DATA.format(title="Renamed"))
    assert operations(team.data.succeed("preview", "--stack", "dev", env=plans))["to update"] == 1
    assert READ_ONLY in line_with("Refusal", team.data.fail(*UP, "--stack", "dev", env=plans))
    assert operations(team.data.succeed(*UP, "--stack", "dev", env=deploys))["updated"] == 1

    # Ben deploys a stack of his own.
    own = new_project("own")
    own.configure(endpoint=team.api.endpoint, database=None, user=None)
    own.declare(DATA.format(title="Other"))
    own.succeed(*UP, "--stack", "dev", env=team.ben)

    everybody = {"ada": team.ada, "ben": team.ben, "deploy": deploys, "plan": plans}
    assert team.admitted(everybody) == {"ada", "ben", "deploy", "plan"}
    revoked = team.command("keys", "revoke", "laptop", "--for", BEN, "--yes", **team.ada)
    assert revoked.code == 0, revoked.err
    assert team.admitted(everybody) == {"ada", "deploy", "plan"}
    declared_without(team, "write")
    assert team.admitted(everybody) == {"ada", "plan"}
    declared_without(team, "write", "read")
    assert team.admitted(everybody) == {"ada"}
