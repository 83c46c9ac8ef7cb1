"""iam-simulate: says what AWS's documented evaluation makes of policies, without a server."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.clouds.kits import KITS

SCRIPT = Path(__file__).with_suffix(".mjs")
SECONDS = 120
Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """May somebody do something?"""

    principal: str
    action: str
    resource: str
    identity: Sequence[Policy] = ()
    """Policies of the principal."""
    resource_policy: Policy | None = None
    """The policy of the resource, of a role its trust policy."""
    account: str = ""
    """Whose the resource is."""
    context: Mapping[str, str] = field(default_factory=dict)
    boundaries: Sequence[Policy] = ()
    """Permissions boundaries of the principal."""
    scps: Sequence[Policy] = ()
    """Service control policies of the principal's organization."""

    def as_simulation(self) -> dict[str, Any]:
        """The question as the simulator takes it."""
        simulation: dict[str, Any] = {
            "request": {
                "principal": self.principal,
                "action": self.action,
                "resource": {"resource": self.resource, "accountId": self.account},
                "contextVariables": self.context,
            },
            "identityPolicies": _named(self.identity),
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
        }
        if self.scps:
            organization = {"orgIdentifier": "o-acme", "policies": _named(self.scps)}
            simulation["serviceControlPolicies"] = [organization]
        if self.boundaries:
            simulation["permissionBoundaryPolicies"] = _named(self.boundaries)
        if self.resource_policy:
            simulation["resourcePolicy"] = self.resource_policy
        return simulation


class Simulator:
    """Answers many questions in one process of node."""

    def verdicts(self, questions: Sequence[Question]) -> list[str]:
        """Allowed, ImplicitlyDenied or ExplicitlyDenied; a question that makes no sense fails the test."""
        answers = _asked([question.as_simulation() for question in questions], [])["verdicts"]
        for question, answer in zip(questions, answers, strict=True):
            assert not answer["errors"], f"{question}: {answer['errors']}"
            assert not answer["ignored"], f"{question}: {answer['ignored']} mean nothing to {question.action}"
        return [answer["verdict"] for answer in answers]

    def faults(self, kind: str, documents: Sequence[Policy]) -> list[Any]:
        """What is malformed in each document; its kind is `identity` or `trust`."""
        found: list[Any] = _asked([], [{"kind": kind, "policy": policy} for policy in documents])["faults"]
        return found


def _named(policies: Sequence[Policy]) -> list[dict[str, Any]]:
    return [{"name": f"policy{number}", "policy": policy} for number, policy in enumerate(policies)]


def _asked(simulations: Sequence[Any], documents: Sequence[Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", SCRIPT, KITS["iam-simulate"].folder],
        input=json.dumps({"simulations": simulations, "documents": documents}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers
