"""Certificates of a test's own."""

import datetime
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


class Authority:
    """Makes certificates that a test trusts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        self.of_key = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = self.certificate(self.name, self.key, [(x509.BasicConstraints(True, None), True)], usage)
        self.file = folder / "ca.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def certificate(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
        usage: x509.KeyUsage,
        ends: datetime.timedelta = DAY,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - 2 * DAY).not_valid_after(now + ends)
        of_authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.of_key)
        of_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        for extension, critical in [*extensions, (usage, True), (of_key, False), (of_authority, False)]:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def server(self, host: str, asked: list[str | None], ends: datetime.timedelta = DAY) -> ssl.SSLContext:
        """A server's side, which notes the names that it is asked as; `ends` is from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        made = self.certificate(x509.Name([]), key, [(names, True)], usage, ends)
        file = self.folder / "server.pem"
        form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret = key.private_bytes(serialization.Encoding.PEM, *form)
        file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)

        def note(_stream: Any, name: str | None, _context: Any) -> None:
            asked.append(name)

        context.sni_callback = note
        return context
