"""What a schema cannot say: bodies that keep the rules over several fields."""

from typing import Any

import schemathesis

from tests.support.api import INTEGRATIONS
from tests.support.types import CASES


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: Any) -> Any:
    """Completes some creates, that there is one to act on; deletes for oneself, for a stack may keep."""
    route = case.operation.method.upper(), case.operation.path
    honest = case.meta is not None and case.meta.generation.mode.is_positive
    if route == ("POST", INTEGRATIONS) and honest and isinstance(case.body, dict):
        known, title = CASES.get(str(case.body.get("provider"))), case.body.get("title")
        if known and isinstance(title, str) and len(title) % 4:
            case.body = known.body(title=title)
    if route[0] == "DELETE" and honest:
        case.query.pop("declaredBy", None)
    return case
