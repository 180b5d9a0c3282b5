"""The communities: who they are, where their CI is, and whom they trust, from one YAML file."""

from chatops.config.reading import read_configuration
from chatops.config.reference import reference
from chatops.config.shape import (
    BranchRules,
    Community,
    Configuration,
    Exceptions,
    Gate,
    GatekeeperFile,
    Labels,
    NightlyWorkflow,
    Owner,
    OwnerGroup,
    Trust,
    slack_member,
)

__all__ = [
    "BranchRules",
    "Community",
    "Configuration",
    "Exceptions",
    "Gate",
    "GatekeeperFile",
    "Labels",
    "NightlyWorkflow",
    "Owner",
    "OwnerGroup",
    "Trust",
    "read_configuration",
    "reference",
    "slack_member",
]
