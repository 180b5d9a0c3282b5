"""CI answers where the people are: one log of every check, rerun and command, and three ways to ask it."""

__version__ = "0.1.0"
