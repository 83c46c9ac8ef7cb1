"""What states hold of our providers: their names, frozen for ever.

A failure here means that deployed stacks could no longer be updated or destroyed. Do not change a string
below: put the class back where it was, under its name and without attributes. Only new classes are added.
"""

import base64
import inspect
import pickle
import subprocess
import sys

import dill  # type: ignore[import-untyped]
import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_encord_integrations.resources import providers

FROZEN = "resources/providers.py is frozen: states of deployed stacks hold this string"

# What Python up to 3.13 writes. From 3.14 on the protocol is 5, which here differs in its number alone.
GOLDEN_4 = {
    "StackIdentityProvider": (
        "gASVTwAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBVTdGFja0lkZW50aXR5"
        "UHJvdmlkZXKUk5QpgZQu"
    ),
    "AwsIntegrationProvider": (
        "gASVUAAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBZBd3NJbnRlZ3JhdGlv"
        "blByb3ZpZGVylJOUKYGULg=="
    ),
    "GcpIntegrationProvider": (
        "gASVUAAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBZHY3BJbnRlZ3JhdGlv"
        "blByb3ZpZGVylJOUKYGULg=="
    ),
    "AzureIntegrationProvider": (
        "gASVUgAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBhBenVyZUludGVncmF0"
        "aW9uUHJvdmlkZXKUk5QpgZQu"
    ),
    "OtcIntegrationProvider": (
        "gASVUAAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBZPdGNJbnRlZ3JhdGlv"
        "blByb3ZpZGVylJOUKYGULg=="
    ),
    "S3CompatibleIntegrationProvider": (
        "gASVWQAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjB9TM0NvbXBhdGlibGVJ"
        "bnRlZ3JhdGlvblByb3ZpZGVylJOUKYGULg=="
    ),
    "DirectAccessIntegrationProvider": (
        "gASVWQAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjB9EaXJlY3RBY2Nlc3NJ"
        "bnRlZ3JhdGlvblByb3ZpZGVylJOUKYGULg=="
    ),
    "IntegrationMemberProvider": (
        "gASVUwAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBlJbnRlZ3JhdGlvbk1l"
        "bWJlclByb3ZpZGVylJOUKYGULg=="
    ),
    "IntegrationMembersProvider": (
        "gASVVAAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBpJbnRlZ3JhdGlvbk1l"
        "bWJlcnNQcm92aWRlcpSTlCmBlC4="
    ),
    "IntegrationJoinProvider": (
        "gASVUQAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBdJbnRlZ3JhdGlvbkpv"
        "aW5Qcm92aWRlcpSTlCmBlC4="
    ),
    "SignedUrlExpiryProvider": (
        "gASVUQAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBdTaWduZWRVcmxFeHBp"
        "cnlQcm92aWRlcpSTlCmBlC4="
    ),
    "AccessCheckProvider": (
        "gASVTQAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBNBY2Nlc3NDaGVja1By"
        "b3ZpZGVylJOUKYGULg=="
    ),
    "OrganizationUserProvider": (
        "gASVUgAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBhPcmdhbml6YXRpb25V"
        "c2VyUHJvdmlkZXKUk5QpgZQu"
    ),
    "UserGroupProvider": (
        "gASVSwAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBFVc2VyR3JvdXBQcm92"
        "aWRlcpSTlCmBlC4="
    ),
    "UserGroupMembersProvider": (
        "gASVUgAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBhVc2VyR3JvdXBNZW1i"
        "ZXJzUHJvdmlkZXKUk5QpgZQu"
    ),
    "ServiceAccountProvider": (
        "gASVUAAAAAAAAACMLnB1bHVtaV9lbmNvcmRfaW50ZWdyYXRpb25zLnJlc291cmNlcy5wcm92aWRlcnOUjBZTZXJ2aWNlQWNjb3Vu"
        "dFByb3ZpZGVylJOUKYGULg=="
    ),
}
GOLDEN = {name: {4: text, 5: "gAWV" + text.removeprefix("gASV")} for name, text in GOLDEN_4.items()}
every_string = pytest.mark.parametrize(
    ("name", "protocol", "golden"),
    [(name, protocol, text) for name, strings in GOLDEN.items() for protocol, text in strings.items()],
)


def provider_class(name: str) -> type[ResourceProvider]:
    found = getattr(providers, name, None)
    assert inspect.isclass(found), f"{FROZEN}, and {name} is gone"
    assert issubclass(found, ResourceProvider)
    return found


@every_string
def test_a_provider_is_written_as_it_ever_was(
    name: str, protocol: int, golden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle, "DEFAULT_PROTOCOL", protocol)
    assert serialize_provider(provider_class(name)()) == golden, FROZEN


@every_string
def test_what_a_state_holds_is_read_as_its_class(name: str, protocol: int, golden: str) -> None:
    try:
        loaded = dill.loads(base64.b64decode(golden))
    except (AttributeError, ImportError) as error:
        pytest.fail(f"{FROZEN}, and it cannot be read: {error}")
    assert type(loaded) is provider_class(name), FROZEN
    assert vars(loaded) == {}


def test_every_provider_is_listed_here() -> None:
    own = {
        name
        for name, found in vars(providers).items()
        if getattr(found, "__module__", "") == providers.__name__
    }
    assert own == set(GOLDEN), "list a new class here, for both protocols; never take one out"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_provider_is_only_a_name(name: str) -> None:
    made = provider_class(name)()
    assert vars(made) == {}
    assert not made.serialize_as_secret_always
    assert "__getstate__" not in vars(type(made))


def test_two_thousand_resources_do_not_exhaust_the_stack() -> None:
    # Each call of serialize_provider wraps the pickler's dictionaries once more: a provider with attributes
    # dies here of RecursionError. In a process of its own, since the wraps stay.
    program = (
        "from pulumi.dynamic.dynamic import serialize_provider as write\n"
        "from pulumi_encord_integrations.resources.providers import AwsIntegrationProvider as Provider\n"
        "print(len({write(Provider()) for _ in range(2000)}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr[-500:]
