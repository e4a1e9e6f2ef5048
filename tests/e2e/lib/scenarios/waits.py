"""Waves, and waiting between them until objects are ready."""

from ..suite import scenario
from ..scenario import EXIT_ERROR

MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
  annotations:
    ANNOTATION: "WAVE"
data:
  of: "1"
---
"""


def config_map(name, wave, annotation="argocd.argoproj.io/sync-wave"):
    return MAP.replace("NAME", name).replace("WAVE", wave).replace("ANNOTATION", annotation)


@scenario("waves")
def waves(s):
    """annotations order what is applied; deletes go in reverse; nonsense has a line"""
    s.start(case=None, applied=False)
    s.write("maps.yaml", config_map("a", "2") + config_map("b", "-1") +
            config_map("c", "1", "rhumb.dev/sync-wave"))
    s.commit("waves")
    plan = s.plan()
    s.equal([(c["object"]["name"], c["wave"]) for c in plan["changes"]],
            [("b", -1), ("c", 1), ("a", 2)], "order of the changes")
    s.roll_out(plan)
    s.write("maps.yaml", "# gone\n")
    s.commit("gone")
    plan = s.plan()
    s.equal([c["object"]["name"] for c in plan["changes"]], ["a", "c", "b"], "order of deletes")
    s.roll_out(plan)
    s.write("maps.yaml", config_map("a", "soon"))
    s.commit("nonsense")
    refused = s.plan(expect=EXIT_ERROR)
    s.contains(refused.stderr, "maps.yaml:6:", "the error")
    s.contains(refused.stderr, 'not "soon"', "the error")
