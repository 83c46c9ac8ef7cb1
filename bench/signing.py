"""Signed URLs through the API, beside the two libraries in plain loops."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import obstore
from botocore.config import Config
from obstore.store import S3Store

from bench.serving import serving

URLS = 20_000
BATCH = 1_000
ROUNDS = 3
KEY, SECRET, BUCKET, ENDPOINT = (
    "AKEXAMPLE1234567",
    "bench-secret",
    "acme-training",
    "https://minio.example.com",
)
KEYS = [f"videos/2026/camera-{n % 7}/clip {n:06}.mp4" for n in range(URLS)]


def compare_signing(folder: Path) -> None:
    """URLs per second, the three in turns."""
    with serving(folder / "signing") as api:
        client = api.client()
        made = client.call("POST", "cloud-integrations", body=_integration())
        path = f"cloud-integrations/{made['integration']['integrationUuid']}/signed-urls"

        def ours() -> None:
            for start in range(0, URLS, BATCH):
                body = {"objectUrls": KEYS[start : start + BATCH]}
                assert len(client.call("POST", path, body=body)["results"]) == BATCH

        rates: dict[str, list[float]] = {"api": [], "boto3": [], "obstore": []}
        for _ in range(ROUNDS):
            for name, work in (("api", ours), ("boto3", _by_boto3), ("obstore", _by_obstore)):
                rates[name].append(_rate(work))
    api_rate, boto, obs = (median(rates[name]) for name in ("api", "boto3", "obstore"))
    by_boto3 = f"{api_rate / boto:.1f} times boto3 in a plain loop (aim: at least 5)"
    by_obstore = f"{api_rate / obs:.2f} times obstore in a plain loop (aim: at least 0.5)"
    print(
        f"signed URLs through the API, {BATCH:,} in a request: {by_boto3}, {by_obstore}; "
        f"{api_rate:,.0f}, {boto:,.0f} and {obs:,.0f} a second",
        flush=True,
    )


def _integration() -> dict[str, Any]:
    return {
        "provider": "S3_COMPATIBLE",
        "title": "bench",
        "preset": "MINIO",
        "endpoint": ENDPOINT,
        "buckets": [BUCKET],
        "accessKeyId": KEY,
        "secretAccessKey": SECRET,
    }


def _rate(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return URLS / (time.perf_counter() - started)


def _by_boto3() -> None:
    client = boto3.client(
        "s3",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        endpoint_url=ENDPOINT,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    for key in KEYS:
        client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=3600)


def _by_obstore() -> None:
    store = S3Store(
        BUCKET,
        access_key_id=KEY,
        secret_access_key=SECRET,
        region="us-east-1",
        endpoint=ENDPOINT,
    )
    for key in KEYS:
        obstore.sign(store, "GET", key, timedelta(hours=1))
