"""A secret passed as a plain string is in clear nowhere that the engine writes or says anything."""

import json
from pathlib import Path

from tests.support.engine import Project
from tests.support.probe import CANARY

PROBE = """
from tests.support.probe_program import KnownProbe

KnownProbe("probe", title={title!r}, host="probe.example.com", buckets=["acme"], access_key={secret!r})
"""


def _declare(project: Project, secret: object, title: str = "Probe") -> None:
    project.declare(PROBE.format(title=title, secret=secret))


def _written(folder: Path) -> bytes:
    """Everything in the project's folder but the program itself."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc"}]
    return b"".join(file.read_bytes() for file in files)


def test_a_plain_secret_stays_out_of_words_state_and_database(project: Project) -> None:
    _declare(project, CANARY)
    said = [project.preview(), project.up(), project.preview(), project.up("--diff")]
    assert CANARY not in project.succeed("stack", "export", "--stack", "dev")
    _declare(project, f"rotated-{CANARY}", title="Renamed")
    said += [project.preview(), project.up("--diff"), project.refresh(), project.preview()]
    assert CANARY.encode() not in _written(project.folder)
    said.append(project.destroy())
    assert not [text for text in said if CANARY in text]
    assert CANARY.encode() not in _written(project.folder)


def test_a_refused_secret_is_not_quoted(project: Project) -> None:
    _declare(project, [CANARY])
    said = project.fail("preview", "--diff")
    assert "access_key" in said
    assert "must be a string" in said
    assert CANARY not in said


def test_a_rotated_secret_is_an_update_that_leaves_nothing_to_do(project: Project) -> None:
    _declare(project, CANARY)
    project.up()
    before = project.export()
    _declare(project, f"rotated-{CANARY}")
    project.up()
    project.unchanged()
    assert _fingerprint(project.export()) != _fingerprint(before)


def test_state_keeps_a_secret_as_ciphertext(project: Project) -> None:
    _declare(project, CANARY)
    project.up()
    probe = next(r for r in project.export() if r["type"].endswith(":ProbeIntegration"))
    assert "ciphertext" in probe["inputs"]["access_key"]
    assert "ciphertext" in probe["outputs"]["access_key"]


def _fingerprint(resources: list[dict[str, object]]) -> object:
    text = json.dumps([r.get("outputs") for r in resources])
    return text.partition('"credential_fingerprint": ')[2][:40]
