"""Pipelines as they run: the client finds its issuer's token by itself, and an API on loopback takes it."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pulumi_encord_integrations.cli.checks import Patient
from pulumi_encord_integrations.cli.checks import api as checks
from pulumi_encord_integrations.client import organizations
from pulumi_encord_integrations.client.errors import NotAllowed, NotAuthenticated
from pulumi_encord_integrations.client.settings import Settings, load
from pulumi_encord_integrations.connection import connect
from pulumi_encord_integrations.server.services.federation import SIGN_IN
from tests.support import issuer as issuers
from tests.support.api import Api, served
from tests.support.federated import ACCOUNT, PREVIEWER, bearing, federate, reach_loopback, signed_in
from tests.support.issuer import Issuer

GITHUB = "/github?api-version=2.0"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuers.running() as one:
        yield one


@pytest.fixture
def endpoint(on_sqlite: Api, issuer: Issuer) -> Iterator[str]:
    """The address of an API that trusts the issuer for its own address as audience."""
    reach_loopback(on_sqlite)
    with served(on_sqlite.app) as address:
        federate(on_sqlite, issuer, audience=address, role="ADMIN")
        federate(on_sqlite, issuer, PREVIEWER, audience=address, subject=f"{PULL}*", scope="read")
        yield address


PULL = "repo:acme/data:pull_request"


def settings(endpoint: str, environment: dict[str, str]) -> Settings:
    return load({"endpoint": endpoint}.get, Path("/project"), environment)


def pipeline(issuer: Issuer, endpoint: str, kind: str, folder: Path, **claims: Any) -> Settings:
    """The settings of a job whose token comes in one of three ways."""
    token = issuer.token(aud=endpoint, **claims)
    if kind == "GitLab":
        return settings(endpoint, {"ENCORD_OIDC_TOKEN": token})
    if kind == "Kubernetes":
        file = folder / "token"
        file.write_text(token)
        return settings(endpoint, {"ENCORD_OIDC_TOKEN_FILE": str(file)})
    # GitHub signs for the audience that it is asked for.
    issuer.answers[f"{GITHUB}&audience={quote(endpoint, safe='')}"] = lambda: issuers.as_json(
        {"value": token}
    )
    url = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}{GITHUB}", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
    return settings(endpoint, url)


@pytest.mark.parametrize("kind", ["GitHub", "GitLab", "Kubernetes"])
def test_a_job_signs_in_without_a_key(endpoint: str, issuer: Issuer, kind: str, tmp_path: Path) -> None:
    with closing(connect(pipeline(issuer, endpoint, kind, tmp_path))) as client:
        me = organizations.current(client)
    assert (me.user_email, me.kind, me.scope) == (ACCOUNT, "service_account", "write")


def test_many_processes_of_one_run_sign_in_by_the_same_token(
    on_sqlite: Api, endpoint: str, issuer: Issuer, tmp_path: Path
) -> None:
    job = pipeline(issuer, endpoint, "GitLab", tmp_path)
    clients = [connect(job) for _ in range(5)]
    threads = [threading.Thread(target=organizations.current, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len([row for row in on_sqlite.rows("audit") if row.action == SIGN_IN]) == 5
    assert issuer.asked.count(issuers.JWKS) == 1
    for client in clients:
        client.close()


def test_a_pull_request_that_changes_something_is_refused_in_one_line(
    endpoint: str, issuer: Issuer, tmp_path: Path
) -> None:
    with closing(connect(pipeline(issuer, endpoint, "GitHub", tmp_path, sub=PULL))) as client:
        assert organizations.current(client).scope == "read"
        with pytest.raises(NotAllowed, match="has the scope read: it may preview, and change nothing"):
            client.call("POST", "organisation/groups", body={"name": "New"})


def test_a_job_of_another_repository_is_told_what_an_admin_must_declare(
    endpoint: str, issuer: Issuer, tmp_path: Path
) -> None:
    job = pipeline(issuer, endpoint, "GitHub", tmp_path, sub="repo:acme/other:pull_request")
    said = r"token of GitHub Actions; .* subject `repo:acme/other:pull_request`"
    with closing(connect(job)) as client, pytest.raises(NotAuthenticated, match=said):
        organizations.current(client)


def told_by_doctor(found: Settings) -> list[str]:
    """What `doctor` says of the credentials, and of who calls."""
    patient = Patient(Path())
    patient.settings = found
    (line,) = checks.key(patient)
    assert patient.client
    with closing(patient.client):
        return [line.text, *(line.text for line in checks.who_am_i(patient))]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("GitHub", "a token of GitHub Actions for the audience {}"),
        ("GitLab", "a pipeline's token, from ENCORD_OIDC_TOKEN"),
        ("Kubernetes", "a pipeline's token, from ENCORD_OIDC_TOKEN_FILE"),
    ],
)
def test_doctor_says_which_token_is_used(
    endpoint: str, issuer: Issuer, kind: str, said: str, tmp_path: Path
) -> None:
    first, *_ = told_by_doctor(pipeline(issuer, endpoint, kind, tmp_path))
    assert first == said.format(endpoint)


ACCOUNTS = "/v2/public/organisation/service-accounts"


def test_what_an_admin_declares_lets_a_pipeline_in_until_it_is_taken_back(
    on_sqlite: Api, issuer: Issuer
) -> None:
    reach_loopback(on_sqlite)
    trusted = {
        "issuer": issuer.url,
        "audience": issuers.AUDIENCE,
        "subject": "repo:acme/data:ref:refs/heads/*",
    }
    declared = {"name": "deploy", "federations": [{**trusted, "scope": "write"}]}
    assert on_sqlite.send(method="POST", path=ACCOUNTS, body=declared).status == 200
    token = signed_in(on_sqlite, issuer.token())
    assert bearing(on_sqlite, token).body["userEmail"] == "deploy@service-accounts.internal"
    account = f"{ACCOUNTS}/deploy"
    (view,) = on_sqlite.send(path=account).body["federations"]
    assert view["lastUsedAt"]
    narrowed = {"federations": [{**trusted, "subject": issuers.SUBJECT, "scope": "read"}]}
    assert on_sqlite.send(method="PATCH", path=account, body=narrowed).status == 200
    assert bearing(on_sqlite, token).status == 401
    assert bearing(on_sqlite, signed_in(on_sqlite, issuer.token())).body["scope"] == "read"
