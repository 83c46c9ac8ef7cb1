"""An engine that we build (tools/engine/gomodules.py) answers as a released one does."""

from tests.support.engine import Project

SET = ("config", "set", "toy:apiPassword")


def test_config_set_judges_by_its_dictionaries_how_hard_a_value_is_to_guess(project: Project) -> None:
    assert "looks like a secret" in project.fail(*SET, "1c2b7d4e0f6a9b8c7d6e5f4a3b2c1d0e")
    # Two words of the dictionaries; without them, 14 characters in no order.
    project.succeed(*SET, "hunter2correct")
