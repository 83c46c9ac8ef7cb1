"""The faults of `tests.support.transport_faults` in a real provider process."""

import os
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any


def inject(fault: str, after: int, where: str, module: ModuleType) -> None:
    """A fault between every client of this process and the API, once."""
    original = module.Client.__init__
    inside: list[Any] = []

    def init(self: Any, endpoint: str, credentials: Any, *args: Any, **more: Any) -> None:
        original(self, endpoint, credentials, *args, **more)
        if inside:
            return
        # Not before now: these modules import the one that is being patched.
        from tests.support.stateful.invariants import race
        from tests.support.transport_faults import Faulty

        inner = self._http._transport
        inside.append(inner)
        other = module.Client(endpoint, credentials, inner)
        # The next client is another one, as of what previews ask, which writes nothing.
        inside.clear()
        faulty = Faulty(inner, _Marks(), lambda path: race(other, path.split("/")[-2]))
        faulty.arm(fault, after, where)
        self._http._transport = faulty

    module.Client.__init__ = init


class _Marks(Counter[str]):
    """Leaves a file for each fault that happened."""

    def __setitem__(self, fault: str, count: int) -> None:
        Path(os.environ["ENCORD_TEST_FOLDER"], f"fault-{fault}").touch()
        super().__setitem__(fault, count)
