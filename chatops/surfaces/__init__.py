"""Where people and services talk to the program: they hear facts, or they hear requests."""
