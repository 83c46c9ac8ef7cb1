from tests.unit.resources.conftest import event_loop as event_loop
