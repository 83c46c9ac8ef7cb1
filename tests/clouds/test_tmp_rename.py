import json
from tests.support.clouds.azure_subscription import Subscription, ORIGIN
from tests.support.engine import UP, operations
from tests.clouds.test_azure_in_one_up import HEADER

def test_moved(subscription: Subscription) -> None:
    p = subscription.project
    subscription.put("data.mp4")
    prog = HEADER + """
from pulumi_encord_integrations.components import AzureContainerAccess
one = AzureIntegration("one", title="One", tenant_id=TENANT, **place)
acc = AzureContainerAccess("acc", {**place, "container": CONT, "resource_group_name": GROUP, "principal_id": PRINCIPAL, "integration_id": one.id, "challenge": one.challenge})
"""
    subscription.declare(prog.replace("CONT,", "CONTAINER,"))
    p.up()
    subscription.declare(prog.replace("CONT,", "pulumi.Output.from_input(CONTAINER),"))
    said = p.fail(*UP, "--stack", "dev")
    print(said[-1500:])
    print(len(subscription.role_assignments()))
    shown = p.succeed("stack", "export", "--stack", "dev")
    state = json.loads(shown)
    res = state["deployment"]["resources"]
    parent = next(r["urn"] for r in res if r["type"] == "encord:index:AzureContainerAccess")
    old = next(r for r in res if r["urn"].endswith("encord-data-" + "") or "::encord-data-" in r["urn"])
    before, new = old["urn"], parent.replace("AzureContainerAccess::acc", "AzureContainerAccess$azure-native:authorization:RoleAssignment::acc-data")
    text = shown.replace(before, new)
    state = json.loads(text)
    res = state["deployment"]["resources"]
    one = next(r for r in res if r["urn"] == new)
    one["parent"] = parent
    print(new)
    # after its parent
    res.remove(one)
    res.insert(next(i for i, r in enumerate(res) if r["urn"] == parent) + 1, one)
    file = p.folder / "s.json"
    file.write_text(json.dumps(state))
    print(p.succeed("stack", "import", "--file", str(file), "--stack", "dev"))
    print(operations(p.up()))
    print(len(subscription.role_assignments()))
    assert 0
