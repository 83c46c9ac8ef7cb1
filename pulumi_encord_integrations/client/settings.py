"""The one reader of environment and configuration: which API, and as whom."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import DATABASE, database_of, default_database, path_of
from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.model.limits import QUOTA_VARIABLES, REQUESTS_PER_MINUTE, Quotas, Retention
from pulumi_encord_integrations.model.policies.cors import is_origin
from pulumi_encord_integrations.model.principals import CloudAccess, Network, Principals

EMBEDDED = "embedded"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LONGEST = 255
_HOST = re.compile(r"\w[\w-]*(\.[\w-]+)*\.?|[0-9a-f.]*:[0-9a-f:.]*")

VARIABLES = {
    "endpoint": ("ENCORD_ENDPOINT", "endpoint"),
    "ssh_key_file": ("ENCORD_SSH_KEY_FILE", "sshKeyFile"),
    "ssh_key": ("ENCORD_SSH_KEY", None),
    "token": ("ENCORD_TOKEN", None),
    "oidc_token": ("ENCORD_OIDC_TOKEN", None),
    "oidc_token_file": ("ENCORD_OIDC_TOKEN_FILE", None),
    "oidc_audience": ("ENCORD_OIDC_AUDIENCE", "oidcAudience"),
    "actions_url": ("ACTIONS_ID_TOKEN_REQUEST_URL", None),
    "actions_token": ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", None),
    "database": ("ENCORD_DATABASE", "database"),
    "user": ("ENCORD_USER", "user"),
    "offline_preview": ("ENCORD_OFFLINE_PREVIEW", "offlinePreview"),
    "encryption_key_file": ("ENCORD_ENCRYPTION_KEY_FILE", None),
    "principal_arn": ("ENCORD_AWS_PRINCIPAL_ARN", "awsPrincipalArn"),
    "service_account_email": ("ENCORD_GCP_SERVICE_ACCOUNT", "gcpServiceAccount"),
    "application_id": ("ENCORD_AZURE_APPLICATION_ID", "azureApplicationId"),
    "gcp_key_file": ("ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE", "gcpServiceAccountKeyFile"),
    "gcs_endpoint": ("ENCORD_GCS_ENDPOINT", "gcsEndpoint"),
    "azure_secret": ("ENCORD_AZURE_APPLICATION_SECRET", None),
    "azure_blob_endpoint": ("ENCORD_AZURE_BLOB_ENDPOINT", "azureBlobEndpoint"),
    "private_networks": ("ENCORD_PRIVATE_NETWORKS", "privateNetworks"),
    "origins": ("ENCORD_APP_ORIGINS", "appOrigins"),
    "audit_days": ("ENCORD_AUDIT_DAYS", None),
    "batch_days": ("ENCORD_BATCH_DAYS", None),
    **{f"max_{name}": (variable, None) for name, variable in QUOTA_VARIABLES.items()},
    "max_requests_per_minute": ("ENCORD_MAX_REQUESTS_PER_MINUTE", None),
}
"""Setting -> environment variable, key in the `encord` namespace of the stack's configuration."""

_CREDENTIALS = {"ssh_key", "token", "oidc_token", "oidc_token_file"}
"""Those of the environment that come before a key file of the configuration."""

ConfigReader = Callable[[str], str | None]
"""Answers the value of a key of the `encord` namespace."""


