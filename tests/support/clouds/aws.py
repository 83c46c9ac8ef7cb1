"""What the servers of S3, STS and IAM have in common: clients, sessions and policies."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

REGION = "us-east-1"
Keys = tuple[str, ...]
_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 1},
    connect_timeout=10,
    read_timeout=30,
)


def connect(service: str, endpoint: str, keys: Keys) -> Any:
    """A boto3 client as somebody: key, secret and, of a session, its token."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_session_token=keys[2] if len(keys) > 2 else None,
        config=_CONFIG if service == "s3" else None,
    )


def assume(sts: Any, role: str, **more: Any) -> Keys:
    """The keys and the token of a session of a role."""
    found = sts.assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


def filled(s3: Any, objects: Mapping[str, bytes], prefix: str = "acme-") -> str:
    """A new bucket with objects, whose name begins so; answers the name."""
    name = f"{prefix}{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    for key, content in objects.items():
        s3.put_object(Bucket=name, Key=key, Body=content)
    return name


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document, without spaces: old RADOS gateways read them as plus signs."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def trusting(principal: str, **condition: Any) -> dict[str, Any]:
    """A trust statement."""
    found: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return found | ({"Condition": condition} if condition else {})


def reading(bucket: str, prefix: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """The statements that let a bucket, or what begins with a prefix there, be read and listed."""
    arn = f"arn:aws:s3:::{bucket}"
    get = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{arn}/{prefix}*"]}
    listing: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [arn]}
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
    return get, listing
