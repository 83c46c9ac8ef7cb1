"""What the chain of the audit trail costs a write: the embedded API with it and without, in turns."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, insert

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

WRITES = 400
ROUNDS = 5
_COLUMNS = ("organization", "actor", "action", "object_", "trace", "key", "stack")
_RECORD = insert(t.audit)


def compare_auditing(folder: Path) -> None:
    """Changes of an integration a second, chained and unchained."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = embedded.connect(
        Settings("embedded", database=folder / "audit.sqlite", user="ada@example.com"), create=True
    )
    body = {"provider": "AWS", "title": "bench", "roleArn": "arn:aws:iam::123456789012:role/encord"}
    made = client.call("POST", "cloud-integrations", body={**body, "buckets": [{"name": "acme"}]})
    path = f"cloud-integrations/{made['integration']['integrationUuid']}"
    chained, unchained = [], []
    # The unchained rounds leave entries that no chain holds, so this database is for nothing else.
    for _ in range(ROUNDS):
        chained.append(_rate(client, path))
        with _unchained():
            unchained.append(_rate(client, path))
    client.close()
    each = ", ".join(f"{a / b:.2f}" for a, b in zip(chained, unchained, strict=True))
    print(
        f"writes with a chained audit trail: {median(chained) / median(unchained):.2f} times those with "
        f"plain entries ({median(chained):,.0f} and {median(unchained):,.0f} a second; rounds {each})",
        flush=True,
    )


def _rate(client: Client, path: str) -> float:
    began = time.perf_counter()
    for number in range(WRITES):
        client.call("PATCH", path, body={"title": f"bench {number}"})
    return WRITES / (time.perf_counter() - began)


@contextmanager
def _unchained() -> Iterator[None]:
    """Entries as they were before they had a chain: one row each, and nothing looked up."""
    sequences = count(time.time_ns())

    def plain(connection: Connection, _vault: Any, **entry: Any) -> None:
        row = {name.rstrip("_"): entry.get(name, "") for name in _COLUMNS}
        row |= {"detail": json.dumps(entry["detail"], sort_keys=True), "at": now(), "outcome": "done"}
        connection.execute(_RECORD, {**row, "sequence": next(sequences), "mac": ""})

    with patch.object(audit, "record", plain):
        yield