@dataclass(frozen=True)
class Settings:
    """Where the API is and as whom to call it; credentials never show in `repr`."""

    endpoint: str
    ssh_key_file: Path | None = None
    ssh_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    oidc_token: str | None = field(default=None, repr=False)
    """A token of the pipeline's own issuer."""
    oidc_token_file: Path | None = None
    oidc_audience: str | None = None
    """For which GitHub is asked for a token; None for the endpoint."""
    actions_url: str | None = field(default=None, repr=False)
    """Where GitHub gives a job its tokens."""
    actions_token: str | None = field(default=None, repr=False)
    github_actions: bool = False
    """Whether this process runs in a job of GitHub's."""
    database: Path | PostgresqlAddress = DATABASE
    encryption_key_file: Path | None = None
    user: str | None = None
    offline_preview: bool = False
    """Whether previews do without the API."""
    principals: Principals = field(default_factory=Principals)
    clouds: CloudAccess = field(default_factory=CloudAccess)
    """What an API of these settings signs with."""
    quotas: Quotas = field(default_factory=Quotas)
    retention: Retention = field(default_factory=Retention)
    max_requests_per_minute: int = REQUESTS_PER_MINUTE
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Setting -> the variable or configuration key it came from."""

    @property
    def embedded(self) -> bool:
        """True if the API runs inside this process."""
        return self.endpoint == EMBEDDED


def load(config: ConfigReader, base: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings, environment first; relative paths of the configuration start at `base`.

    Raises `ConfigurationError` if the endpoint is unset or malformed.
    """
    found = _Found(config, base, os.environ if environment is None else environment)
    return Settings(
        endpoint=_endpoint(found.text("endpoint")),
        ssh_key_file=found.path("ssh_key_file"),
        ssh_key=found.text("ssh_key"),
        token=found.text("token"),
        oidc_token=found.text("oidc_token"),
        oidc_token_file=found.path("oidc_token_file"),
        oidc_audience=_audience(found.text("oidc_audience")),
        actions_url=found.text("actions_url"),
        actions_token=found.text("actions_token"),
        github_actions=found.in_github_actions,
        database=found.database(),
        encryption_key_file=found.path("encryption_key_file"),
        user=found.text("user"),
        offline_preview=found.flag("offline_preview"),
        principals=Principals(
            principal_arn=found.text("principal_arn"),
            service_account_email=found.text("service_account_email"),
            application_id=found.text("application_id"),
            origins=_origins(found.parts("origins")),
        ),
        clouds=CloudAccess(
            gcp_key_file=found.path("gcp_key_file"),
            gcs_endpoint=_gcs_endpoint(found.text("gcs_endpoint")),
            azure_secret=found.text("azure_secret"),
            azure_blob_endpoint=_blob_endpoint(found.text("azure_blob_endpoint")),
            private_networks=found.networks("private_networks"),
        ),
        quotas=replace(Quotas(), **found.numbers({name: f"max_{name}" for name in QUOTA_VARIABLES})),
        max_requests_per_minute=found.number("max_requests_per_minute", REQUESTS_PER_MINUTE),
        retention=replace(Retention(), **found.numbers({name: name for name in vars(Retention())})),
        sources=found.sources,
    )


class _Found:
    """The settings that are set, as texts, each with its source."""

    def __init__(self, config: ConfigReader, base: Path, environment: Mapping[str, str]) -> None:
        self._base = base
        self._texts: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        for name, (variable, key) in VARIABLES.items():
            if environment.get(variable):
                self._texts[name], self.sources[name] = environment[variable], variable
            elif key and (value := config(key)):
                self._texts[name], self.sources[name] = value, f"encord:{key}"
        self.in_github_actions = environment.get("GITHUB_ACTIONS") == "true"
        self._choose_credentials()

    def _choose_credentials(self) -> None:
        """Leaves out what is not used, so that nobody acts as somebody else."""
        if not {"actions_url", "actions_token"} <= self._texts.keys():
            self._leave_out("actions_url", "actions_token")
        if not self.sources.get("ssh_key_file", "").startswith("encord:"):
            return
        file = self.path("ssh_key_file")
        absent = "actions_url" in self._texts and not (file and file.exists())
        if absent or _CREDENTIALS & self._texts.keys():
            self._leave_out("ssh_key_file")

    def _leave_out(self, *names: str) -> None:
        for name in names:
            self._texts.pop(name, None)
            self.sources.pop(name, None)

    def text(self, name: str) -> str | None:
        return self._texts.get(name)

    def parts(self, name: str) -> list[str]:
        return [part.strip() for part in self._texts.get(name, "").split(",") if part.strip()]

    def flag(self, name: str) -> bool:
        given = self._texts.get(name, "false")
        if given.lower() not in {"true", "false"}:
            raise ConfigurationError(f"{self.sources[name]} must be true or false")
        return given.lower() == "true"

    def numbers(self, fields: Mapping[str, str]) -> dict[str, int]:
        """The fields whose settings are set."""
        return {field: self._number(name) for field, name in fields.items() if name in self._texts}

    def number(self, name: str, default: int) -> int:
        return self._number(name) if name in self._texts else default

    def _number(self, name: str) -> int:
        text = self._texts[name]
        # Longer ones are more than a database counts to, and days that no calendar has.
        if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
            raise ConfigurationError(f"{self.sources[name]} must be a whole number from 1 on")
        return int(text)

    def networks(self, name: str) -> tuple[Network, ...]:
        return tuple(_network(part, self.sources[name]) for part in self.parts(name))

    def path(self, name: str) -> Path | None:
        if name not in self._texts:
            return None
        return path_of(self._texts[name], self.sources[name], self._start(name))

    def database(self) -> Path | PostgresqlAddress:
        if "database" not in self._texts:
            return default_database(self._base)
        return database_of(self._texts["database"], self.sources["database"], self._start("database"))

    def _start(self, name: str) -> Path:
        return self._base if self.sources[name].startswith("encord:") else Path.cwd()


