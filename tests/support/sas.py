"""SAS tokens by the clock, and the time when those of no use were taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from pulumi_encord_integrations.model.integration_types.azure import AzureSpec
from tests.support.types import CANARY, sas_token

OVER = sas_token(CANARY, "2020-05-01T10:00:00Z")


def in_(days: float) -> str:
    """The end of a token that lives that much longer."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def formerly() -> Iterator[None]:
    """Tokens are taken as they were when they had not ended, and by rules that were less strict."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AzureSpec, "unfit", lambda _spec, _now: iter(()))
        yield
