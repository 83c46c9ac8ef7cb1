"""The components can be offered to every Pulumi language, and cost nobody who does not ask for them."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer, PropertyDefinition

from pulumi_encord_integrations import components
from tests.meta.test_lazy_imports import SDKS, loaded

pytest.importorskip("pulumi_aws", reason="Pulumi's SDK for AWS is not installed: the extra aws")
FILES = sorted(Path(components.__file__).parent.rglob("*.py"))
NAMES = [name for name in components.__all__ if not name.endswith("Args")]


def schema(name: str) -> Any:
    """What the analyzer of source-based plugins makes of a component."""
    found = Analyzer("encord").analyze([getattr(components, name)])
    return found["component_definitions"][name], found["type_definitions"]


@pytest.mark.parametrize("name", NAMES)
def test_the_analyzer_of_plugins_takes_every_input_and_output(name: str) -> None:
    component, types = schema(name)
    kind = getattr(components, f"{name}Args")
    assert set(component.inputs_mapping.values()) == set(kind.__annotations__)
    given = [*component.inputs.values(), *component.outputs.values()]
    given += [field for one in types.values() for field in one.properties.values()]
    assert all(isinstance(field, PropertyDefinition) and field.description for field in given)


@pytest.mark.parametrize("name", NAMES)
def test_its_token_is_that_of_the_plugin(name: str) -> None:
    source = inspect.getsource(getattr(components, name))
    assert f'super().__init__("encord:index:{name}", name, {{}}, opts)' in source


@pytest.mark.parametrize("name", NAMES)
def test_every_output_is_registered(name: str) -> None:
    kind = getattr(components, name)
    outputs = [one for one, type_ in inspect.get_annotations(kind).items() if "Output" in str(type_)]
    (call,) = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(kind).strip()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "register_outputs"
    ]
    registered = call.args[0]
    assert isinstance(registered, ast.Dict)
    assert [ast.literal_eval(key) for key in registered.keys if key] == outputs


def test_a_component_is_loaded_when_it_is_asked_for() -> None:
    assert loaded("import pulumi_encord_integrations.components") & {*SDKS, "pulumi"} == set()
    for name, sdk in {**BUCKETS, "AzureContainerAccess": "pulumi_azure_native"}.items():
        found = loaded(f"from pulumi_encord_integrations.components import {name}")
        assert set(found) & set(CLOUDS) == {sdk}


BUCKETS = {"AwsBucketAccess": "pulumi_aws", "GcpBucketAccess": "pulumi_gcp"}
CLOUDS = {"pulumi_aws": "aws", "pulumi_gcp": "gcp", "pulumi_azure_native": "azure"}
WITHOUT_THE_SDK = """
import sys
sys.modules["{sdk}"] = None
try:
    import pulumi_encord_integrations.components.{cloud}.access
except ImportError as error:
    assert "[{cloud}]" in str(error), error
else:
    raise SystemExit(1)
"""


@pytest.mark.parametrize("sdk", CLOUDS)
def test_without_the_sdk_the_extra_is_named(sdk: str) -> None:
    loaded(WITHOUT_THE_SDK.format(sdk=sdk, cloud=CLOUDS[sdk]))


def test_all_is_what_can_be_imported() -> None:
    homes: dict[str, tuple[str, ...]] = vars(components)["_HOMES"]
    assert sorted(components.__all__) == sorted(name for names in homes.values() for name in names)
    assert {getattr(components, name).__name__ for name in components.__all__} == set(components.__all__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_annotations_are_read_at_run_time(path: Path) -> None:
    assert "from __future__" not in path.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_documented(name: str) -> None:
    kind = getattr(components, name)
    assert issubclass(kind, pulumi.ComponentResource)
    assert inspect.getdoc(kind)
    assert "Args:" in (inspect.getdoc(kind.__init__) or "")
