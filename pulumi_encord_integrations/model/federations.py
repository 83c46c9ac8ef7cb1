"""Which tokens of an OpenID Connect issuer an organization may trust, and for what.

A pattern must name whoever is let in. A wildcard that strangers, or a pull request, could match is refused.
"""

import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Sent, rule
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import invisible
from pulumi_encord_integrations.model.users import Scope

MAX_AUDIENCE = 255
MAX_ISSUER = 255
MAX_SUBJECT = 1024
MAX_FEDERATIONS = 100
"""Of one service account."""
GITHUB_HOST, GITLAB_ISSUER = "token.actions.githubusercontent.com", "https://gitlab.com"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ISSUER = re.compile(r"[A-Za-z0-9:/._~%@!$&'()*+,;=\[\]-]+", re.ASCII)
_GITHUB, _GITLAB, _KUBERNETES = "repo:", "project_path:", "system:"
_OWNER, _NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", r"[A-Za-z0-9._-]{1,100}"
_REPOSITORY = re.compile(
    rf"repo:({_OWNER}/{_NAME}|{_OWNER}@[0-9]+/{_NAME}@[0-9]+):(.+)", re.ASCII | re.DOTALL
)
"""The second form holds the numbers that GitHub never gives again, even if the name is."""
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PROJECT = re.compile(rf"project_path:{_PART}(/{_PART})+:(.+)", re.ASCII | re.DOTALL)
_REF = re.compile(r"ref_type:([^:]*):ref:(.+)", re.DOTALL)
_FAMILY = ("-", "/", ".", "_")
"""What stands before a wildcard of branches that belong together."""
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_ACCOUNT = re.compile(rf"system:serviceaccount:{_LABEL}:{_LABEL}(\.{_LABEL})*", re.ASCII)
_SEPARATORS = re.compile(r"[:/|,]")
_NAME_A_REF = "name a branch or an environment, such as ref:refs/heads/main or environment:production"
_PULL_REQUESTS = "lets pull requests in, and they may not write"
_PULL = "pull_request"
_PULLS_HAVE = {"head_ref", "base_ref"}
"""Claims of GitHub's that only runs of pull requests fill."""
_PULL_REF = "refs/pull/"
_FIXED = ("ref:refs/heads/", "ref:refs/tags/")
"""What a ref begins with that no pull request has."""
_CLAIMED = re.compile(
    "(repository|repository_owner|repository_id|repository_owner_id|repository_visibility|enterprise|"
    "enterprise_id|job_workflow_ref|workflow_ref|workflow|event_name|actor|actor_id|runner_environment):"
)
"""What subjects of GitHub's begin with where somebody customised them, on whichever server."""


def _issuer(value: str) -> str:
    if len(value) > MAX_ISSUER or not _ISSUER.fullmatch(value):
        raise ValueError("must be an https URL without spaces, query and fragment, as the issuer writes it")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be an https URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("must be an https URL; http is for loopback alone")
    if not host or parts.netloc != parts.netloc.lower() or "@" in parts.netloc or "*" in value:
        raise ValueError("must name one host in lower case, without credentials and wildcards")
    if ".." in parts.path:
        raise ValueError("must not hold .. in its path")
    return value


def _audience(value: str) -> str:
    if not 1 <= len(value) <= MAX_AUDIENCE:
        raise ValueError(f"must have 1 to {MAX_AUDIENCE} characters")
    if invisible(value) or value != value.strip():
        raise ValueError("must not begin or end with a blank, or hold invisible characters")
    if "*" in value:
        raise ValueError("must be one audience, without wildcards")
    return value


def _subject(value: str) -> str:
    if not 1 <= len(value) <= MAX_SUBJECT:
        raise ValueError(f"must have 1 to {MAX_SUBJECT} characters")
    if invisible(value) or value != value.strip():
        raise ValueError("must not begin or end with a blank, or hold invisible characters")
    return value


Issuer = Annotated[str, AfterValidator(_issuer)]
Audience = Annotated[str, AfterValidator(_audience)]
Subject = Annotated[str, AfterValidator(_subject)]


class DeclaredFederation(Sent):
    """Tokens of an issuer that act as a service account."""

    issuer: Issuer
    audience: Audience
    subject: Subject
    scope: Scope

    @rule("issuer", "subject", "scope")
    def names_who_is_let_in(self) -> Iterator[Problem]:
        """Whoever is let in is named by the pattern."""
        if wrong := wrong_subject(self.issuer, self.subject, self.scope):
            yield Problem(("subject",), *wrong)


