"""Azurite: Microsoft's emulator of Blob Storage over https on loopback.

It enforces keys, SAS tokens and CORS. It enforces no role assignments: whoever has a token of any tenant may
do everything, unless it is asked by way of `azure_gateway`.
"""

import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from azure.core.credentials import AccessToken
from azure.storage.blob import (
    AccountSasPermissions,
    BlobSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.clouds.entra import LOGIN
from tools.clouds.kits import KITS
from tools.clouds.process import Processes, free_ports, listens

ACCOUNT = "devstoreaccount1"
TENANT = "ab1f708d-50f6-404c-a006-d71b2ac7a606"
# Azurite's own well-known key, the same everywhere.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ACCOUNTS = 100
"""So many storage accounts, beside the well-known one, does a server have: tests take new ones."""


@dataclass(frozen=True)
class StorageAccount:
    """One of a server's accounts."""

    name: str
    keys: tuple[str, str]


class Credential:
    """An application's token; Azurite examines its claims, not who signed it."""

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": f"https://sts.windows.net/{TENANT}/",
            "tid": TENANT,
            "oid": str(uuid4()),
            "nbf": now - 10,
            "iat": now,
            "exp": now + 600,
        }
        return AccessToken(jwt.encode(claims, "x" * 32, algorithm="HS256"), now + 600)


class Azurite:
    """One server."""

    def __init__(self) -> None:
        self._processes = Processes("azurite")
        (port,) = free_ports(1)
        self.certificate = self._processes.folder / "cert.pem"
        self.key = self._processes.folder / "key.pem"
        _self_signed(self.certificate, self.key)
        prefix = f"acme{secrets.token_hex(3)}"
        self._accounts = [StorageAccount(f"{prefix}{n:03}", (_key(), _key())) for n in range(ACCOUNTS)]
        self.root = f"https://127.0.0.1:{port}"
        self.endpoint = f"{self.root}/{ACCOUNT}"
        blob = KITS["azurite"].folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
        words: list[str | Path] = ["node", blob, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        words += ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        words += ["--oauth", "basic", "--cert", self.certificate, "--key", self.key]
        known = [f"{ACCOUNT}:{KEY}", *(":".join([one.name, *one.keys]) for one in self._accounts)]
        self._processes.start(words, {"AZURITE_ACCOUNTS": ";".join(known)})
        self._processes.await_answer(lambda: listens(port))

    def new_account(self) -> StorageAccount:
        """An account that no other test has."""
        return self._accounts.pop()

    def service(self) -> BlobServiceClient:
        """The account, by its key."""
        return BlobServiceClient(self.endpoint, KEY, connection_verify=str(self.certificate), retry_total=0)

    def delegated(self) -> BlobServiceClient:
        """The account, as an application of its tenant."""
        return BlobServiceClient(
            self.endpoint, Credential(), connection_verify=str(self.certificate), retry_total=0
        )

    def container(self, blobs: Mapping[str, bytes]) -> str:
        """A new container with blobs; answers its name."""
        name = f"acme-{uuid4().hex[:12]}"
        with self.service() as service:
            made = service.create_container(name)
            for blob, content in blobs.items():
                made.upload_blob(blob, content)
        return name

    def stop(self) -> None:
        """Ends it."""
        self._processes.stop()


def account_sas(seconds: int = 3600, **more: Any) -> str:
    """An account SAS that opens containers and objects to be read and listed."""
    given: dict[str, Any] = {
        "resource_types": ResourceTypes(container=True, object=True),
        "permission": AccountSasPermissions(read=True, list=True),
        "expiry": datetime.now(UTC) + timedelta(seconds=seconds),
        **more,
    }
    return generate_account_sas(ACCOUNT, KEY, **given)


def delegation_sas(azurite: Azurite, container: str, blob: str, seconds: int = 3600) -> str:
    """A SAS by which one blob may be read, signed with a user delegation key."""
    now = datetime.now(UTC)
    with azurite.delegated() as service:
        key = service.get_user_delegation_key(now - timedelta(hours=2), now + timedelta(hours=2))
    return generate_blob_sas(
        ACCOUNT,
        container,
        blob,
        user_delegation_key=key,
        permission=BlobSasPermissions(read=True),
        expiry=now + timedelta(seconds=seconds),
    )


def _key() -> str:
    return b64encode(secrets.token_bytes(64)).decode()


def _self_signed(certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    hosts = [x509.DNSName("localhost"), x509.DNSName(LOGIN), x509.IPAddress(ip_address("127.0.0.1"))]
    names = x509.SubjectAlternativeName(hosts)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
