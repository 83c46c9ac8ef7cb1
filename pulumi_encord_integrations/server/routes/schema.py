"""Bodies that the schema documents and `services.bodies` checks, so that all problems are told at once."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise PydanticKnownError("dict_type")
    return value


class Documented:
    """Gives a free object the schema of a type, which is asked for when documented."""

    def __init__(self, type_: Callable[[], Any]) -> None:
        self._type = type_

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Takes the mapping as it is: FastAPI would look at each of a million keys on the event loop."""
        return core_schema.no_info_plain_validator_function(_mapping)

    def __get_pydantic_json_schema__(self, _own: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the type instead of the object's own."""
        return handler(TypeAdapter(self._type()).core_schema)


def body_of(type_: Any) -> Any:
    """The annotation of a body."""
    return Annotated[dict[str, Any], Documented(lambda: type_)]
