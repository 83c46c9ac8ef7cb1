from tests.unit.resources.conftest import event_loop

__all__ = ["event_loop"]
