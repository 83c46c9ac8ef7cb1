"""Which patterns may stand for the tokens of an issuer, and which would let strangers in."""

from typing import Any

import pytest

from pulumi_encord_integrations.model.federations import DeclaredFederation, wrong_subject

GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"
CLUSTER, OWN = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC", "https://idp.example.com"
MAIN = "repo:acme/data:ref:refs/heads/main"

GOOD = [
    (GITHUB, MAIN, "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads/release/*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads/*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/tags/v*", "write"),
    (GITHUB, "repo:acme/data:environment:production", "write"),
    (GITHUB, "repo:acme@12345/data@67890:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme_corp/data.v2:environment:production", "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads/main:*", "write"),
    (GITHUB, "repo:acme/pull_request:ref:refs/heads/head_ref", "write"),
    (GITHUB, "repo:acme/data:job_workflow_ref:acme/data/.github/workflows/x.yml@refs/heads/main", "write"),
    (OWN, "repository:acme/data:ref:refs/heads/*", "write"),
    (OWN, "repository_owner:acme:*", "read"),
    (OWN, "repository_owner:acme:repository:acme/data:event_name:pull_request", "read"),
    (GITHUB, "repo:acme/data:pull_request", "read"),
    (GITHUB, "repo:acme@12345/data@67890:pull_request", "read"),
    (GITHUB, "repo:acme/data:*", "read"),
    (GITHUB, "repo:acme/data:environment:*", "read"),
    (GITHUB, "repo:acme/data:ref:*", "read"),
    (f"{GITHUB}/acme", MAIN, "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:main", "write"),
    (GITLAB, "project_path:acme/team/data:ref_type:tag:ref:*", "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:release-*", "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:*", "read"),
    (GITLAB, "project_path:acme/data:*", "read"),
    ("https://gitlab.example.com", "project_path:acme/data:ref_type:branch:ref:main", "write"),
    (CLUSTER, "system:serviceaccount:ci:deployer", "write"),
    (CLUSTER, "system:serviceaccount:ci:deployer.v2", "read"),
    (OWN, "job-7", "write"),
    (OWN, "organization:acme:pipeline:*", "write"),
    (OWN, "organization:acme:*", "read"),
    (OWN, "spiffe://acme.example/ns/ci/*", "write"),
]
BAD = [
    (GITHUB, "*", "read"),
    (GITHUB, "repo:*", "read"),
    (GITHUB, "repo:acme/*", "write"),
    (GITHUB, "repo:acme/*:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme/data*:ref:refs/heads/main", "write"),
    (GITHUB, "repo:*/data:ref:refs/heads/main", "read"),
    (GITHUB, "repo:acme/data", "write"),
    (GITHUB, "repo:acme/data:", "write"),
    (GITHUB, "repo:acme:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme/data/more:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme@1/data:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme@*/data@*:ref:refs/heads/main", "write"),
    (GITHUB, "Repo:acme/data:ref:refs/heads/main", "write"),
    (GITHUB, "acme/data:ref:refs/heads/main", "write"),
    (GITHUB, "repo:acme/data:*", "write"),
    (GITHUB, "repo:acme/data:pull_request", "write"),
    (GITHUB, "repo:acme/data:pull_request:*", "write"),
    (GITHUB, "repo:acme/data:p*", "write"),
    (GITHUB, "repo:acme/data:pull_*", "read"),
    (GITHUB, "repo:acme/data:ref:*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/pull/*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads*", "write"),
    (GITHUB, "repo:acme/data:environment:*", "write"),
    (GITHUB, "repo:acme/data:environment:prod*", "write"),
    (GITHUB, "repo:acme/data:*:main", "read"),
    (GITHUB, "repo:acme/data:job_workflow_ref:*", "write"),
    (GITHUB, "repo:acme/data:ref:refs/pull/12/merge", "write"),
    (GITHUB, "repo:acme/data:event_name:pull_request", "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads/*:event_name:pull_request_target", "write"),
    (GITHUB, "repo:acme/data:head_ref:feature", "write"),
    (GITHUB, "repo:acme/data:environment:production:base_ref:main", "write"),
    (GITHUB, "repo:acme/data:ref:refs/heads/*:pull_request", "write"),
    (GITHUB, "repo:acme/data:job_workflow_ref:acme/data/.github/workflows/x.yml@refs/pull/12/merge", "write"),
    (OWN, "repo:acme/data:event_name:pull_request", "write"),
    (OWN, "repository_owner:acme:*", "write"),
    (OWN, "repository:acme/data:ref:refs/*", "write"),
    (OWN, "repository_owner:acme:repository:acme/data:event_name:pull_request", "write"),
    (OWN, "enterprise:acme:job_workflow_ref:acme/x/.github/workflows/x.yml@refs/pull/1/merge", "write"),
    (f"{GITHUB}/acme", "repo:acme/*", "write"),
    (OWN, "repo:acme/*", "write"),
    (GITLAB, "project_path:acme/*:ref_type:branch:ref:main", "write"),
    (GITLAB, "project_path:acme*", "read"),
    (GITLAB, "project_path:acme:ref_type:branch:ref:main", "write"),
    (GITLAB, "project_path:acme/data:*", "write"),
    (GITLAB, "project_path:acme/data:ref_type:*:ref:main", "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:*", "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:f*", "write"),
    (GITLAB, "project_path:acme/data:ref_type:branch:ref:?*", "write"),
    (GITLAB, "namespace_path:acme", "read"),
    (CLUSTER, "system:serviceaccount:ci:*", "read"),
    (CLUSTER, "system:serviceaccount:*:deployer", "read"),
    (CLUSTER, "system:serviceaccount:ci", "read"),
    (CLUSTER, "system:*", "read"),
    (OWN, "*", "read"),
    (OWN, "*:acme", "read"),
    (OWN, "job*", "write"),
    (OWN, "organization:*", "write"),
    (OWN, "organization:ac*", "write"),
    (OWN, ":acme:*", "write"),
]


