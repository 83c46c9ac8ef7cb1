"""What the constructors that declare an expiry of signed URLs share: warnings."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.durations import ExpiryDuration, Timespan
from pulumi_encord_integrations.model.expiry import advice

_DURATION: TypeAdapter[int] = TypeAdapter(ExpiryDuration)
_TIMESPAN: TypeAdapter[int] = TypeAdapter(Timespan)


def warn_of_expiry(resource: pulumi.Resource, duration: Any, *, by_role: bool, expected: Any = None) -> None:
    """Says, in previews too, what is worth a word about an expiry that somebody chose."""

    def warn(given: Mapping[str, Any]) -> None:
        try:
            seconds = _DURATION.validate_python(given["duration"])
            span = None if given["expected"] is None else _TIMESPAN.validate_python(given["expected"])
        except ValidationError:
            # The provider's check says what is wrong.
            return
        for text in advice(seconds, by_role=by_role, expected=span):
            pulumi.log.warn(text, resource=resource)

    pulumi.Output.all(duration=duration, expected=expected).apply(warn)
