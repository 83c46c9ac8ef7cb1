"""Google Cloud Storage for tests: gcp-storage-emulator behind a gateway of ours, which enforces.

The emulator keeps buckets, policies and objects (see `gcs_store`), and asks nobody who they are. Ours is

- who asks: tokens for the keys of service accounts, and V4 signed URLs (`gcs_principals`);
- who may: the bucket's IAM policy with its conditions, and which policies there can be (`gcs_policies`);
- what browsers are told, by the bucket's CORS rules (`gcs_cors`);
- refusals, preconditions, pages of lists and how changes of a bucket are merged (`gcs_json`, `gcs_messages`);
- that every request is one that Google's discovery document knows (`google_schemas`).

No server here can tell what else Google does: how long a change of a policy takes to be heeded, organization
policies, IAM of projects and folders (the owner may all, everybody else nothing), deny policies, object ACLs,
public buckets, keys of KMS, quotas, resumable uploads, versions, soft deletion, and of the XML API all but
reading an object. Where Google publishes no words for a refusal, they are ours.
"""

import json
import ssl
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage

from tests.support.authority import Authority
from tests.support.clouds.gcs_gateway import GcsCall, GcsGateway, GcsListener
from tests.support.clouds.gcs_principals import PROJECT, GcsPrincipals
from tests.support.clouds.gcs_store import GcsStore
from tests.support.clouds.google_session import google_session

VIEWER, CREATOR = "roles/storage.objectViewer", "roles/storage.objectCreator"


