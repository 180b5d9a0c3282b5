"""The communities: who they are, where their CI is, and whom they trust, from one YAML file."""

from chatops.config.alerts import AlertRules, Alerts, Operators
from chatops.config.channels import WEEKDAYS, Channel, Digest
from chatops.config.reading import Misread, read_configuration
from chatops.config.reference import reference
from chatops.config.shape import (
    TOP_OWNERS,
    Approvals,
    BranchRules,
    Community,
    Configuration,
    Exceptions,
    Gate,
    GatekeeperFile,
    Labels,
    Merging,
    NightlyWorkflow,
    Owner,
    OwnerGroup,
    Practice,
    RestrictedLabel,
    Trust,
    slack_member,
)
from chatops.config.workspaces import misplaced

__all__ = [
    "TOP_OWNERS",
    "WEEKDAYS",
    "AlertRules",
    "Alerts",
    "Approvals",
    "BranchRules",
    "Channel",
    "Community",
    "Configuration",
    "Digest",
    "Exceptions",
    "Gate",
    "GatekeeperFile",
    "Labels",
    "Merging",
    "Misread",
    "NightlyWorkflow",
    "Operators",
    "Owner",
    "OwnerGroup",
    "Practice",
    "RestrictedLabel",
    "Trust",
    "misplaced",
    "read_configuration",
    "reference",
    "slack_member",
]
