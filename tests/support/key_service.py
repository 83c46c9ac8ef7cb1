"""The key service of the tests' stacks: what HashiCorp Vault's transit engine answers to Pulumi.

With a passphrase, each command of the CLI derives the stack's key by 1,000,000 rounds of PBKDF2, which took
a quarter of its CPU time. The demo and `test_language_host.py` use a passphrase.
"""

import json
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PROVIDER = "hashivault://tests"
MARK = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/transit/encrypt/"):
            data = {"ciphertext": MARK + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(MARK)}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@lru_cache(1)
def environment() -> dict[str, str]:
    """Where `PROVIDER` is, for the CLI; it serves until this process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    return {"VAULT_ADDR": address, "VAULT_SERVER_URL": address}