def _origins(given: list[str]) -> list[str]:
    for origin in given:
        if not is_origin(origin):
            raise ConfigurationError(
                f'encord:appOrigins: "{origin}" is no origin of a browser',
                hint="Write scheme and host in lower case, without a slash at the end: https://app.example.com",
            )
    return given


def _audience(value: str | None) -> str | None:
    if value is not None and not (value.isprintable() and value == value.strip() and len(value) <= _LONGEST):
        raise ConfigurationError(
            f"encord:oidcAudience must be one audience of at most {_LONGEST} characters",
            hint="Write it as the federation of the service account has it",
        )
    return value


def _blob_endpoint(value: str | None) -> str:
    if value is None:
        return CloudAccess().azure_blob_endpoint
    if not value.startswith("https://") or "{account}" not in value or re.search(r"[@?#\s]", value):
        raise ConfigurationError(
            "encord:azureBlobEndpoint must begin with https://, hold {account} and no credentials",
            hint="In Azure US Government: https://{account}.blob.core.usgovcloudapi.net",
        )
    return value.rstrip("/")


def _gcs_endpoint(value: str | None) -> str:
    if value is None:
        return CloudAccess().gcs_endpoint
    return http_address(value, "encord:gcsEndpoint", "Such as https://storage.googleapis.com")


def _network(text: str, setting: str) -> Network:
    try:
        network = ip_network(text)
        if "%" in text:
            raise ValueError(f"{text} names a zone")
        if network.prefixlen == 0:
            raise ValueError(f"{text} would list everything")
    except ValueError as error:
        raise ConfigurationError(
            f"{setting} must list networks: {error}",
            hint="Write networks as 10.20.0.0/16, separated by commas",
        ) from None
    return network


def _endpoint(value: str | None) -> str:
    hint = (
        "Set encord:endpoint to embedded or to the API's address: pulumi config set encord:endpoint embedded"
    )
    if not value:
        raise ConfigurationError("encord:endpoint is not set", hint=hint)
    return value if value == EMBEDDED else http_address(value, "encord:endpoint", hint)


def http_address(value: str, name: str, hint: str = "") -> str:
    """An API's address without a slash at its end; raises `ConfigurationError`, which names the setting."""
    try:
        parts = urlsplit(value)
        usable = (
            parts.scheme in {"http", "https"} and parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
        )
    except ValueError:
        raise ConfigurationError(f"{name} is not an address", hint=hint) from None
    # After an @ in the path, what stands before it is a password with a slash.
    more = "@" in value or parts.query or parts.fragment
    # urlsplit itself passes over line ends and tabs.
    if not usable or more or not value.isprintable() or " " in value or not _encodable(value):
        raise ConfigurationError(f"{name} is not an http(s) address", hint=hint)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(
            f"{name} would send requests to {parts.hostname} in clear",
            hint="Use https for other machines",
        )
    return value.rstrip("/")


def _encodable(address: str) -> bool:
    """Whether its host can be asked for; only one that is not ASCII may not."""
    if address.isascii():
        return True
    import httpx2

    try:
        httpx2.URL(address)
    except httpx2.InvalidURL:
        return False
    return True


def project_folder(start: Path | None = None) -> Path:
    """The folder of the nearest Pulumi.yaml at or above `start`; `start` itself if there is none."""
    start = (start or Path.cwd()).resolve()
    names = ("Pulumi.yaml", "Pulumi.yml")
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in names):
            return folder
    return start