@pytest.mark.parametrize(("issuer", "subject", "scope"), GOOD)
def test_a_pattern_that_names_who_is_let_in_is_taken(issuer: str, subject: str, scope: Any) -> None:
    assert wrong_subject(issuer, subject, scope) is None


@pytest.mark.parametrize(("issuer", "subject", "scope"), BAD)
def test_a_pattern_that_strangers_or_pull_requests_match_is_refused_with_a_remedy(
    issuer: str, subject: str, scope: Any
) -> None:
    found = wrong_subject(issuer, subject, scope)
    assert found is not None
    assert all(found)


def _problems(**wrong: str) -> list[str]:
    right = {"issuer": GITHUB, "audience": "encord", "subject": MAIN, "scope": "write"}
    _, problems = DeclaredFederation.examine({**right, **wrong})
    return [problem.where for problem in problems]


@pytest.mark.parametrize(
    "issuer",
    [
        GITHUB,
        "https://idp.example.com/",
        "https://idp.example.com:8443/realms/acme",
        "http://127.0.0.1:4000",
        "http://localhost:4000/x",
        "http://[::1]:4000",
    ],
)
def test_an_issuer_is_an_https_url_or_on_loopback(issuer: str) -> None:
    assert _problems(issuer=issuer) == []


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "idp.example.com",
        "http://idp.example.com",
        "http://127.0.0.1.example.com",
        "ftp://idp.example.com",
        "https://",
        "https://idp.example.com?x=1",
        "https://idp.example.com#x",
        "https://user@idp.example.com",
        "https://IDP.example.com",
        "https://idp.example.com/a b",
        "https://*.example.com",
        "https://idp.example.com/../x",
        "https://idp.example.com\\@evil.example",
        "https://idp.example.com:port",
        "https://b\u00fccher.example",
        f"https://idp.example.com/{'x' * 255}",
    ],
)
def test_what_is_no_issuer_is_refused(issuer: str) -> None:
    assert _problems(issuer=issuer) == ["issuer"]


@pytest.mark.parametrize("audience", ["", " x", "a\u200bb", "*", "https://*.example.com", "x" * 256])
def test_what_is_no_audience_is_refused(audience: str) -> None:
    assert _problems(audience=audience) == ["audience"]


@pytest.mark.parametrize("subject", ["", f"{MAIN} ", f"{MAIN}\n", f"{MAIN}\0", f"{MAIN}{'x' * 1024}"])
def test_what_is_no_subject_is_refused(subject: str) -> None:
    assert _problems(subject=subject) == ["subject"]


def test_the_scope_is_always_said() -> None:
    _, problems = DeclaredFederation.examine({"issuer": GITHUB, "audience": "encord", "subject": MAIN})
    assert [str(problem) for problem in problems] == ["scope: is required"]
