"""The identities of two pipelines: one deploys what is on main, one previews pull requests."""

import pulumi

from pulumi_encord_integrations import FederationArgs, GcpIntegration, IntegrationMember, ServiceAccount

GITHUB = "https://token.actions.githubusercontent.com"
REPOSITORY = "repo:acme/data"
# What the pipelines ask GitHub to make the token for: by default the API's own address.
AUDIENCE = "https://encord-api.acme.example"

deploys: FederationArgs = {
    "issuer": GITHUB,
    "audience": AUDIENCE,
    "subject": f"{REPOSITORY}:ref:refs/heads/main",
    "scope": "write",
}
previews: FederationArgs = {**deploys, "subject": f"{REPOSITORY}:pull_request", "scope": "read"}

deploy = ServiceAccount(
    "deploy",
    name="ci-deploy",
    role="ADMIN",
    description="Deploys main",
    federations=[deploys],
)
preview = ServiceAccount(
    "preview",
    name="ci-preview",
    auditor=True,
    description="Previews pull requests",
    federations=[previews],
)

videos = GcpIntegration("videos", title="Training videos", buckets=["acme-training"])
IntegrationMember("deploy", integration=videos, user=deploy, role="admin")

pulumi.export("accounts", [deploy.email, preview.email])
