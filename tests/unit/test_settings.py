"""Settings: environment first, then the stack's configuration."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import VARIABLES, Settings, load, project_folder
from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.model.limits import QUOTA_VARIABLES, Quotas, Retention

BASE = Path("/project")
CANARY = "canary-8c1f"


def settings(config: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
    found = {"endpoint": "embedded", **config}

    def config_value(key: str) -> str | None:
        return found.get(key)

    return load(config_value, BASE, environment or {})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("embedded", "embedded"),
        ("https://api.encord.com", "https://api.encord.com"),
        ("https://api.us.encord.com/", "https://api.us.encord.com"),
        ("https://encord.example.com:8443", "https://encord.example.com:8443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://b\u00fccher.example", "https://b\u00fccher.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://LOCALHOST", "http://LOCALHOST"),
    ],
)
def test_an_endpoint_is_embedded_or_an_address(written: str, kept: str) -> None:
    found = settings({"endpoint": written})
    assert (found.endpoint, found.embedded) == (kept, kept == "embedded")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "Embedded",
        "embeded",
        "api.encord.com",
        "ftp://api.encord.com",
        "https://",
        "https:///path",
        "//x",
        "https://x:0",
        "https://x:99999",
        "https://x:port",
        "https://[::1",
        "https://x y",
        "https://x\ty",
        "https://x\n",
        " https://x",
        "https://x/?a=b",
        "https://x/#a",
        "http://api.encord.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        f"https://ada:{CANARY}@x",
        "https://:p@x",
        "https://x\u0000",
        "https://\u2100.example.com",
        "https://x%zz",
        f"https://ada:12/{CANARY}@x",
        "https://.",
        "https://-",
        "https://xn--\u00fc.example",
        "https://\u00fc-.example",
        f"https://\u00fc{'a' * 63}.example",
    ],
)
def test_another_endpoint_is_refused_with_a_remedy(endpoint: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        settings({"endpoint": endpoint})
    assert "encord:endpoint" in refusal.value.message
    assert refusal.value.hint
    assert CANARY not in str(refusal.value)


def test_no_endpoint_is_an_error_that_says_how_to_set_one() -> None:
    with pytest.raises(ConfigurationError, match="pulumi config set encord:endpoint embedded"):
        load(lambda key: None, BASE, {})


BLOBS = "azure_blob_endpoint"


@pytest.mark.parametrize(
    "place",
    [
        "https://example.com",
        "http://{account}.example.com",
        "{account}",
        f"https://ada:{CANARY}@{{account}}.example.com",
        f"https://{{account}}.example.com?sig={CANARY}",
    ],
)
def test_a_blob_endpoint_is_https_and_names_the_account_alone(place: str) -> None:
    said = r"must begin with https://, hold \{account\} and no credentials"
    with pytest.raises(ConfigurationError, match=said) as refusal:
        settings({"azureBlobEndpoint": place})
    assert CANARY not in str(refusal.value)


NETWORKS = "private_networks"
FLAGS = ("offline_preview",)
WRITTEN = {
    BLOBS: ("https://config.example.com/{account}", "https://environment.example.com/{account}"),
    "endpoint": ("https://config.example.com", "https://environment.example.com"),
    "gcs_endpoint": ("https://config.example.com", "https://environment.example.com"),
    NETWORKS: ("10.1.0.0/16", "10.2.0.0/16"),
    "origins": ("https://config.example.com", "https://environment.example.com"),
}


@pytest.mark.parametrize("name", [name for name, (_, key) in VARIABLES.items() if key and name not in FLAGS])
def test_the_environment_comes_before_the_configuration(name: str) -> None:
    variable, key = VARIABLES[name]
    configured, given = WRITTEN.get(name, ("config/file", "environment/file"))
    config = {str(key): configured}
    both = settings(config, {variable: given})
    assert both.sources[name] == variable
    assert given in repr(getattr(both, name, (both.principals, both.clouds)))
    assert settings(config, {variable: ""}).sources[name] == f"encord:{key}"


OFFLINE, OFFLINE_KEY = "ENCORD_OFFLINE_PREVIEW", "offlinePreview"


@pytest.mark.parametrize(
    ("config", "environment", "offline"),
    [
        ({}, {}, False),
        ({OFFLINE_KEY: "true"}, {}, True),
        ({OFFLINE_KEY: "false"}, {}, False),
        ({OFFLINE_KEY: "True"}, {OFFLINE: ""}, True),
        ({OFFLINE_KEY: "true"}, {OFFLINE: "false"}, False),
        ({OFFLINE_KEY: "false"}, {OFFLINE: "TRUE"}, True),
    ],
)
def test_previews_ask_the_api_unless_told_otherwise(
    config: dict[str, str], environment: dict[str, str], offline: bool
) -> None:
    assert settings(config, environment).offline_preview is offline


@pytest.mark.parametrize("written", ["yes", "1", "on", "tru", " true", "no"])
def test_what_is_neither_true_nor_false_is_refused_by_the_name_of_its_setting(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^encord:offlinePreview must be true or false$"):
        settings({OFFLINE_KEY: written})
    with pytest.raises(ConfigurationError, match=r"^ENCORD_OFFLINE_PREVIEW must be true or false$"):
        settings({OFFLINE_KEY: "true"}, {OFFLINE: written})


@pytest.mark.parametrize("name", ["ssh_key", "token"])
def test_a_credential_never_comes_from_the_configuration(name: str) -> None:
    everything = dict.fromkeys(["sshKey", "token", "ssh_key", name], CANARY)
    assert getattr(settings(everything), name) is None


@pytest.mark.parametrize("variable", ["ENCORD_SSH_KEY", "ENCORD_TOKEN", "ENCORD_AZURE_APPLICATION_SECRET"])
def test_a_credential_does_not_show(variable: str) -> None:
    found = settings({}, {variable: CANARY})
    assert CANARY in (found.ssh_key, found.token, found.clouds.azure_secret)
    assert CANARY not in f"{found!r} {found}"


@pytest.mark.parametrize(("key", "name"), [("database", "database"), ("sshKeyFile", "ssh_key_file")])
def test_a_path_of_the_configuration_starts_at_the_project(key: str, name: str) -> None:
    assert getattr(settings({key: "sub/file"}), name) == BASE / "sub/file"
    assert getattr(settings({key: "/elsewhere/file"}), name) == Path("/elsewhere/file")


@pytest.mark.parametrize(
    ("variable", "name"), [("ENCORD_DATABASE", "database"), ("ENCORD_SSH_KEY_FILE", "ssh_key_file")]
)
def test_a_path_of_the_environment_starts_where_one_stands(
    variable: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(settings({}, {variable: "file"}), name) == tmp_path / "file"


PATHS = [name for name in VARIABLES if name == "database" or name.endswith("_file")]


@pytest.mark.parametrize("name", PATHS)
def test_every_path_may_begin_at_home(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = settings({}, {VARIABLES[name][0]: "~/key"})
    assert tmp_path / "key" in (*vars(found).values(), found.clouds.gcp_key_file)


@pytest.mark.parametrize("name", PATHS)
def test_every_path_at_an_unknown_home_is_refused_by_the_name_of_its_setting(name: str) -> None:
    variable, key = VARIABLES[name]
    with pytest.raises(ConfigurationError, match=f"^{variable} begins with ~nosuchuser"):
        settings({}, {variable: "~nosuchuser/x"})
    if key:
        with pytest.raises(ConfigurationError, match=f"^encord:{key} begins with ~nosuchuser"):
            settings({key: "~nosuchuser/x"})


def test_the_database_has_a_folder_of_its_own() -> None:
    assert settings({}).database == BASE / ".encord" / "encord.sqlite"


def test_the_address_of_a_database_does_not_show_its_password() -> None:
    found = settings({}, {"ENCORD_DATABASE": f"postgresql://ada:{CANARY}@h/db"})
    assert isinstance(found.database, PostgresqlAddress)
    assert CANARY in found.database.uri
    assert CANARY not in f"{found!r} {found} {found.database}"
    with pytest.raises(ConfigurationError, match=r"^ENCORD_DATABASE ") as refusal:
        settings({}, {"ENCORD_DATABASE": f"mysql://ada:{CANARY}@h/db"})
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("origin", ["https://a.example.com/", "https://A.example.com", "*", "a.example.com"])
def test_an_origin_is_one_as_browsers_send_it(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"encord:appOrigins: .* is no origin of a browser"):
        settings({"appOrigins": origin})


def test_origins_are_a_list() -> None:
    found = settings({"appOrigins": " https://a.example.com ,, https://b.example.com"})
    assert found.principals.origins == ["https://a.example.com", "https://b.example.com"]


def test_private_networks_are_a_list_and_none_unless_listed() -> None:
    found = settings({"privateNetworks": " 10.20.0.0/16 ,, 127.0.0.0/8,fd12::/16, 10.0.0.5"}).clouds
    networks = ["10.20.0.0/16", "127.0.0.0/8", "fd12::/16", "10.0.0.5/32"]
    assert [str(network) for network in found.private_networks] == networks
    assert (
        settings({}).clouds.private_networks
        == settings({"privateNetworks": ","}).clouds.private_networks
        == ()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.20.0.1/16", "10.20.0.1/16 has host bits set"),
        ("10.20.0.0/33", "'10.20.0.0/33' does not appear to be an IPv4 or IPv6 network"),
        ("10.20.0.0/16; 127.0.0.0/8", "does not appear to be an IPv4 or IPv6 network"),
        ("localhost", "'localhost' does not appear"),
        ("10.0.0.0/8, 0.0.0.0/0", "0.0.0.0/0 would list everything"),
        ("::/0", "::/0 would list everything"),
        ("fe80::%eth0/64", "fe80::%eth0/64 names a zone"),
    ],
)
def test_what_lists_no_networks_is_refused_by_the_name_of_its_setting(text: str, said: str) -> None:
    for config, environment, name in (
        ({"privateNetworks": text}, {}, "encord:privateNetworks"),
        ({}, {"ENCORD_PRIVATE_NETWORKS": text}, "ENCORD_PRIVATE_NETWORKS"),
    ):
        with pytest.raises(ConfigurationError) as refusal:
            settings(config, environment)
        assert refusal.value.message.startswith(f"{name} must list networks: ")
        assert said in refusal.value.message
        assert refusal.value.hint == "Write networks as 10.20.0.0/16, separated by commas"


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml"])
def test_the_project_is_the_nearest_folder_with_a_pulumi_file(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / name).touch()
    assert project_folder(inner) == tmp_path
    (tmp_path / "a" / name).touch()
    assert project_folder(inner) == tmp_path / "a"


def test_without_a_project_it_is_where_one_stands(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").mkdir()
    assert project_folder(tmp_path) == tmp_path


@pytest.mark.parametrize("variable", ["ENCORD_SSH_KEY", "ENCORD_TOKEN"])
def test_a_credential_of_the_environment_is_used_whatever_key_file_is_configured(variable: str) -> None:
    found = settings({"sshKeyFile": "ada.key"}, {variable: CANARY})
    assert found.ssh_key_file is None
    assert CANARY in (found.ssh_key, found.token)


def test_a_key_file_of_the_environment_comes_before_a_token_there() -> None:
    found = settings({}, {"ENCORD_SSH_KEY_FILE": "/keys/ada", "ENCORD_TOKEN": CANARY})
    assert found.ssh_key_file == Path("/keys/ada")


def test_quotas_and_retention_have_generous_defaults_and_are_set_by_the_environment() -> None:
    unset = settings({})
    assert (unset.quotas, unset.retention) == (Quotas(), Retention(audit_days=None, batch_days=90))
    found = settings({}, {"ENCORD_MAX_MEMBERS": "7", "ENCORD_AUDIT_DAYS": "365"})
    assert (found.quotas, found.retention) == (Quotas(members=7), Retention(audit_days=365, batch_days=90))
    assert found.sources["max_members"] == "ENCORD_MAX_MEMBERS"


def test_the_limit_of_requests_has_a_default_and_is_set_by_the_environment() -> None:
    assert settings({}).max_requests_per_minute == 12_000
    found = settings({}, {"ENCORD_MAX_REQUESTS_PER_MINUTE": "600"})
    assert found.max_requests_per_minute == 600
    assert found.sources["max_requests_per_minute"] == "ENCORD_MAX_REQUESTS_PER_MINUTE"


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "1e3", "many", " 7", "\u0661", "9" * 13])
def test_what_is_no_count_is_refused_by_the_name_of_its_setting(written: str) -> None:
    more = ("ENCORD_AUDIT_DAYS", "ENCORD_BATCH_DAYS", "ENCORD_MAX_REQUESTS_PER_MINUTE")
    for variable in (*QUOTA_VARIABLES.values(), *more):
        with pytest.raises(ConfigurationError, match=f"^{variable} must be a whole number from 1 on"):
            settings({}, {variable: written})
