"""What holds for users and service accounts alike: suspensions, auditors, and what is kept."""

from collections.abc import Iterator

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.reconciler import Context, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers import memberships

FLAGS = ("suspended", "auditor")
"""Inputs that are False where a state does not know them."""
_SUSPENDED = "is part of the organization already, and suspended"
_SUSPENDED_HINT = "declare suspended=True first: taking somebody over does not bring their access back"


def suspended_there(email: str) -> Refused:
    """Taking over an identity that is suspended would bring its access back unseen."""
    return Refused(f"{email} {_SUSPENDED}", hint=_SUSPENDED_HINT)


def kept(session: Session, email: str) -> str:
    """That a membership in the organization is kept, but for one's own: nobody removes themselves."""
    return "" if session.organization.user_email == email else memberships.kept(email, "the organization")


def own_suspension(context: Context, inputs: Properties, email: str) -> Iterator[Problem]:
    """A problem if whoever deploys would be suspended."""
    if inputs.get("suspended") and context.snapshot.deployer() == email:
        yield Problem(("suspended",), "nobody suspends themselves", "ask another admin of the organization")


def own_demotion(context: Context, inputs: Properties, email: str, *, new: bool) -> Iterator[Problem]:
    """A problem if whoever deploys would administer the organization no more."""
    role = inputs.get("role")
    if context.snapshot.deployer() != email or role in {None, "ADMIN"}:
        return
    was = (context.snapshot.users() or {}).get(email) if new else context.before.get("role")
    if was == "ADMIN":
        yield Problem(
            ("role",),
            f"{email} deploys this as an admin of the organization, and would be none for the rest of it",
            "ask another admin of the organization",
        )


def suspended_already(context: Context, inputs: Properties, email: str, *, new: bool) -> Iterator[Problem]:
    """A problem if an identity that is taken over is suspended, and not declared so."""
    if new and email in context.snapshot.suspended() and not inputs.get("suspended"):
        yield Problem(("suspended",), f"{email} {_SUSPENDED}", _SUSPENDED_HINT)


def auditing(context: Context, inputs: Properties, email: str, *, new: bool) -> Iterator[str]:
    """Who reads the whole organization from now on, or does so no more."""
    auditor = inputs.get("auditor")
    was = email in context.snapshot.auditors() if new else context.before.get("auditor", False)
    if auditor and not was:
        yield f"{email} reads the configuration and the members of every integration of the organization"
    elif was and auditor is False:
        yield f"{email} audits the organization no more"


def suspension(context: Context, inputs: Properties, email: str, *, new: bool) -> Iterator[str]:
    """Who loses all access at once, or gets it back."""
    suspended = inputs.get("suspended")
    was = email in context.snapshot.suspended() if new else context.before.get("suspended", False)
    if suspended and not was:
        yield f"{email} loses all access at once: every request of theirs is refused; memberships remain"
    elif was and suspended is False and not new:
        yield f"{email} is not suspended any more: all access comes back as it was, keys included"
