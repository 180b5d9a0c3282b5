"""`chatops demo`: the whole product, between a pretend GitHub and a pretend Slack, with a year behind it."""

from chatops.demo.show import main

__all__ = ["main"]
