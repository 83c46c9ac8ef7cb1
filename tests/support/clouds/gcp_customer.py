"""An API in this process on the tests' Cloud Storage, and customers whose buckets it reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.gcp import (
    GcpBinding,
    gcp_bindings,
    gcp_challenge_binding,
    gcp_cors,
    gcp_member,
)
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.clouds import outbound
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, INTEGRATIONS, Answer, Api
from tests.support.clouds.gcs import Gcs
from tests.support.clouds.objects import KEYS, OUTSIDE

ORIGIN = "https://app.test"
TITLE = "encord by hand"


def principals(gcs: Gcs) -> Principals:
    """Whom buckets let in, and from where browsers come."""
    return Principals(service_account_email=gcs.email, origins=[ORIGIN])


def clouds(gcs: Gcs, *, endpoint: str = "", key_file: Path | None = None) -> CloudAccess:
    """How the API reaches Cloud Storage."""
    return CloudAccess(
        gcp_key_file=key_file or gcs.key_file,
        gcs_endpoint=endpoint or gcs.endpoint,
        private_networks=(ip_network("127.0.0.0/8"),),
    )


@contextmanager
def trusting(gcs: Gcs) -> Iterator[None]:
    """Makes this process trust the certificate of Cloud Storage."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in gcs.trusted().items():
            patch.setenv(name, value)
        # It reads SSL_CERT_FILE once.
        outbound._tls.cache_clear()
        yield
    outbound._tls.cache_clear()


def call(api: Api, gcs: Gcs, **how: Any) -> None:
    """Lets the API be the service account; see `clouds`."""
    api.app.state.deployment = Deployment(api.vault, principals(gcs), clouds(gcs, **how))


class GcpCustomer:
    """A bucket with odd names in it, and an integration that reads it, whole or under prefixes.

    With a `view` the integration is there already.
    """

    def __init__(
        self,
        api: Api,
        gcs: Gcs,
        *,
        bucket: str = "",
        prefixes: Sequence[str] = (),
        who: str = CREATOR,
        view: dict[str, Any] | None = None,
        **given: Any,
    ) -> None:
        self.api, self.gcs, self.who, self.prefixes = api, gcs, who, list(prefixes)
        self.bucket = bucket or gcs.make_bucket({key: key.encode() for key in [*KEYS, OUTSIDE]})
        declared = {"name": self.bucket, "prefixes": self.prefixes}
        body = {"provider": "GCP", "title": f"data of {who}", "buckets": [declared], **given}
        self.view = view or self._made(body)

    def _made(self, body: Any) -> dict[str, Any]:
        answer = self.api.send(who=self.who, method="POST", body=body)
        assert answer.status == 200, answer.body
        made: dict[str, Any] = answer.body["integration"]
        return made

    @property
    def uuid(self) -> str:
        return str(self.view["integrationUuid"])

    @property
    def challenge_key(self) -> str:
        return f".encord/{self.uuid}"

    def bindings(self, *, prefixes: Sequence[str] | None = None, writable: bool = False) -> list[GcpBinding]:
        """Those that our documents say, for its own prefixes or others."""
        under = self.prefixes if prefixes is None else list(prefixes)
        return gcp_bindings({"name": self.bucket, "prefixes": under}, title=TITLE, writable=writable)

    def permit(self, *bindings: GcpBinding) -> None:
        """Makes these all the bindings of the bucket, with that of the challenge where it is limited."""
        all_ = [*bindings]
        if self.prefixes:
            all_.append(gcp_challenge_binding(self.bucket, self.uuid, title=TITLE))
        members = [gcp_member(self.gcs.email)]
        policy = [{"role": one.role, "members": members, "condition": one.condition} for one in all_]
        self.gcs.set_policy(self.bucket, *policy)

    def prove(self, key: str = "", **other: Any) -> None:
        """Writes the challenge object of the integration, or what differs from it."""
        known = {
            "integration_id": self.uuid,
            "challenge": self.view["challenge"],
            "bucket": self.bucket,
            "prefixes": self.prefixes,
        }
        one = challenge_object(**{**known, **other})
        self.gcs.put(self.bucket, key or self.challenge_key, one.value.encode())

    def open(self) -> None:
        """Does all that our documents say."""
        self.permit(*self.bindings())
        self.prove()
        self.gcs.cors(self.bucket, gcp_cors([ORIGIN]))

    def check(self, **request: Any) -> dict[str, dict[str, Any]]:
        """Name -> what was found."""
        answer = self._ask("access-check", request or None)
        assert answer.status == 200, answer.body
        self.valid = answer.body["valid"]
        return {one["name"]: one for one in answer.body["checks"]}

    def sign(self, *keys: str) -> Answer:
        """Asks for signed URLs."""
        urls = [f"gs://{self.bucket}/{key}" for key in keys or KEYS]
        return self._ask("signed-urls", {"objectUrls": urls})

    def _ask(self, what: str, body: Any) -> Answer:
        path = f"{INTEGRATIONS}/{self.uuid}/{what}"
        return self.api.send(who=self.who, method="POST", path=path, body=body)
