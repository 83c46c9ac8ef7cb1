"""Azure's own rules for accounts, containers and SAS tokens."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.model.integration_types.azure import AzureSpec
from pulumi_encord_integrations.model.sas import SasToken
from pulumi_encord_integrations.model.sas import canonical as mended
from tests.support.types import CANARY, CASES, TENANT, sas_token
from tests.unit.model.examined import NOW, canonical, places, problems

TOKEN = sas_token(CANARY)
PAGE = (
    "signed_url_expiry: custom signed URL expiration times are only available for AWS, GCP, and OTC "
    "integrations. For Azure integrations, expired SAS tokens must be updated regularly"
)


def ends_at(token: str) -> Any:
    declared = CASES["AZURE"].declared(sas_token=token)
    return AzureSpec.model_validate(declared).told()["sas_ends_at"]


@pytest.mark.parametrize("account", ["abc", "acmestorage1", "123", "a" * 24])
def test_a_storage_account_is_accepted(account: str) -> None:
    assert canonical("AZURE", storage_account=account)["storage_account"] == account


@pytest.mark.parametrize(
    "account",
    [
        "",
        "ab",
        "a" * 25,
        "Acme",
        "acme-storage",
        "acme_storage",
        "acme.blob.core.windows.net",
        "acm\u00e9",
        "12\u0663",
        "acme\n",
        7,
        ["acme"],
    ],
)
def test_what_is_no_storage_account_is_refused(account: Any) -> None:
    assert places("AZURE", storage_account=account) == {"storage_account"}


@pytest.mark.parametrize(
    "container", ["abc", "a-b", "a-b-c-1", "2026", "a" * 63, "$root", "$web", "$logs", "$blobchangefeed"]
)
def test_a_container_is_accepted(container: str) -> None:
    assert canonical("AZURE", container=container)["container"] == container


@pytest.mark.parametrize(
    "container",
    [
        "",
        "ab",
        "a" * 64,
        "Training",
        "a--b",
        "-abc",
        "abc-",
        "a_b",
        "a.b",
        "a/b",
        "$logs2",
        "$",
        "https://acme.blob.core.windows.net/training",
        "abc\n",
        "\u0661\u0662\u0663",
    ],
)
def test_what_is_no_container_is_refused(container: str) -> None:
    assert places("AZURE", container=container) == {"container"}


@pytest.mark.parametrize("container", ["$root", "$logs", "$blobchangefeed"])
def test_a_container_that_takes_no_challenge_object_is_read_by_a_sas_token(container: str) -> None:
    (problem,) = problems("AZURE", container=container, sas_token=None, tenant_id=TENANT)
    assert problem.startswith("container: ")
    assert problem.endswith("use sas_token")
    assert problems("AZURE", container="$web", sas_token=None, tenant_id=TENANT) == []


@pytest.mark.parametrize("written", [TENANT, TENANT.upper(), f"{{{TENANT}}}", TENANT.replace("-", "")])
def test_a_tenant_is_a_uuid_in_one_form(written: str) -> None:
    assert canonical("AZURE", sas_token=None, tenant_id=written)["tenant_id"] == TENANT


@pytest.mark.parametrize("tenant", ["", "acme.onmicrosoft.com", "common", TENANT[:-1], f"{TENANT}0", 7])
def test_what_is_no_tenant_is_refused(tenant: Any) -> None:
    assert places("AZURE", sas_token=None, tenant_id=tenant) == {"tenant_id"}


@pytest.mark.parametrize(
    "token",
    [
        TOKEN,
        "?" + TOKEN,
        TOKEN.replace(":", "%3A"),
        TOKEN.replace("&sig=", "&spr=https&st=2026-01-01T00:00:00Z&sig="),
        TOKEN.replace("ss=b&srt=co&sp=rl", "ss=bfqt&srt=sco&sp=rwdlacupiytfx"),
        sas_token(CANARY, "2030-12-31T23:59Z"),
        sas_token(CANARY, "2030-12-31"),
        TOKEN.replace("%3D", "="),
        TOKEN.replace("AAAA%3D", "%2B/%2FA%3D"),
    ],
)
def test_a_sas_token_is_accepted(token: str) -> None:
    assert canonical("AZURE", sas_token=token)["sas_token"] == token.removeprefix("?")


SIGNATURE = "VBc5wxRxaYtPOVVPtzTq7I5Fsc2uvNU2whpEq790%2Bl2%3D"
GOOD = TOKEN.partition("sig=")[0] + f"sig={SIGNATURE}"


@pytest.mark.parametrize(
    "pasted",
    [
        f"?{GOOD}",
        f"SharedAccessSignature={GOOD}",
        f"{GOOD}\r\n",
        f"\ufeff{GOOD}\u00a0",
        f'"{GOOD}"',
        f"'?{GOOD}'\n",
        f"\u201c {GOOD} \u201d",
        GOOD.replace("%2B", "+"),
        GOOD.replace("%2B", "%20"),
        GOOD.replace("%2B", " "),
        GOOD.replace("%3D", ""),
        f'"?{GOOD.replace("%2B", "+").replace("%3D", "")}"\r\n',
        f"sig={SIGNATURE.replace('%2B', '+')}&{GOOD.partition('&sig=')[0]}",
    ],
)
def test_what_pasting_does_to_a_token_is_mended_once_and_for_all(pasted: str) -> None:
    kept = canonical("AZURE", sas_token=pasted)["sas_token"]
    assert sorted(kept.split("&")) == sorted(GOOD.split("&"))
    assert canonical("AZURE", sas_token=kept)["sas_token"] == kept


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["+", " ", "%20", "%2B"]), st.booleans())
def test_any_signature_survives_pasting(signature: bytes, plus: str, padded: bool) -> None:
    text = b64encode(signature).decode()
    pasted = quote(text if padded else text[:-1], safe="").replace("%2B", plus)
    token = SasToken.parse(mended(f"{GOOD.partition('&sig=')[0]}&sig={pasted}"))
    assert token.parts["sig"] == text
    assert not list(token.lacks())


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "sv, se, sig missing"),
        (CANARY, "sv, se, sig missing"),
        (f"https://acme.blob.core.windows.net/training?{TOKEN}", "is a whole URL; give what follows its ?"),
        (
            f"BlobEndpoint=https://x;SharedAccessSignature={TOKEN}",
            "is a connection string; give what follows",
        ),
        (f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY}", "is a connection string"),
        (TOKEN.replace("sv=2024-11-04&", ""), "sv missing"),
        (TOKEN.replace(f"&sig={CANARY}", ""), "sig missing"),
        (TOKEN.partition("sig=")[0] + "sig=", "sig missing"),
        (TOKEN.replace("A%3D", "%3D"), "has a damaged signature: sig does not decode to 32 bytes; copy"),
        (TOKEN.replace("AA%3D", ""), "has a damaged signature"),
        (TOKEN.replace("%3D", "A"), "has a damaged signature"),
        (TOKEN.replace("%3D", "%253D"), "has a damaged signature"),
        (TOKEN.replace("AAAA%3D", "----%3D"), "has a damaged signature"),
        (TOKEN.replace("&se=2030-12-31T23:59:59Z", ""), "se missing"),
        (sas_token(CANARY, "soon"), "se is no time such as 2027-12-31T23:59:59Z"),
        (sas_token(CANARY, "2030-13-01T00:00:00Z"), "se is no time"),
        (sas_token(CANARY, "0001-01-01T00:00:00%2B14:00"), "se is no time"),
        (TOKEN.replace("ss=b&srt=co", "sr=c"), "is a service SAS (sr), which opens one container or blob"),
        (
            f"sr=c&si=readers&sv=2020-06-12&{TOKEN.partition('&se=')[2].partition('&')[2]}",
            "is a service SAS of a stored access policy (si), which opens one container; make an account SAS",
        ),
        (TOKEN.replace("ss=b&srt=co&sp=rl&", "si=stored-policy&sr=c&"), "a stored access policy (si)"),
        (
            TOKEN.replace("ss=b&srt=co", "sr=c&skoid=x&sktid=y"),
            "is a user delegation SAS, which ends within 7 days",
        ),
        (TOKEN.replace("sp=rl&", ""), "is no account SAS"),
        (f"{TOKEN}&sp=rl", "a part appears twice"),
        (TOKEN.replace("ss=b", "ss=f"), "ss must hold b; allow the Blob service"),
        (TOKEN.replace("srt=co", "srt=o"), "srt must hold c and o"),
        (TOKEN.replace("srt=co", "srt=c"), "srt must hold c and o"),
        (TOKEN.replace("sp=rl", "sp=r"), "sp must hold r and l"),
        (TOKEN.replace("sp=rl", "sp=wl"), "containers and objects, read and list"),
        (TOKEN.replace("sp=rl", "sp=RL"), "sp must hold r and l"),
        (TOKEN.replace("sp=rl", "sp="), "is no account SAS"),
        (TOKEN.replace("sp=rl", "sp=%C5%95%C4%BA"), "sp must hold r and l"),
        (
            TOKEN.replace("ss=b&srt=co&sp=rl", "ss=q&srt=s&sp=w"),
            "b, srt must hold c and o, sp must",
        ),
        (f"{TOKEN}&sr=c", "is a service SAS (sr)"),
        (f"{TOKEN}&st=soon", "st is no time such as 2027-12-31T23:59:59Z"),
        (f"{TOKEN}&st=2030-12-31T23:59:59Z", "begins only when it has ended: st is not before se"),
        (sas_token(CANARY, "2026-05-01T10:00:00Z"), "ended on 2026-05-01 10:00 UTC; make a new one"),
        (sas_token(CANARY, "2026-05-01T11:30:00%2B02:00"), "ended on 2026-05-01 09:30 UTC"),
        (sas_token(CANARY, "2026-05-01"), "ended on 2026-05-01 00:00 UTC"),
        (f"{TOKEN[:20]}\n{TOKEN[20:]}", "must be a SAS token: a query string such as"),
        (f"{TOKEN[:20]} {TOKEN[20:]}", "must be a SAS token"),
        (f"{TOKEN[:20]}\u200b{TOKEN[20:]}\n", "take out the zero width space (U+200B) at character 21"),
        (f"{TOKEN}\u00e9", "must be a SAS token"),
        (f"{TOKEN}{'x' * 5000}", "must be a SAS token"),
    ],
)
def test_what_is_no_sas_token_is_refused_without_being_quoted(token: str, words: str) -> None:
    [said] = problems("AZURE", sas_token=token)
    assert said.startswith("sas_token: ")
    assert words in said
    assert CANARY not in said


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("2030-12-31T23:59:59Z", "2030-12-31T23:59:59+00:00"),
        ("2030-12-31T23%3A59%3A59Z", "2030-12-31T23:59:59+00:00"),
        ("2030-12-31T23:59:59%2B02:00", "2030-12-31T21:59:59+00:00"),
        ("2030-12-31T23:59Z", "2030-12-31T23:59:00+00:00"),
        ("2030-12-31", "2030-12-31T00:00:00+00:00"),
    ],
)
def test_the_end_of_a_sas_token_is_told_in_utc(end: str, told: str) -> None:
    assert ends_at(sas_token(CANARY, end)) == told


@pytest.mark.parametrize(
    "token",
    [
        sas_token(CANARY, "2020-01-01"),
        TOKEN.replace("ss=b&srt=co&sp=rl", "sr=c&sp=r"),
        TOKEN.replace("AA%3D", ""),
        f"{TOKEN}&sp=rl",
        f"{TOKEN}&st=soon",
    ],
)
def test_a_stored_token_that_is_of_no_use_any_more_is_still_read(token: str) -> None:
    declared = CASES["AZURE"].declared(sas_token=token)
    made, found = AzureSpec.examine(declared)
    assert made == AzureSpec.model_validate(declared)
    assert found == []
    assert list(made.unfit(NOW))


def test_a_token_s_end_is_told_beside_all_else_that_is_wrong() -> None:
    said = problems("AZURE", sas_token=sas_token(CANARY, "2020-01-01"), title=" ", tenant_id=TENANT)
    assert [line.partition(":")[0] for line in said] == ["title", "tenant_id", "sas_token"]


def test_a_tenant_has_no_end() -> None:
    declared = CASES["AZURE"].declared(sas_token=None, tenant_id=TENANT)
    assert AzureSpec.model_validate(declared).told() == {"sas_ends_at": None}


def test_one_way_in_is_needed_and_one_is_enough() -> None:
    assert problems("AZURE", sas_token=None) == ["sas_token: is required; give it, or tenant_id"]
    assert problems("AZURE", tenant_id=TENANT) == ["tenant_id: is given beside sas_token; use one of them"]


@pytest.mark.parametrize("unknown", ["sas_token", "tenant_id"])
def test_the_way_in_is_not_judged_before_it_is_known(unknown: str) -> None:
    assert problems("AZURE", unknown) == []


def test_a_wrong_token_is_not_called_missing() -> None:
    assert len(problems("AZURE", sas_token="x")) == 1


def test_a_custom_expiry_is_refused_with_the_page_s_words() -> None:
    assert problems("AZURE", signed_url_expiry="12h") == [PAGE]
