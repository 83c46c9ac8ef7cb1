"""A machine's clock that a test sets."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest

from pulumi_encord_integrations.client.auth import Signer

_TIME = time.time
_SERVER = "pulumi_encord_integrations.server."


class Clock:
    """The wall clock of the API in this process and of who signs; what measures spans goes on as ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        """Seconds."""
        shifted = self._datetime()
        for name, module in list(sys.modules.items()):
            if name.startswith(_SERVER) and getattr(module, "datetime", None) is datetime:
                monkeypatch.setattr(module, "datetime", shifted)
        monkeypatch.setattr(time, "time", self.time)
        monkeypatch.setattr(Signer.__init__, "__defaults__", (self.time,))

    def time(self) -> float:
        return _TIME() + self.ahead

    def set(self, **ahead: float) -> None:
        """How far it is ahead of the right time, as a `timedelta` is told."""
        self.ahead = timedelta(**ahead).total_seconds()

    def _datetime(self) -> Any:
        clock = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(clock.time(), tz)

        return Shifted
