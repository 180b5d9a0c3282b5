"""CI answers where the people are: one log of every check, rerun and command, and three ways to ask it."""

import sys

__version__ = "0.1.0"

# structlog and httpx load rich, if it is there, for traces in colour and a command line of their own. We have neither,
# and it is a tenth of our memory and of our start. Who draws a progress bar loads it then.
if not {"rich", "structlog", "httpx"} & set(sys.modules):
    sys.modules.update({"rich": None, "httpx._main": None})  # type: ignore[dict-item]  # "is not to be found"
    import httpx  # noqa: F401
    import structlog  # noqa: F401

    del sys.modules["rich"], sys.modules["httpx._main"]
