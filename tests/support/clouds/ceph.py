"""Ceph's RADOS Gateway: S3, STS and role policies of a real server on loopback, in memory.

It cannot assume a role whose trust asks for an external id; LocalEmu judges those.
"""

import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support.clouds.aws import Keys, connect, document, filled, trusting
from tools.clouds.kits import KITS
from tools.clouds.process import Processes, answers_http, free_ports

CUSTOMER, SAAS, STRANGER = (f"arn:aws:iam:::user/{name}" for name in ("cust", "saas", "stranger"))
KEYS: dict[str, Keys] = {
    arn: (f"{name}KEY", f"{name}SECRET")
    for arn, name in ((CUSTOMER, "CUST"), (SAAS, "SAAS"), (STRANGER, "STRANGER"))
}
_CONFIG = """\
[global]
fsid = {fsid}
mon host = {monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc secure
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 2000
mon data avail crit = 1
paxos propose interval = 0.02
paxos min wait = 0.01
osd heartbeat grace = 60
osd objectstore = memstore
memstore device bytes = 1073741824
osd class dir = {libraries}/rados-classes
plugin dir = {libraries}/ceph
erasure code dir = {libraries}/ceph/erasure-code
run dir = {folder}
crash dir = {folder}
admin socket =
pid file =
log file = {folder}/$name.ceph-log
keyring = {folder}/keyring
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
rgw crypt require ssl = false
rgw relaxed s3 bucket names = true
"""


@dataclass(frozen=True)
class User:
    """A user of a server."""

    server: "Ceph"
    name: str

    @property
    def arn(self) -> str:
        """As policies name them."""
        return f"arn:aws:iam:::user/{self.name}"

    @property
    def keys(self) -> tuple[str, str]:
        """The key pair."""
        return f"KEY{self.name}", f"SECRET{self.name}"

    def suspend(self) -> None:
        """Disables the key pair."""
        self.server.suspend(self.name)


class Ceph:
    """One server: a monitor, a store in memory, the gateway, and three users."""

    def __init__(self) -> None:
        self._processes = Processes("ceph")
        port, *monitor = free_ports(3)
        self.endpoint = f"http://127.0.0.1:{port}"
        self._root = KITS["ceph"].folder / "root"
        self._libraries = next((self._root / "usr" / "lib").glob("*-linux-gnu"))
        try:
            self._up(port, "[v2:127.0.0.1:{},v1:127.0.0.1:{}]".format(*monitor))
        except BaseException:
            self.stop()
            raise

    def client(self, service: str, keys: Keys = KEYS[CUSTOMER]) -> Any:
        """A boto3 client as somebody: key, secret and, of a session, its token."""
        return connect(service, self.endpoint, keys)

    def bucket(self, objects: Mapping[str, bytes], prefix: str = "acme-") -> str:
        """A new bucket of the customer with objects; answers its name."""
        return filled(self.client("s3"), objects, prefix)

    def bucket_policy(self, bucket: str, *statements: Mapping[str, Any]) -> None:
        """Says who else may use a bucket."""
        self.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(*statements))

    def role(self, *statements: Mapping[str, Any], trusted: str = SAAS) -> str:
        """A new role of the customer that trusts one user; answers its ARN."""
        iam, name = self.client("iam"), f"role-{uuid4().hex[:8]}"
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusting(trusted)))
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(made["Role"]["Arn"])

    def user(self) -> "User":
        """A new user, who may do nothing."""
        made = User(self, f"user-{uuid4().hex[:8]}")
        key, secret = made.keys
        self._admin(
            "create", made.name, f"--display-name={made.name}", f"--access-key={key}", f"--secret={secret}"
        )
        return made

    def suspend(self, user: str) -> None:
        """Disables a user's keys."""
        self._admin("suspend", user)

    def stop(self) -> None:
        """Ends it."""
        self._processes.stop()

    def _admin(self, verb: str, user: str, *words: str) -> None:
        self._run("radosgw-admin", "-n", "client.rgw", "user", verb, f"--uid={user}", *words)

    def _up(self, port: int, monitor: str) -> None:
        folder, fsid, osd = self._processes.folder, str(uuid4()), str(uuid4())
        given = {"fsid": fsid, "monitor": monitor, "folder": folder, "port": port}
        (folder / "ceph.conf").write_text(_CONFIG.format(**given, libraries=self._libraries))
        for name in ("mon", "osd", "rgw"):
            (folder / name).mkdir()
        (folder / "keyring").touch()
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", monitor, f"{folder}/monmap")
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", f"{folder}/monmap")
        self._start("ceph-mon", "-i", "a")
        self._run("ceph", "--connect-timeout", "60", "osd", "new", osd)
        self._run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
        self._start("ceph-osd", "-i", "0")
        self._start("radosgw", "-n", "client.rgw")
        self._processes.await_answer(lambda: answers_http(self.endpoint))
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._make_user, KEYS))

    def _make_user(self, arn: str) -> None:
        name, (key, secret) = arn.rpartition("/")[2], KEYS[arn]
        words = [f"--display-name={name}", f"--access-key={key}", f"--secret={secret}"]
        caps = ["--caps", "roles=*;user-policy=*"] if arn == CUSTOMER else []
        self._admin("create", name, *words, *caps)

    def _start(self, program: str, *words: str) -> None:
        self._processes.start([*self._command(program), "-f", *words], self._environment())

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [*self._command(program), *words],
            env={**os.environ, **self._environment()},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {(done.stderr or done.stdout)[-2000:]}"

    def _command(self, program: str) -> list[str]:
        # Its Python modules are built for the system's interpreter, whichever runs the tests.
        path = str(self._root / "usr" / "bin" / program)
        return ["/usr/bin/python3", path] if program == "ceph" else [path]

    def _environment(self) -> dict[str, str]:
        usr, libraries = self._root / "usr", self._libraries
        folders = (libraries, libraries / "ceph", self._root / "lib" / libraries.name)
        return {
            "CEPH_CONF": str(self._processes.folder / "ceph.conf"),
            "LD_LIBRARY_PATH": ":".join(map(str, folders)),
            "PYTHONPATH": str(usr / "lib" / "python3" / "dist-packages"),
        }
