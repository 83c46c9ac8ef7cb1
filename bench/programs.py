"""The programs that are measured, as texts for a project's `__main__.py`: all types in turn."""

_DECLARED = """
BUCKETS = ["acme-train"]
KEYS = {"access_key_id": "ACMEKEY", "secret_access_key": "bench"}
TYPES = {
    "AwsIntegration": {"role_arn": "arn:aws:iam::123456789012:role/encord", "buckets": BUCKETS},
    "GcpIntegration": {"buckets": BUCKETS},
    "AzureIntegration": {
        "storage_account": "acmestorage",
        "container": "training",
        "sas_token": f"sv=2024-11-04&ss=b&srt=co&sp=rl&se=2030-12-31T23:59:59Z&sig={'A' * 43}%3D",
    },
    "OtcIntegration": {
        "endpoint": "https://obs.eu-de.otc.t-systems.com", "region": "eu-de", "buckets": BUCKETS, **KEYS
    },
    "S3CompatibleIntegration": {
        "preset": "MINIO", "endpoint": "https://minio.example.com:9000", "buckets": BUCKETS, **KEYS
    },
    "DirectAccessIntegration": {"source": "AWS", "url_kind": "UNSIGNED"},
}
NAMES = list(TYPES)
"""

INTEGRATIONS = f"""{_DECLARED}
import pulumi_encord_integrations as encord

for n in range(COUNT):
    kind = NAMES[n % len(NAMES)]
    getattr(encord, kind)(f"i{{n}}", title=f"Integration {{n}}", **TYPES[kind])
"""

_INTEGRATION = """
import pulumi_encord_integrations as encord

held = encord.GcpIntegration("held", title="Held", buckets=["acme-train"])
"""

EMPTY = "import pulumi_encord_integrations"

MANY = f"""{_INTEGRATION}
members = [{{"user": f"person-{{n}}@example.com", "role": "user"}} for n in range(COUNT)]
encord.IntegrationMembers("all", integration=held, members=members)
"""

SINGLE = f"""{_INTEGRATION}
for n in range(COUNT):
    encord.IntegrationMember(f"m{{n}}", integration=held, user=f"person-{{n}}@example.com", role="user")
"""

NOOP_MEMBERS = f"""{_INTEGRATION}
from bench.noop import NoopMember

for n in range(COUNT):
    NoopMember(f"m{{n}}", held, f"person-{{n}}@example.com")
"""

NOOPS = f"""{_DECLARED}
from bench.noop import Noop

for n in range(COUNT):
    kind = NAMES[n % len(NAMES)]
    Noop(f"i{{n}}", kind, {{"title": f"Integration {{n}}", **TYPES[kind]}})
"""
