"""Settings: the environment first, then the stack's file, then the project's."""

import re
from pathlib import Path

import pytest

from pulumi_encord_integrations.cli.configuration import read_server_settings, read_settings
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import VARIABLES


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable, _ in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "Pulumi.yaml", "name: p\nconfig:\n  encord:endpoint: https://project.test\n")
    write(tmp_path, "Pulumi.dev.yaml", "config:\n  encord:endpoint: https://dev.test\n")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def refusal(stack: str | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(stack)
    return caught.value


def test_the_project_is_read_without_a_stack(project: Path) -> None:
    assert read_settings(None).endpoint == "https://project.test"


def test_the_stack_comes_before_the_project(project: Path) -> None:
    assert read_settings("dev").endpoint == "https://dev.test"


def test_the_environment_comes_before_the_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCORD_ENDPOINT", "https://environment.test")
    assert read_settings("dev").endpoint == "https://environment.test"


def test_a_stack_may_be_named_in_full(project: Path) -> None:
    assert read_settings("acme/data/dev").endpoint == "https://dev.test"


def test_what_the_stack_leaves_open_the_project_says(project: Path) -> None:
    write(project, "Pulumi.dev.yaml", "config:\n  encord:user: ada@example.com\n")
    read = read_settings("dev")
    assert (read.endpoint, read.user) == ("https://project.test", "ada@example.com")


def test_the_nearest_project_above_is_read_and_its_paths_start_there(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "Pulumi.dev.yaml", "config:\n  encord:endpoint: embedded\n  encord:database: a.sqlite\n")
    (project / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "er")
    assert read_settings("dev").database == project / "a.sqlite"


@pytest.mark.parametrize("value", ["{value: embedded}", "{default: embedded, type: string}"])
def test_a_project_may_write_a_value_in_pulumis_long_forms(project: Path, value: str) -> None:
    write(project, "Pulumi.yaml", f"name: p\nconfig:\n  encord:endpoint: {value}\n  encord:user: ada@test\n")
    assert read_settings(None).endpoint == "embedded"


def test_a_user_that_only_a_stack_sets_is_looked_for_there(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: p\nconfig:\n  encord:endpoint: embedded\n")
    write(project, "Pulumi.dev.yaml", "config:\n  encord:user: ada@test\n")
    assert "--stack dev" in refusal().hint
    assert read_settings("dev").user == "ada@test"


def test_stacks_are_found_where_the_project_keeps_them(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: p\nstackConfigDir: stacks\n")
    (project / "stacks").mkdir()
    write(project, "stacks/Pulumi.live.yaml", "config:\n  encord:endpoint: https://live.test\n")
    assert read_settings("live").endpoint == "https://live.test"


def test_a_stack_without_a_file_is_refused_and_the_others_named(project: Path) -> None:
    error = refusal("prod")
    assert "no Pulumi.prod.yaml" in error.message
    assert error.hint == "Stacks here: dev"


def test_a_stack_without_settings_of_its_own_has_those_of_the_project(project: Path) -> None:
    for file in project.glob("Pulumi.*.yaml"):
        file.unlink()
    assert read_settings("prod").endpoint == read_settings(None).endpoint


def test_an_encrypted_value_is_refused_with_its_variable(project: Path) -> None:
    write(project, "Pulumi.dev.yaml", "config:\n  encord:sshKeyFile: {secure: v1:abc}\n")
    error = refusal("dev")
    assert error.message == "encord:sshKeyFile in Pulumi.dev.yaml is encrypted and cannot be read here"
    assert "ENCORD_SSH_KEY_FILE" in error.hint


def test_an_encrypted_value_that_the_environment_replaces_does_no_harm(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "Pulumi.dev.yaml", "config:\n  encord:user: {secure: v1:abc}\n")
    monkeypatch.setenv("ENCORD_USER", "ada@example.com")
    assert read_settings("dev").user == "ada@example.com"


def test_an_unset_endpoint_names_every_way_to_set_it(project: Path) -> None:
    write(project, "Pulumi.yaml", "name: p\n")
    error = refusal()
    assert error.message == "encord:endpoint is not set"
    for way in ("pulumi config set", "--stack dev", "ENCORD_ENDPOINT"):
        assert way in error.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: [1", r"Pulumi\.dev\.yaml:1:11 is not valid YAML"),
        ("config: {a: 1, a: 2}", r"Pulumi\.dev\.yaml:1:\d+ is not valid YAML"),
        ("- 1", "is not a mapping"),
        ("config: [1]", r"config in Pulumi\.dev\.yaml is not a mapping"),
        ("config:\n  encord:appOrigins: [a]", "encord:appOrigins in .* must be a text"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_with_its_name(project: Path, text: str, said: str) -> None:
    write(project, "Pulumi.dev.yaml", text)
    error = refusal("dev")
    assert re.search(said, error.message)
    assert "\n" not in error.message


def test_an_unreadable_file_is_refused(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_bytes(b"config: \xff\xfe")
    assert "Pulumi.dev.yaml" in refusal("dev").message


def test_without_a_project_the_environment_suffices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENCORD_ENDPOINT", "https://environment.test")
    assert read_settings(None).endpoint == "https://environment.test"


def test_a_server_needs_no_endpoint_and_takes_its_principals(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "Pulumi.yaml", "name: p\nconfig:\n  encord:awsPrincipalArn: arn:aws:iam::1:user/e\n")
    monkeypatch.setenv("ENCORD_APP_ORIGINS", "https://a.test, https://b.test")
    principals = read_server_settings().principals
    assert principals.principal_arn == "arn:aws:iam::1:user/e"
    assert principals.origins == ["https://a.test", "https://b.test"]


def test_a_bad_endpoint_is_not_told_as_an_unset_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCORD_ENDPOINT", "http://api.test")
    assert "ENCORD_ENDPOINT" not in refusal().hint


def test_an_encrypted_endpoint_is_not_told_as_an_unset_one(project: Path) -> None:
    write(project, "Pulumi.dev.yaml", "config:\n  encord:endpoint: {secure: v1:abc}\n")
    assert "is encrypted" in refusal("dev").message
