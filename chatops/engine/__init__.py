"""The machinery that does not grow: log, bus, projector, effector, replier."""
