"""Bodies that the schema documents and `actions.bodies` checks, so that all problems are told at once."""

from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue


class Documented:
    """Gives a free object the schema of a type; `actions.bodies` checks it and tells all problems at once."""

    def __init__(self, type_: Any) -> None:
        self._core_schema = TypeAdapter(type_).core_schema

    def __get_pydantic_json_schema__(self, _own: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the type instead of the object's own."""
        return handler(self._core_schema)


def body_of(type_: Any) -> Any:
    """The annotation of a body."""
    return Annotated[dict[str, Any], Documented(type_)]
