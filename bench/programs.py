"""The programs that are measured, as texts for a project's `__main__.py`."""

ROLE = "arn:aws:iam::123456789012:role/encord"

INTEGRATIONS = f"""
from pulumi_encord_integrations import AwsIntegration

for n in range(COUNT):
    AwsIntegration(f"i{{n}}", title=f"Integration {{n}}", role_arn="{ROLE}", buckets=["acme-train"])
"""

NOOPS = f"""
from bench.noop import Noop

for n in range(COUNT):
    Noop(f"i{{n}}", {{"title": f"Integration {{n}}", "role_arn": "{ROLE}", "buckets": ["acme-train"]}})
"""