class Gcs:
    """One server, the service account of the API, and the owner of all buckets."""

    project = PROJECT

    def __init__(self) -> None:
        self._listener = GcsListener()
        self.endpoint = self._listener.endpoint
        self._store = GcsStore(self.endpoint)
        authority = Authority(self._store.folder)
        self.authority = authority.file
        """The certificate to trust: what SSL_CERT_FILE and REQUESTS_CA_BUNDLE name."""
        self._principals = GcsPrincipals(self._store.folder, self.endpoint)
        self._gateway = GcsGateway(self._store, self._principals)
        self.email, self.key_file = self._principals.make("encord-reader")
        """The API's service account, and its key."""
        self.owner, self.owner_key_file = self._principals.make("owner")
        """Who may do all in the project."""
        self._gateway.access.owner = self.owner
        self._listener.start(self._gateway, _tls(authority, self._store.folder))
        self._owner = self.client(self.owner_key_file)

    @property
    def calls(self) -> list[GcsCall]:
        """What the test has asked so far, tokens apart, by whoever it was."""
        return self._gateway.calls

    def asked(self, who: str | None = None) -> list[GcsCall]:
        """What one account has asked so far; without a name, that of the API."""
        return [call for call in self.calls if call.who == (who or self.email)]

    def settings(self) -> dict[str, str]:
        """What the API is told in the `encord` namespace to reach this server as its service account."""
        return {
            "gcpServiceAccount": self.email,
            "gcpServiceAccountKeyFile": str(self.key_file),
            "gcsEndpoint": self.endpoint,
            "privateNetworks": "127.0.0.0/8",
        }

    def trusted(self) -> dict[str, str]:
        """What makes a process trust this server's certificate, and no others."""
        return {"SSL_CERT_FILE": str(self.authority), "REQUESTS_CA_BUNDLE": str(self.authority)}

    def account(self, name: str) -> tuple[str, Path]:
        """A new service account, which may nothing yet; answers its email and the file with its key."""
        return self._principals.make(name)

    def session(self, key_file: Path, scope: str = "full_control") -> AuthorizedSession:
        """Requests as somebody, with a token for that."""
        return google_session(json.loads(key_file.read_text()), self.authority, scope)

    def client(self, key_file: Path) -> Any:
        """Google's own client, as somebody."""
        session = self.session(key_file)
        options = {"api_endpoint": self.endpoint}
        made = storage.Client(PROJECT, session.credentials, session, client_options=options)
        # Else it asks for each bucket itself, in threads of its own.
        made._bucket_metadata_cache = None
        return made

    def make_bucket(
        self,
        objects: Mapping[str, bytes] | None = None,
        *,
        name: str | None = None,
        origins: Sequence[str] = (),
        uniform: bool = True,
    ) -> str:
        """A bucket of the owner's, with objects, and CORS rules that let pages of some origins read it."""
        bucket = self._owner.bucket(name or f"acme-{uuid4().hex[:12]}")
        bucket.iam_configuration.uniform_bucket_level_access_enabled = uniform
        bucket.create()
        if origins:
            self.cors(
                bucket.name, [{"origin": list(origins), "method": ["GET", "HEAD"], "maxAgeSeconds": 3600}]
            )
        for key, content in (objects or {}).items():
            self.put(bucket.name, key, content)
        return str(bucket.name)

    def delete_bucket(self, bucket: str) -> None:
        """Ends a bucket, with what is in it."""
        for key in self.objects(bucket):
            self.delete(bucket, key)
        self._owner.bucket(bucket).delete()

    def buckets(self) -> set[str]:
        """The names of all buckets."""
        return {bucket.name for bucket in self._owner.list_buckets()}

    def resource(self, bucket: str) -> Any:
        """All settings of a bucket, as the JSON API tells them."""
        return self._owner.get_bucket(bucket)._properties

    def cors(self, bucket: str, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the CORS rules of a bucket."""
        there = self._owner.bucket(bucket)
        there.cors = list(rules)
        there.patch()

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Writes an object."""
        self._owner.bucket(bucket).blob(key).upload_from_string(content, "application/octet-stream")

    def get(self, bucket: str, key: str) -> bytes | None:
        """What an object holds; None if there is none."""
        blob = self._owner.bucket(bucket).get_blob(key)
        content: bytes | None = blob and blob.download_as_bytes()
        return content

    def delete(self, bucket: str, key: str) -> None:
        """Ends an object."""
        self._owner.bucket(bucket).blob(key).delete()

    def objects(self, bucket: str) -> list[str]:
        """The keys of all objects of a bucket."""
        return [blob.name for blob in self._owner.bucket(bucket).list_blobs()]

    def policy(self, bucket: str) -> list[dict[str, Any]]:
        """The bindings of a bucket, without those of the project's own people."""
        found = self._owner.bucket(bucket).get_iam_policy(requested_policy_version=3).bindings
        ours = [one for one in found if not one["role"].startswith("roles/storage.legacy")]
        return [{**one, "members": sorted(one["members"])} for one in ours]

    def set_policy(self, bucket: str, *bindings: Mapping[str, Any]) -> None:
        """Replaces the bindings of a bucket, but those of the project's own people."""
        there = self._owner.bucket(bucket).get_iam_policy(requested_policy_version=3)
        own = [one for one in there.bindings if one["role"].startswith("roles/storage.legacy")]
        there.version, there.bindings = 3, [*own, *map(dict, bindings)]
        self._owner.bucket(bucket).set_iam_policy(there)

    def grant(self, bucket: str, expression: str = "", *, role: str = VIEWER, email: str = "") -> None:
        """One more binding, with a condition or none; without an email, for the API's service account."""
        binding: dict[str, Any] = {"role": role, "members": [f"serviceAccount:{email or self.email}"]}
        if expression:
            binding["condition"] = {"title": uuid4().hex, "expression": expression}
        self.set_policy(bucket, *self.policy(bucket), binding)

    def down(self, *, hang: bool = False) -> None:
        """An outage, for everybody: each request is answered with 503, or not at all until it is over."""
        self._gateway.down(hang)

    def up(self) -> None:
        """The end of an outage."""
        self._gateway.up()

    def settle(self) -> None:
        """What a test ends with: it is up again, and nothing was asked that Google does not know."""
        self.up()
        self.calls.clear()
        unknown, self._gateway.unknown = self._gateway.unknown, []
        assert unknown == [], unknown

    def stop(self) -> None:
        """Ends it."""
        self._owner.close()
        self._listener.stop()
        self._store.stop()


def _tls(authority: Authority, folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    made = authority.certificate(x509.Name([]), key, [(names, True)], usage)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "gateway.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, *form)
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
