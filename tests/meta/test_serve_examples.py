"""The files of examples/serve: what systemd makes of them, and that they are of this API."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.main import get_command

from pulumi_encord_integrations.cli.app import app
from pulumi_encord_integrations.client.settings import VARIABLES
from pulumi_encord_integrations.model.token_exchange import NOT_ACCEPTED
from pulumi_encord_integrations.server import http_protocol, http_server, request_bodies
from pulumi_encord_integrations.server.errors import unauthenticated
from pulumi_encord_integrations.server.metrics import Metrics
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.nginx import Block, read

UNIT = "encord-integrations@.service"
MOST_EXPOSED = 20
"""Of systemd's exposure level, times ten."""


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "examples" / "serve"


@pytest.fixture(scope="module")
def nginx(folder: Path) -> Block:
    return read((folder / "nginx.conf").read_text())


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_nginx_has_the_bounds_of_the_api(nginx: Block) -> None:
    server = nginx.block("server")
    assert server.value("client_max_body_size") == f"{request_bodies.MAX_LARGE_BODY // 1024**2}m"
    assert _seconds(server.value("client_header_timeout")) == http_protocol.HEADER_SECONDS
    assert _seconds(server.value("client_body_timeout")) == request_bodies.BODY_SECONDS
    assert server.value("large_client_header_buffers") == f"4 {http_protocol.MAX_HEADER_BYTES // 1024}k"
    upstream = nginx.block("upstream")
    assert _seconds(upstream.value("keepalive_timeout")) < http_server.KEEP_ALIVE_SECONDS
    assert len(upstream.values("server")) == 2


def test_nginx_passes_on_what_is_signed_and_repeats_no_write(nginx: Block) -> None:
    location = nginx.block("server").block("location")
    assert location.value("proxy_pass") == "http://encord_integrations"
    assert "Host $http_host" in location.values("proxy_set_header")
    assert "X-Request-Id $request_id" in location.values("proxy_set_header")
    assert "non_idempotent" not in location.value("proxy_next_upstream").split()


def test_nginx_logs_no_query(nginx: Block) -> None:
    logged = nginx.value("log_format")
    assert "$uri" in logged
    assert not re.search(r"\$(request|request_uri|args|query_string|http_\w+)\b", logged)


def _unit(folder: Path) -> dict[str, list[str]]:
    text = re.sub(r"\\\n\s*", "", (folder / UNIT).read_text())
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_calls_the_command_with_options_that_it_has(folder: Path) -> None:
    (start,) = _unit(folder)["ExecStart"]
    program, verb, *options = start.split()
    assert Path(program).name == "encord-integrations"
    command: Any = get_command(app)
    known = {name for one in command.commands[verb].params for name in one.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_the_unit_sets_variables_that_there_are_and_no_secret(folder: Path) -> None:
    unit = _unit(folder)
    names = {value.partition("=")[0] for value in unit["Environment"]}
    assert names <= {variable for variable, _ in VARIABLES.values()}
    assert not names & {"ENCORD_SSH_KEY", "ENCORD_TOKEN", "ENCORD_AZURE_APPLICATION_SECRET"}
    assert unit["EnvironmentFile"] == ["/etc/encord-integrations/environment"]


def test_the_unit_starts_with_the_files_that_the_readme_makes(folder: Path) -> None:
    readme = (folder / "README.md").read_text()
    unit = _unit(folder)
    needed = [value.partition(":")[2] for value in unit.get("LoadCredential", [])]
    needed += unit["EnvironmentFile"]
    needed += [path for value in unit["Environment"] if (path := value.partition("=")[2]).startswith("/")]
    assert [path for path in needed if path not in readme] == []


def test_the_unit_lets_the_process_measure_itself(folder: Path) -> None:
    assert "ProcSubset" not in _unit(folder)


def test_what_the_readme_runs_as_the_servers_user_reads_files_of_that_user(folder: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    words = shlex.split(block.replace("\\\n", " "), comments=True)
    key = words[words.index("--public-key") + 1]
    assert words[words.index(key) - 2 : words.index(key)] == ["encord", "ada.pub"]
    assert not [line for line in block.splitlines() if re.search(r"\s[^'\s]*\?", line)]


def test_the_alert_of_strangers_has_every_refusal_of_them(folder: Path) -> None:
    rules = yaml.safe_load((folder / "alerts.yml").read_text())["groups"][0]["rules"]
    (rule,) = [one for one in rules if one["alert"] == "EncordStrangers"]
    codes = re.findall(r'code=~"([^"]+)"', rule["expr"])[0].split("|")
    assert set(codes) == {unauthenticated("").code, "signature_mismatch", NOT_ACCEPTED}


def test_the_unit_waits_longer_than_the_api_takes_to_end(folder: Path) -> None:
    takes = http_server.REFUSING_SECONDS + http_server.DRAIN_SECONDS + 2
    assert int(_unit(folder)["TimeoutStopSec"][0]) > takes


@pytest.fixture
def installed(folder: Path, tmp_path: Path) -> Path:
    """The unit as on a machine that has the command and its user."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze on this machine: the unit was only read")
    text = (
        (folder / UNIT).read_text().replace("/opt/encord-integrations/bin/encord-integrations", "/bin/true")
    )
    unit = tmp_path / "encord-integrations@8080.service"
    unit.write_text(re.sub(r"(?m)^(User|Group)=encord$", r"\1=daemon", text))
    return unit


def _analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_unit(installed: Path) -> None:
    found = _analyzed("--man=no", "verify", str(installed))
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_systemd_calls_the_unit_well_confined(installed: Path) -> None:
    found = _analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(installed))
    if "unrecognized option" in found.stderr:
        pytest.skip("this systemd-analyze judges no file")
    assert found.returncode == 0, found.stdout[-500:] + found.stderr


def _metrics(tmp_path: Path) -> set[str]:
    """The names that a scrape answers, and those of their samples."""
    database = SqliteDatabase(tmp_path / "x.sqlite", create=True)
    database.prepare()
    families = list(Metrics(database).registry.collect())
    database.close()
    samples = {sample.name for family in families for sample in family.samples}
    samples = {name for name in samples if not name.endswith("_created")}
    of_kind = {"counter": ("_total",), "histogram": ("", "_bucket", "_sum", "_count"), "info": ("_info",)}
    return samples | {f"{one.name}{end}" for one in families for end in of_kind.get(one.type, ("",))}


@pytest.mark.parametrize("name", ["alerts.yml", "prometheus.yml"])
def test_prometheus_reads_what_is_yaml(folder: Path, name: str) -> None:
    assert yaml.safe_load((folder / name).read_text())


def test_alerts_and_docs_name_metrics_that_there_are(folder: Path, repository: Path, tmp_path: Path) -> None:
    known = _metrics(tmp_path)
    for text in ((folder / "alerts.yml").read_text(), (repository / "docs" / "serving.md").read_text()):
        named = set(re.findall(r"\bencord_[a-z]\w+(?=[{`\[ ]|\b)", text)) - {"encord_integrations"}
        assert named
        assert named <= known


def test_docs_explain_every_metric(repository: Path, tmp_path: Path) -> None:
    text = (repository / "docs" / "serving.md").read_text()
    own = {name for name in _metrics(tmp_path) if name.startswith("encord_")}
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in own}
    assert not [name for name in bases if f"`{name}" not in text]
