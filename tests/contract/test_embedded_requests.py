"""Requests that are answered in the thread that asks: the same rules as for any other."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server.concurrency import inline
from tests.support.api import AWS, INTEGRATIONS, NOBODY, OUTSIDER, REMOVED, Api

THREADS = 4


def embedded(api: Api) -> Api:
    """The same API, called as an embedded one is."""
    again = api.restarted()
    again.transport, again._http = in_process(inline(again.app)), {}
    return again


@pytest.mark.parametrize("who", [REMOVED, NOBODY])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_refused_over_the_wire_is_refused(local: Api, who: str, method: str) -> None:
    body = AWS if method == "POST" else None
    refusals = [api.send(who=who, method=method, body=body) for api in (local, embedded(local))]
    assert refusals[0].status in {401, 403}
    assert refusals[0].body == refusals[1].body
    assert not local.rows("integrations")


def test_who_is_no_member_is_refused(local: Api) -> None:
    path = f"{INTEGRATIONS}/{local.create()['integrationUuid']}"
    answer = embedded(local).send(who=OUTSIDER, method="PATCH", path=path, body={"title": "Mine"})
    assert answer.refusal == (403, "not_a_member")


def test_an_altered_body_is_refused(local: Api) -> None:
    api = embedded(local)
    request = api.request(method="POST", body=AWS)
    altered = api.request(method="POST", body={**AWS, "title": "Other"})
    altered.headers.update({name: request.headers[name] for name in ("Signature", "Signature-Input")})
    assert api.send(altered).status == 401
    assert not api.rows("integrations")


def test_a_repeat_acts_once(local: Api) -> None:
    api = embedded(local)
    request = api.request(method="POST", body=AWS)
    assert api.send(request).body == api.send(request).body
    assert len(api.rows("integrations")) == 1


def test_threads_write_beside_one_another(local: Api) -> None:
    api = embedded(local)
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda n: api.create(title=str(n))["integrationUuid"], range(3 * THREADS)))
    assert sorted(made) == sorted(row.uuid for row in api.rows("integrations"))
