"""The service: routes, and errors in Encord's form `{"message", "code"}`."""

import logging
import sqlite3
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.faults import Fault
from pulumi_encord_integrations.server.routes import integrations, organizations, principals
from pulumi_encord_integrations.server.store.database import Database, journal_mode

_log = logging.getLogger(__name__)
_PREFIX = "/v2/public"


def create_app(deployment: Deployment, database: Database) -> FastAPI:
    """The service of one deployment on a prepared database."""
    app = FastAPI(
        title="Encord integrations backing API",
        version=version("pulumi-encord-integrations"),
        docs_url=None,
        redoc_url=None,
    )
    app.state.deployment = deployment
    app.state.database = database
    for noun in (integrations, principals, organizations):
        app.include_router(noun.router(), prefix=_PREFIX)

    @app.get("/healthz", tags=["health"])
    def healthz() -> dict[str, str]:
        """Whether the database answers, and how it keeps its writes."""
        with database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
        mode, synchronous = journal_mode(sqlite3.sqlite_version_info)
        sqlite = f"SQLite {sqlite3.sqlite_version}, {mode}, synchronous={synchronous}"
        return {"status": "ok", "version": app.version, "database": sqlite}

    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(exc.OperationalError, _database_error)
    app.add_exception_handler(Exception, _bug)
    return app


def _answer(status: int, code: str, message: str, hint: str = "", **headers: str) -> JSONResponse:
    body = {"message": message, "code": code} | ({"hint": hint} if hint else {})
    return JSONResponse(body, status, headers or None)


def _fault(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Fault)  # noqa: S101  registered for this class alone
    return _answer(error.status, error.code, error.message, error.hint)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class alone
    found = [
        f"{'.'.join(map(str, e['loc'][1:]))}: {str(e['msg']).removeprefix('Value error, ')}"
        for e in error.errors()
    ]
    return _answer(400, "invalid_request", "; ".join(found))


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class alone
    codes = {404: "no_such_route", 405: "method_not_allowed"}
    return _answer(
        error.status_code,
        codes.get(error.status_code, "http_error"),
        str(error.detail),
        **(error.headers or {}),
    )


def _database_error(_request: Request, error: Exception) -> JSONResponse:
    said = str(getattr(error, "orig", error))
    if "locked" in said or "busy" in said:
        return _answer(503, "database_busy", "the database is busy", "Try again", **{"Retry-After": "1"})
    _log.error("database: %s", said)
    return _answer(500, "database_error", f"the database failed: {said}", "Check its file, folder and disk")


def _bug(request: Request, error: Exception) -> JSONResponse:
    # Only the kind of the error: its text may quote what the caller sent.
    _log.error("%s %s: %s", request.method, request.url.path, type(error).__name__)
    return _answer(500, "internal_error", "the API failed", "See its log")
