"""In which order to deploy a change, and whether a build may be put beside what runs."""

from tools.contracts.deploy.plan import Before, Plan, plan
from tools.contracts.deploy.uses import knowing, touching

__all__ = ["Before", "Plan", "knowing", "plan", "touching"]
