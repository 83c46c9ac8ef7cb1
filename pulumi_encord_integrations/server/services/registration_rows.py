"""Registered items as JSON.

Metadata is answered as it is stored: whatever an earlier release took, a listing cannot fail on it.
"""

import json
from collections.abc import Sequence

from pulumi_encord_integrations.model.registrations import RegistrationView
from pulumi_encord_integrations.server.store.database import Record

_STORED = {"video_metadata", "image_metadata", "client_metadata"}
"""JSON that is kept as a text."""


def page_of(results: Sequence[str], token: str | None) -> str:
    """`Page[RegistrationView]` as on the wire."""
    return f'{{"results":[{",".join(results)}],"nextPageToken":{json.dumps(token)}}}'


def rendered(row: Record, urls: list[str]) -> str:
    """`RegistrationView` as on the wire."""
    known = RegistrationView.model_construct(
        uuid=row.uuid,
        integration=row.integration,
        data_type=row.data_type,
        object_urls=urls,
        title=row.title,
        video_metadata=None,
        client_metadata={},
    )
    stored = {
        "videoMetadata": row.media_metadata if row.data_type == "VIDEO" else None,
        "imageMetadata": row.media_metadata if row.data_type == "IMAGE" else None,
        "clientMetadata": row.client_metadata,
    }
    more = ",".join(f'"{name}":{text or "null"}' for name, text in stored.items())
    return f"{known.model_dump_json(by_alias=True, exclude=_STORED)[:-1]},{more}}}"
