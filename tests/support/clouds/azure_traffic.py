"""What reaches the gateway before Azurite, and what somebody without a credential reads."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from tests.support.clouds import azure_gateway
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.azurite import StorageAccount
from tests.support.clouds.fetching import fetched


@contextmanager
def judging_signatures(subscription: Subscription) -> Iterator[None]:
    """Answers an account SAS that no key of the account has signed as Azure does.

    Azurite refuses it as well, with the code that Azure has for network rules: AuthorizationFailure.
    """
    judge = subscription.rules.refusal

    def judging(method: str, path: str, query: Mapping[str, str], token: str) -> tuple[int, str] | None:
        account = next((one for one in subscription.accounts if path.split("/")[1] == one.name), None)
        if account and "ss" in query and not _signed_by(account, query):
            return 403, "AuthenticationFailed"
        return judge(method, path, query, token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            azure_gateway._WORDS, "AuthenticationFailed", "Server failed to authenticate the request."
        )
        patch.setattr(subscription.rules, "refusal", judging)
        yield


def _signed_by(account: StorageAccount, query: Mapping[str, str]) -> bool:
    named = [query.get(part, "") for part in ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses")]
    signed = "\n".join([account.name, *named, ""]).encode()
    made = (hmac.new(b64decode(key), signed, "sha256").digest() for key in account.keys)
    return query["sig"] in {b64encode(one).decode() for one in made}


@dataclass
class Asked:
    """The requests that reach a gateway while the block runs, as `METHOD path?what`."""

    lines: list[str] = field(default_factory=list)

    @property
    def listings(self) -> list[str]:
        return [line for line in self.lines if line.endswith("?list")]

    @property
    def paths(self) -> set[str]:
        """What was read: container and blob."""
        return {line.partition(" ")[2].partition("?")[0] for line in self.lines}


@contextmanager
def asked(subscription: Subscription) -> Iterator[Asked]:
    """Notes what is asked of the gateway; preflights apart."""
    found, judge = Asked(), subscription.rules.refusal

    def noting(method: str, path: str, query: Mapping[str, str], token: str) -> tuple[int, str] | None:
        found.lines.append(f"{method} {path.partition('/')[2].partition('/')[2]}?{query.get('comp', '')}")
        return judge(method, path, query, token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscription.rules, "refusal", noting)
        yield found


class Stranger:
    """Somebody without any credential, who tries to read a container as long as the block runs."""

    def __init__(self, subscription: Subscription, container: str = "") -> None:
        account = subscription.data_endpoint.replace("{account}", subscription.account.name)
        whole = f"{account}/{container or subscription.container}"
        self._urls = {f"{whole}/data.mp4", f"{whole}?restype=container&comp=list"}
        self._whole, self._certificate = whole, subscription.certificate
        self._over, self._thread = Event(), Thread(target=self._try_on, daemon=True)
        self.statuses: list[int] = []

    def __enter__(self) -> "Stranger":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def refused(self, *more: str) -> bool:
        """Whether nothing, blobs that have a name by now included, was ever readable, and is not now."""
        self._urls |= {f"{self._whole}/{key}" for key in more}
        now = self._statuses()
        return all(400 <= status < 500 for status in [*self.statuses, *now])

    def _try_on(self) -> None:
        while not self._over.is_set():
            self.statuses += self._statuses()
            self._over.wait(0.2)

    def _statuses(self) -> list[int]:
        return [fetched(url, certificate=self._certificate)[0] for url in list(self._urls)]
