"""The API: settings, address, clock, key, who am I, principals."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.cli.checks import Line, Patient
from pulumi_encord_integrations.cli.configuration import read_settings
from pulumi_encord_integrations.cli.connection import NoDatabase
from pulumi_encord_integrations.client import health, keys, organizations
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.credentials import credentials_of, used
from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.client.issuer_tokens import GITHUB
from pulumi_encord_integrations.client.settings import VARIABLES
from pulumi_encord_integrations.connection import connect
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private

WINDOW = 300
"""Seconds that the API's clock and this one may differ, because it checks when requests were signed."""
_SECRET = {"ssh_key", "token", "oidc_token", "actions_token", "azure_secret"}
_SOON = timedelta(days=14)
_NONE_YET = "because there is no database yet"


def settings(patient: Patient) -> Iterator[Line]:
    """Whether the settings say which API to use."""
    patient.settings = read_settings(patient.stack)
    yield Line("ok", patient.settings.endpoint)


def server_extra(patient: Patient) -> Iterator[Line]:
    """Whether the provider process has what an embedded API needs."""
    if not patient.settings.embedded:
        yield Line("ok", "not needed for a served API")
    elif patient.lacking:
        cure = f"{patient.interpreter} -m pip install 'pulumi-encord-integrations[server]'"
        yield Line("FAIL", f"the embedded API needs {', '.join(patient.lacking)}", cure)
    else:
        yield Line("ok", "installed")


def reachable(patient: Patient) -> Iterator[Line]:
    """Whether the API answers, or its embedded database can be read."""
    yield _database(patient) if patient.settings.embedded else _healthz(patient)


def _database(patient: Patient) -> Line:
    path = patient.settings.database
    try:
        patient.client = connect(patient.settings, read_only=True)
    except embedded.DatabaseMissing:
        missing = NoDatabase(path)
        return Line("ok", f"no database {missing.path} yet", missing.remedy)
    return Line("ok", f"embedded, database {path}")


def _healthz(patient: Patient) -> Line:
    endpoint = patient.settings.endpoint
    patient.ahead = health.seconds_ahead(endpoint)
    return Line("ok", f"{endpoint} answers")


def clock(patient: Patient) -> Iterator[Line]:
    """Whether this clock and the API's agree enough for signatures."""
    if patient.settings.embedded:
        yield Line("ok", "the embedded API has this machine's")
    elif patient.ahead is None:
        yield Line("warn", "the API does not tell its time", f"they may differ by {WINDOW} s at most")
    else:
        yield skew(patient.ahead)


def skew(ahead: float) -> Line:
    """What to say of a clock that is so many seconds ahead of the API's."""
    text = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the API's"
    if abs(ahead) > WINDOW:
        return Line("FAIL", f"{text}, more than {WINDOW} s", "set this machine's clock")
    return Line("ok", text)


def key(patient: Patient) -> Iterator[Line]:
    """Whether there is a credential that can be used, and nobody else can read it."""
    found = patient.settings
    if found.clouds.gcp_key_file is not None and (wrong := _wrong_with(found.clouds.gcp_key_file)):
        yield wrong
    if found.embedded:
        yield Line("ok", "the embedded API makes its own, beside the database")
        return
    patient.client = Client(found.endpoint, credentials_of(found), attempts=1)
    source = used(found) or ""
    if source == "ssh_key_file":
        yield Line("ok", f"Ed25519, {found.ssh_key_file}")
    elif source == "actions_url":
        yield Line("ok", f"a token of {GITHUB} for the audience {found.oidc_audience or found.endpoint}")
    elif source in {"oidc_token", "oidc_token_file"}:
        yield Line("ok", f"a pipeline's token, from {found.sources[source]}")
    else:
        yield Line("ok", f"from {found.sources[source]}")


def _wrong_with(google_key: Path) -> Line | None:
    try:
        read_private(google_key)
    except FileNotPrivate as error:
        return Line("FAIL", error.message, error.hint, name="Google key")
    except OSError as error:
        return Line("FAIL", f"cannot read {google_key}: {error.strerror}", name="Google key")
    return None


def who_am_i(patient: Patient) -> Iterator[Line]:
    """As whom the API knows the caller."""
    if patient.client is None:
        yield Line("skipped", _NONE_YET)
        return
    me = organizations.current(patient.client)
    only = ", with a credential that only reads" if me.scope == "read" else ""
    yield Line("ok", f"{me.user_email}, {me.role} of {me.name}{only}")
    if not patient.settings.embedded:
        yield from _key_end(patient.client)


def _key_end(client: Client) -> Iterator[Line]:
    """When the key in use ends, if it does."""
    try:
        ends = next((one.expires_at for one in keys.listing(client) if one.current), None)
    # An API of an earlier version knows no ends.
    except EncordError:
        return
    if ends is not None:
        soon = ends - datetime.now(UTC) < _SOON
        cure = "register another one: encord-integrations keys add" if soon else ""
        yield Line("warn" if soon else "ok", f"ends {ends:%Y-%m-%d %H:%M} UTC", cure, name="key's end")


def principals(patient: Patient) -> Iterator[Line]:
    """The principals and origins to let in on the cloud side; - where the API has none configured."""
    found = patient.settings.principals
    if patient.client is not None:
        found = patient.client.get("integration-principals", Principals)
    yield Line("ok", found.principal_arn or "-", name="AWS principal")
    yield Line("ok", found.service_account_email or "-", name="GCP service account")
    yield Line("ok", found.application_id or "-", name="Azure application")
    yield Line("ok", ", ".join(found.origins) or "-", name="app origins")


def sources(patient: Patient) -> Iterator[Line]:
    """Where each setting came from; credentials are not shown."""
    found = patient.settings
    origins = ", ".join(found.principals.origins)
    networks = ", ".join(map(str, found.clouds.private_networks))
    flat = {**vars(found), **found.principals.model_dump(), **vars(found.clouds)}
    flat |= {"origins": origins, "private_networks": networks}
    flat |= {**vars(found.retention), **{f"max_{name}": most for name, most in vars(found.quotas).items()}}
    flat["offline_preview"] = "true" if found.offline_preview else ""
    for name, (_, config_key) in VARIABLES.items():
        shown = "(not shown)" if name in _SECRET and flat[name] else flat[name]
        text = f"{shown}, from {found.sources.get(name, 'the default')}" if shown else "not set"
        yield Line("ok", text, name=f"setting {config_key or name.replace('_', ' ')}")
