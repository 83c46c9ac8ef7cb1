"""What is declared and answered of a tag, and an API for it."""

import json

import httpx2

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.members import IntegrationId


class TagSpec(Sent):
    integration: IntegrationId
    name: str
    value: str


class TagView(Received):
    value: str


class TagApi:
    """Answers what is asked of tags, and leaves all else to the real API."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response | None:
        _, found, key = request.url.path.partition("/tags/")
        if not found:
            return None
        if request.method == "PUT":
            self.tags[key] = json.loads(request.content)["value"]
        if key not in self.tags:
            return httpx2.Response(404, json={"message": f"there is no tag {key}", "code": "tag_not_found"})
        value = self.tags.pop(key) if request.method == "DELETE" else self.tags[key]
        return httpx2.Response(200, json={"value": value})
