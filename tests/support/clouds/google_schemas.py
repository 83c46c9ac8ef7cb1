"""Google's own description of its APIs: which requests there are, and what their bodies may hold.

The discovery documents come with google-api-python-client. A field, parameter or type that Google does not
name is a problem; what a document only says in words (lengths, names, which fields go together) is not known.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "number": (int, float),
}
_TEXTS = {
    "int64": re.compile(r"-?\d{1,19}"),
    "uint64": re.compile(r"\d{1,20}"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "google-duration": re.compile(r"\d+(\.\d{1,9})?s"),
}


@dataclass(frozen=True)
class GoogleMethod:
    """One method of an API: `storage.objects.get`, and so on."""

    id: str
    verb: str
    template: str
    """The path, with names of parameters in braces."""
    path: re.Pattern[str]
    parameters: Mapping[str, Schema]
    body: Schema | None
    media: bool
    """Whether it takes, or gives, the object itself."""


class GoogleApi:
    """An API by its name and version: `storage.v1`."""

    def __init__(self, name: str) -> None:
        folder = files("googleapiclient") / "discovery_cache" / "documents"
        document = json.loads((folder / f"{name}.json").read_text("utf-8"))
        self._schemas: Mapping[str, Schema] = document["schemas"]
        self._common: Mapping[str, Schema] = document["parameters"]
        self.root = f"/{document['servicePath']}"
        found = _methods(document["resources"], self.root, self._common)
        self.methods = {method.id: method for method in found}

    def method(self, verb: str, path: str) -> tuple[GoogleMethod, dict[str, str]] | None:
        """The method that a request asks for, and its parameters in the path, which is as it was sent."""
        for prefix in ("/upload", "/download", ""):
            if path.startswith(prefix + self.root):
                for method in self.methods.values():
                    match = method.path.fullmatch(path.removeprefix(prefix))
                    if match and method.verb == verb and (method.media or not prefix):
                        return method, {key: unquote(value) for key, value in match.groupdict().items()}
        return None

    def problems(self, method: GoogleMethod, query: Mapping[str, str], body: Any) -> list[str]:
        """What Google does not know, or knows otherwise, in a request; the body is None if there is none."""
        found = []
        for key, value in query.items():
            schema = method.parameters.get(key)
            if schema is None:
                found.append(f"{method.id}: no parameter {key!r}")
            elif not _is_parameter(value, schema):
                found.append(f"{method.id}: parameter {key} is {value!r}")
        if body is not None:
            where = f"{method.id}: body"
            found += self._of(body, method.body, where) if method.body else [f"{where} where there is none"]
        return found

    def body_problems(self, id_: str, body: Any) -> list[str]:
        """The same for the body alone, of the method with that id."""
        return self.problems(self.methods[id_], {}, body)

    def _of(self, value: Any, schema: Schema, where: str) -> Iterator[str]:
        schema = self._schemas[schema["$ref"]] if "$ref" in schema else schema
        if value is None or schema["type"] == "any":
            # Null is as good as nothing, and in a patch takes the field away.
            return
        if not _is_of(value, schema):
            yield f"{where} is {value!r}, not {schema.get('format') or schema['type']}"
        elif schema["type"] == "array":
            for place, one in enumerate(value):
                yield from self._of(one, schema["items"], f"{where}[{place}]")
        elif schema["type"] == "object":
            known, others = schema.get("properties", {}), schema.get("additionalProperties")
            for key, one in value.items():
                if found := known.get(key) or others:
                    yield from self._of(one, found, f"{where}.{key}")
                else:
                    yield f"{where} has no field {key!r}"


@cache
def google_api(name: str) -> GoogleApi:
    """The API of that name and version."""
    return GoogleApi(name)


def _methods(resources: Mapping[str, Any], root: str, common: Mapping[str, Schema]) -> Iterator[GoogleMethod]:
    for resource in resources.values():
        for one in resource.get("methods", {}).values():
            # A parameter is one part of a path, as sent: a slash in it is sent as %2F.
            parts = [
                f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
                for part in re.split(r"(\{\w+\})", one["path"])
            ]
            media = one.get("supportsMediaUpload", False) or one.get("supportsMediaDownload", False)
            yield GoogleMethod(
                id=one["id"],
                verb=one["httpMethod"],
                template=f"{root}{one['path']}",
                path=re.compile(re.escape(root) + "".join(parts)),
                parameters={**common, **one.get("parameters", {})},
                body=one.get("request"),
                media=media,
            )
        yield from _methods(resource.get("resources", {}), root, common)


def _is_parameter(value: str, schema: Schema) -> bool:
    if schema["type"] == "boolean":
        return value in {"true", "false"}
    if schema["type"] == "integer":
        return re.fullmatch(r"-?\d+", value) is not None
    return _is_of(value, schema) and value in schema.get("enum", [value])


def _is_of(value: Any, schema: Schema) -> bool:
    kind, form = schema["type"], schema.get("format", "")
    if isinstance(value, bool):
        return bool(kind == "boolean")
    if kind == "integer":
        return isinstance(value, int) and -(2**31) <= value < 2**31
    if form in {"int64", "uint64"} and isinstance(value, int):
        # Written as text, since JavaScript's numbers are shorter; numbers are taken as well.
        value = str(value)
    if not isinstance(value, _TYPES[kind]):
        return False
    if form == "byte":
        return _is_base64(str(value))
    return form not in _TEXTS or _TEXTS[form].fullmatch(str(value)) is not None


def _is_base64(value: str) -> bool:
    try:
        b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        return False
    return True
