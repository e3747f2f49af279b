"""The policy decision point: what may leave the house, from whom, to which model, for which purpose.

`load_policies` reads the folder (or raises `PolicyErrors`, whose text is what ``policy check`` prints); `admit` and
`release` answer. Pure apart from reading the folder: no clock, no network, no SQL.
"""

from gateway.policy.decide import AdmitFacts, ReleaseFacts, admit, release, visible_models
from gateway.policy.load import load_policies, with_base_url, with_quickstart
from gateway.policy.policyset import DepartmentRules, ModelRules, PolicySet
from gateway.policy.problems import PolicyErrors, PolicyProblem

__all__ = ["AdmitFacts", "DepartmentRules", "ModelRules", "PolicyErrors", "PolicyProblem", "PolicySet", "ReleaseFacts",
           "admit", "load_policies", "release", "visible_models", "with_base_url",
           "with_quickstart"]
