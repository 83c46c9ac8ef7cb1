"""HTTP statuses of errors are said in one place, `server/responses.py`."""

import ast
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from pulumi_encord_integrations.server import errors
from pulumi_encord_integrations.server.responses import STATUSES, refusal

ERRORS = {status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
SERVER = Path(errors.__file__).parent
ELSEWHERE = {
    # Values in one statement.
    ("store/chunks.py", 500),
}


def statuses(source: str) -> Iterator[int]:
    """Numbers that are statuses of errors, and names of such statuses."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in ERRORS:
            yield node.value
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "HTTPStatus"
        ):
            yield int(HTTPStatus[node.attr])


def test_statuses_of_errors_stand_in_the_responses_alone() -> None:
    found = {
        (str(path.relative_to(SERVER)), status)
        for path in SERVER.rglob("*.py")
        # What clouds answer is no status of ours.
        if path.parent.name != "clouds"
        for status in statuses(path.read_text())
    }
    assert {place for place in found if place[0] != "responses.py"} == ELSEWHERE


@pytest.mark.parametrize("source", ["raise Refused(404)", "status = 503", "x = HTTPStatus.NOT_FOUND"])
def test_a_status_elsewhere_is_found(source: str) -> None:
    assert list(statuses(source))


def test_every_kind_of_error_has_one_status() -> None:
    kinds = set(errors.ServiceError.__subclasses__())
    assert kinds == set(STATUSES)
    assert len(set(STATUSES.values())) == len(STATUSES)


def test_a_closer_kind_of_error_is_answered_as_its_kind() -> None:
    class LastAdmin(errors.Conflict):
        pass

    assert refusal(LastAdmin("last_admin", "no")).status_code == STATUSES[errors.Conflict]
