"""Checks of access through the real engine, by `encord.yaml`; tests/clouds asks real storage."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pulumi_encord_integrations.client import integrations, members
from tests.support.engine import Project, line_with

ORIGIN = "https://app.test"
PROGRAM = """
from pulumi_encord_integrations import declare_organization

check = declare_organization().access_checks["files"]
pulumi.export("names", check.checks.apply(lambda checks: [one.name for one in checks]))
"""
FILE = """\
users:
  ada@example.com: {role: ADMIN, on_delete: keep}
  mia@example.com: {}
integrations:
  files:
    type: direct_access
    title: Files
    source: ANY_STATIC_HOSTED_FILES
    url_kind: UNSIGNED
    access_check: {urls: [URL], retry_for: 1sOPTIONS}
    members:
      - {user: mia@example.com, role: user}
"""


class Files(ThreadingHTTPServer):
    """Files that a customer serves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status, self.origin, self.asked = 200, ORIGIN, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/a.mp4"


class _Answers(BaseHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_OPTIONS(self) -> None:
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", self.server.origin)
        self.send_header("Access-Control-Allow-Methods", "GET, HEAD")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def files() -> Iterator[Files]:
    server = Files()
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def declared(project: Project, files: Files) -> Project:
    project.configure(appOrigins=ORIGIN, privateNetworks="127.0.0.0/8")
    project.declare(PROGRAM)
    write(project, files)
    return project


def write(project: Project, files: Files, query: str = "", options: str = "") -> None:
    text = FILE.replace("URL", f"{files.url}{query}").replace("OPTIONS", options)
    (project.folder / "encord.yaml").write_text(text)


def let_in(project: Project) -> set[str]:
    client = project.api()
    (view,) = integrations.search(client)
    return set(members.of(client, view.uuid)) - {"ada@example.com"}


def test_members_of_a_file_come_in_after_its_check(declared: Project, files: Files) -> None:
    files.status = 404
    said = declared.fail("up", "--yes", "--skip-preview")
    assert "fetch: urls[0]: the URL is answered with 404" in said
    assert let_in(declared) == set()
    files.status = 200
    declared.up()
    assert let_in(declared) == {"mia@example.com"}
    assert declared.outputs()["names"] == ["fetch", "preflight"]


def test_no_preview_and_no_refresh_asks_a_cloud(declared: Project, files: Files) -> None:
    declared.up()
    asked, files.status = files.asked, 500
    declared.unchanged()
    declared.refresh()
    declared.unchanged()
    assert files.asked == asked
    declared.destroy()
    assert declared.living() == {}


def test_a_check_that_fails_later_fails_the_up_and_takes_nobodys_access(
    declared: Project, files: Files
) -> None:
    declared.up()
    files.origin = "https://another.test"
    write(declared, files, "?later")
    said = declared.fail("up", "--yes", "--skip-preview")
    assert f"Add a CORS rule that allows GET and HEAD from {ORIGIN}" in said
    assert let_in(declared) == {"mia@example.com"}
    write(declared, files, "?later", ", required: false")
    said = declared.up()
    assert "browsers may not read" in line_with("warning: preflight: ", said)
    files.origin = ORIGIN
    write(declared, files, "?last")
    declared.up()


BY_ID = """
import pulumi
from pulumi_encord_integrations import AccessCheck, DirectAccessIntegration, IntegrationMember
from pulumi_encord_integrations import OrganizationUser

mia = OrganizationUser("mia", email="mia@example.com")
files = DirectAccessIntegration(
    "files", title="Files", source="ANY_STATIC_HOSTED_FILES", url_kind="UNSIGNED"
)
AccessCheck("files", integration=CHECKED, urls=["URL"], retry_for=1)
IntegrationMember("mia", integration=JOINED, user=mia, role="user")
"""


@pytest.mark.parametrize(("checked", "joined"), [("files", "files.id"), ("files.id", "files")])
def test_members_wait_for_a_check_however_the_integration_is_named(
    declared: Project, files: Files, checked: str, joined: str
) -> None:
    program = BY_ID.replace("CHECKED", checked).replace("JOINED", joined).replace("URL", files.url)
    (declared.folder / "__main__.py").write_text(program)
    files.status = 404
    declared.fail("up", "--yes", "--skip-preview")
    assert let_in(declared) == set()
    files.status = 200
    declared.up()
    assert let_in(declared) == {"mia@example.com"}
    declared.unchanged()
