"""A Google Cloud project on the tests' Cloud Storage, and a Pulumi project that declares what is in it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.settings import Settings
from tests.support.cloud_plugins import gcp
from tests.support.clouds.gcp_customer import ORIGIN, clouds, principals, trusting
from tests.support.clouds.gcs import Gcs
from tests.support.engine import USER, Project

OWN_CORS = {"origin": ["https://own.test"], "method": ["PUT"], "maxAgeSeconds": 60}
"""A rule of the customer's own."""


class GcpProject:
    """A project that holds nothing; the API acts as its service account, Pulumi as the owner."""

    def __init__(self, project: Project, gcs: Gcs, **settings: str | None) -> None:
        self.project, self.gcs = project, gcs
        self.name = f"acme-{uuid4().hex[:10]}"
        project.configure(**{**gcs.settings(), "appOrigins": ORIGIN, **settings})
        # Whoever else looks for credentials of Google in there finds none.
        project.env |= {
            **gcp.environment(project.env, gcs),
            **gcs.trusted(),
            "GOOGLE_APPLICATION_CREDENTIALS": "/nonexistent",
        }
        project.new_stack()

    def declare(self, program: str) -> None:
        """Makes it the program; ACME in it stands for a name of this project's own."""
        (self.project.folder / "__main__.py").write_text(program.replace("ACME", self.name))

    def bucket(self, suffix: str, *keys: str) -> str:
        """A bucket that exists, with objects and CORS rules of the customer's own."""
        return self.bucket_named(f"{self.name}-{suffix}", *keys)

    def bucket_named(self, name: str, *keys: str) -> str:
        """The same under a name that others chose."""
        self.gcs.make_bucket(dict.fromkeys(keys, b"data"), name=name)
        app = {"origin": [ORIGIN], "method": ["GET", "HEAD"], "maxAgeSeconds": 3600}
        self.gcs.cors(name, [app, OWN_CORS])
        return name

    def conditions(self, bucket: str) -> dict[str, str]:
        """Those of the bucket's bindings, by the part of their titles that tells them apart."""
        found = [one["condition"] for one in self.gcs.policy(bucket)]
        return {one["title"].rpartition("/")[2]: one["expression"] for one in found}

    def left(self) -> set[str]:
        """Buckets of the test that are there."""
        return {name for name in self.gcs.buckets() if name.startswith(self.name)}

    def members(self) -> set[str]:
        """Whom the one living integration lets in, beside whoever deploys."""
        (uuid,) = self.project.living()
        return set(members.of(self.project.api(), uuid)) - {USER}

    @contextmanager
    def api(self) -> Iterator[Client]:
        """The embedded API in this process, as the service account."""
        settings = Settings(
            "embedded",
            database=self.project.folder / self.project.config["database"],
            user=USER,
            principals=principals(self.gcs),
            clouds=clouds(self.gcs),
        )
        with trusting(self.gcs), closing(embedded.connect(settings)) as client:
            yield client

    def signed(self, bucket: str, *keys: str) -> dict[str, str]:
        """Key -> the URL that the one living integration gives for it."""
        (uuid,) = self.project.living()
        body = {"objectUrls": [f"gs://{bucket}/{key}" for key in keys]}
        with self.api() as client:
            found: Any = client.call("POST", f"cloud-integrations/{uuid}/signed-urls", body=body)
        return dict(zip(keys, (one["url"] for one in found["results"]), strict=True))

    def preflight(self, url: str, origin: str, method: str = "GET") -> bool:
        """Whether a browser may send the request from there."""
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        answer = plain(self.gcs, url, "OPTIONS", **asked)
        allowed = answer.headers.get("Access-Control-Allow-Methods", "").split(", ")
        return answer.headers.get("Access-Control-Allow-Origin") == origin and method in allowed


def plain(gcs: Gcs, url: str, method: str = "GET", **headers: str) -> requests.Response:
    """What is answered to somebody without any credential."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, headers=headers, verify=str(gcs.authority), timeout=20)


class Anonymous:
    """Somebody without any credential, who tries to read a bucket as long as the block runs."""

    def __init__(self, gcs: Gcs, bucket: str, *keys: str) -> None:
        self._gcs, self._bucket = gcs, bucket
        root = f"{gcs.endpoint}/storage/v1/b/{bucket}"
        self._urls = {f"{root}/o", f"{root}/iam", *map(self._url, keys)}
        self._over, self._thread = Event(), Thread(target=self._try_on, daemon=True)
        self.statuses: list[int] = []

    def __enter__(self) -> "Anonymous":
        self.statuses += self._now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def refused(self, *more: str) -> bool:
        """Whether nothing was ever readable, nor is it now; and of other objects now."""
        self._urls |= {*map(self._url, more)}
        return all(400 <= status < 500 for status in [*self.statuses, *self._now()])

    def _url(self, key: str) -> str:
        return f"{self._gcs.endpoint}/{self._bucket}/{quote(key)}"

    def _try_on(self) -> None:
        while not self._over.wait(0.4):
            self.statuses += self._now()

    def _now(self) -> list[int]:
        return [plain(self._gcs, url).status_code for url in sorted(self._urls)]
