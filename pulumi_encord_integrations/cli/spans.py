"""Spans of time on the command line, such as 30d."""

from datetime import UTC, datetime, timedelta

import typer


def span_of(text: str, flag: str) -> timedelta:
    """The span that a flag says; raises `typer.BadParameter`."""
    from pydantic import TypeAdapter, ValidationError

    from pulumi_encord_integrations.model.durations import Timespan
    from pulumi_encord_integrations.model.problems import message_of

    if text.strip().isdigit():
        raise typer.BadParameter(
            f"{flag} needs a unit, such as {text.strip()}d; the units are w, d, h, m and s"
        )
    try:
        seconds: int = TypeAdapter(Timespan).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(
            f"{flag} {message_of(error.errors()[0])}; the units are w, d, h, m and s"
        ) from None
    return timedelta(seconds=seconds)


def end_after(text: str | None, flag: str) -> str | None:
    """The moment when a span from now is over, as the API takes it; None for none."""
    if text is None:
        return None
    return (datetime.now(UTC) + span_of(text, flag)).isoformat(timespec="seconds").replace("+00:00", "Z")