def wrong_subject(issuer: str, subject: str, scope: Scope) -> tuple[str, str] | None:
    """Why a pattern may not stand for the tokens of an issuer, and what to do; None if it may."""
    if urlsplit(issuer).hostname == GITHUB_HOST or subject.startswith(_GITHUB):
        return _wrong_for_github(subject, scope)
    if issuer.rstrip("/") == GITLAB_ISSUER or subject.startswith(_GITLAB):
        return _wrong_for_gitlab(subject, scope)
    if subject.startswith(_KUBERNETES):
        fits = _ACCOUNT.fullmatch(subject)
        expected = "must be system:serviceaccount:NAMESPACE:NAME, without wildcards"
        return None if fits else (expected, "declare one federation for each service account")
    if scope == "write" and _lets_pulls_in(subject):
        return _PULL_REQUESTS, _NAME_A_REF
    return _wrong_for_others(subject)


def _lets_pulls_in(subject: str) -> bool:
    """Whether a subject that is GitHub's, or customised there, may be a pull request's."""
    segments = subject.split(":")
    if any(one.startswith(_PULL) or one in _PULLS_HAVE or _PULL_REF in one for one in segments):
        return True
    fixed, star, _ = subject.partition("*")
    return bool(star and _CLAIMED.match(subject)) and not any(f":{ref}" in fixed for ref in _FIXED)


def _wrong_for_github(subject: str, scope: Scope) -> tuple[str, str] | None:
    found = _REPOSITORY.fullmatch(subject)
    if found is None:
        expected = "must begin with repo:OWNER/NAME: without wildcards, or repo:OWNER@ID/NAME@ID:"
        return expected, "then say which runs, such as ref:refs/heads/main"
    run = found[2]
    if scope == "write" and _lets_pulls_in(run):
        return _PULL_REQUESTS, _NAME_A_REF
    return _wrong_wildcards(run, scope)


def _wrong_wildcards(run: str, scope: Scope) -> tuple[str, str] | None:
    """What is wrong with the wildcards of a run of GitHub's."""
    fixed, star, rest = run.partition("*")
    if not star:
        return None
    of_ref = fixed.startswith("ref:refs/")
    if not of_ref and (rest or (fixed and not fixed.endswith(":"))):
        return "may hold * only in a ref, or as its whole last part", _NAME_A_REF
    if scope == "read" or fixed.startswith(_FIXED):
        return None
    if fixed.startswith("ref:"):
        return _PULL_REQUESTS, "let the ref begin with ref:refs/heads/ or ref:refs/tags/"
    if fixed.startswith("environment:"):
        said = "lets any environment in, and a pull request may make one"
        return said, "name the environment, such as environment:production"
    return _PULL_REQUESTS, _NAME_A_REF


def _wrong_for_gitlab(subject: str, scope: Scope) -> tuple[str, str] | None:
    found = _PROJECT.fullmatch(subject)
    if found is None:
        expected = "must begin with project_path:GROUP/PROJECT: without wildcards"
        return expected, "then say which pipelines, such as ref_type:branch:ref:main"
    run = found[2]
    if run == "*" and scope == "read":
        return None
    ref = _REF.fullmatch(run)
    if ref is None or ref[1] not in {"branch", "tag"}:
        expected = "must end with ref_type:branch:ref:NAME or ref_type:tag:ref:NAME"
        return expected, "or with * alone where the scope is read"
    fixed, star, _ = ref[2].partition("*")
    if scope == "write" and ref[1] == "branch" and star and not fixed.endswith(_FAMILY):
        said = "lets merge requests in, and they may not write"
        return said, "name the branch, such as ref:main, or branches that you protect, such as ref:release-*"
    return None


def _wrong_for_others(subject: str) -> tuple[str, str] | None:
    fixed, star, _ = subject.partition("*")
    parts = _SEPARATORS.split(fixed)
    # What stands between the first two separators tells one customer of a shared issuer from another.
    if star and not (parts[0] and any(parts[1:-1])):
        said = "may hold * only behind two parts that are written out, such as organization:acme:*"
        return said, "write out who is let in"
    return None
