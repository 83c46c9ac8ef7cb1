"""Which of the credentials that the settings hold is used."""

from pulumi_encord_integrations.client.auth import Bearer, Credentials, Signer, parse_key, read_key
from pulumi_encord_integrations.client.errors import NoCredentials
from pulumi_encord_integrations.client.federated import Federated
from pulumi_encord_integrations.client.issuer_tokens import GithubToken, GivenToken, TokenFile, TokenSource
from pulumi_encord_integrations.client.settings import Settings

ORDER = ("ssh_key_file", "ssh_key", "token", "oidc_token", "oidc_token_file", "actions_url")
"""The settings that hold credentials; the first that is set is used."""
_KEY = "Set ENCORD_SSH_KEY_FILE to the file of your private Ed25519 key"
_PERMISSION = "Give the job the permission id-token: write, or set ENCORD_SSH_KEY_FILE to the file of a key"


def used(settings: Settings) -> str | None:
    """The setting whose credential is used; None if there is none."""
    return next((name for name in ORDER if getattr(settings, name)), None)


def credentials_of(settings: Settings, *, hasty: bool = False, stack: str = "") -> Credentials:
    """What the settings say to call with; raises `ConfigurationError`, which never quotes a key."""
    if settings.ssh_key_file is not None:
        return Signer(read_key(settings.ssh_key_file))
    if settings.ssh_key:
        return Signer(parse_key(settings.ssh_key.encode(), "ENCORD_SSH_KEY"))
    if settings.token:
        return Bearer(settings.token.strip())
    source = _source(settings)
    if source is None:
        raise NoCredentials("no credentials are set", hint=_PERMISSION if settings.github_actions else _KEY)
    return Federated(settings.endpoint, source, hasty=hasty, stack=stack)


def _source(settings: Settings) -> TokenSource | None:
    if settings.oidc_token:
        return GivenToken(settings.oidc_token)
    if settings.oidc_token_file is not None:
        return TokenFile(settings.oidc_token_file)
    if settings.actions_url and settings.actions_token:
        audience = settings.oidc_audience or settings.endpoint
        return GithubToken(settings.actions_url, settings.actions_token, audience)
    return None
