"""Which credentials are used, of all that the environment and the configuration offer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.credentials import ORDER, credentials_of, used
from pulumi_encord_integrations.client.errors import (
    ConfigurationError,
    NoCredentials,
)
from pulumi_encord_integrations.client.federated import Federated
from pulumi_encord_integrations.client.issuer_tokens import GithubToken, GivenToken
from pulumi_encord_integrations.client.settings import VARIABLES, Settings, load
from tests.support.issuer import part

API = "https://encord.example.com"
GITHUB_URL = "https://pipelines.example.com/token?api-version=2.0"
CANARY = "canary-71c3"
CLAIMS = {"iss": "https://issuer.example", "sub": "repo:acme/data:pull_request", "aud": API, "exp": 4e9}
JWT = f"{part({'alg': 'RS256'})}.{part(CLAIMS)}.{CANARY}"


def settings(environment: Mapping[str, str], base: Path = Path("/project"), **config: Any) -> Settings:
    return load({"endpoint": API, **config}.get, base, environment)


EVERYTHING = {
    VARIABLES[name][0]: CANARY for name in (*ORDER, "actions_token") if name not in {"ssh_key_file"}
}
ACTIONS = {"ACTIONS_ID_TOKEN_REQUEST_URL": GITHUB_URL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY}


def test_credentials_are_used_in_their_order(tmp_path: Path) -> None:
    configured = {"sshKeyFile": "ada.key"}
    (tmp_path / "ada.key").touch()
    environment = {"ENCORD_SSH_KEY_FILE": "/keys/ada", **EVERYTHING, **ACTIONS}
    found = []
    while environment.keys() - ACTIONS.keys():
        found.append(used(settings(environment, tmp_path, **configured)))
        del environment[VARIABLES[str(found[-1])][0]]
    assert found == ["ssh_key_file", "ssh_key", "token", "oidc_token", "oidc_token_file"]
    by_configuration = settings(environment, tmp_path, **configured)
    assert by_configuration.ssh_key_file == tmp_path / "ada.key"
    assert by_configuration.sources["ssh_key_file"] == "encord:sshKeyFile"
    (tmp_path / "ada.key").unlink()
    by_github = settings(environment, tmp_path, **configured)
    assert (used(by_github), by_github.ssh_key_file) == ("actions_url", None)


def test_a_missing_key_file_is_told_where_github_gives_no_tokens(tmp_path: Path) -> None:
    found = settings({}, tmp_path, sshKeyFile="ada.key")
    with pytest.raises(ConfigurationError, match=r"cannot read the key file .*ada\.key"):
        credentials_of(found)


@pytest.mark.parametrize("missing", ACTIONS)
def test_one_of_the_two_variables_of_github_is_none(missing: str) -> None:
    found = settings({name: value for name, value in ACTIONS.items() if name != missing})
    assert used(found) is None


def test_a_job_without_the_permission_is_told_to_give_it() -> None:
    with pytest.raises(NoCredentials, match="Give the job the permission id-token: write"):
        credentials_of(settings({"GITHUB_ACTIONS": "true"}))


@pytest.mark.parametrize(
    ("environment", "config", "audience"),
    [
        ({}, {}, API),
        ({}, {"oidcAudience": "acme"}, "acme"),
        ({"ENCORD_OIDC_AUDIENCE": "team"}, {"oidcAudience": "acme"}, "team"),
        ({}, {"endpoint": f"{API}/"}, API),
    ],
)
def test_the_audience_is_the_endpoint_unless_another_is_set(
    environment: dict[str, str], config: dict[str, Any], audience: str
) -> None:
    found = credentials_of(settings({**ACTIONS, **environment}, **config))
    assert isinstance(found, Federated)
    assert isinstance(found._source, GithubToken)
    assert found._source.audience == audience


@pytest.mark.parametrize("audience", ["a\nb", " a", "x" * 256, "\0"])
def test_what_is_no_audience_is_refused(audience: str) -> None:
    with pytest.raises(ConfigurationError, match="encord:oidcAudience must be one audience"):
        settings({"ENCORD_OIDC_AUDIENCE": audience})


def test_tokens_do_not_show() -> None:
    environment = {
        "ENCORD_OIDC_TOKEN": CANARY,
        **ACTIONS,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://x/{CANARY}",
    }
    found = settings(environment)
    sources = [GivenToken(CANARY), GithubToken(CANARY, CANARY, "a"), Bearer(CANARY), credentials_of(found)]
    assert CANARY not in repr([found, *sources])


def test_a_pipeline_s_token_comes_never_from_the_configuration() -> None:
    everything: dict[str, Any] = dict.fromkeys(
        ["oidcToken", "oidcTokenFile", "oidc_token", "actionsUrl"], CANARY
    )
    assert used(settings({}, **everything)) is None
