import subprocess
import sys

import pytest

LOADED = """
import sys
from chatops.__main__ import main
try:
    main()
finally:
    print("pydantic" in sys.modules)
"""


def started(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOADED, "serve", *words], capture_output=True, text=True, check=False
    )


def test_a_start_loads_nothing_to_read_its_port() -> None:
    said = started("--host", "127.0.0.1", "--port", "8080", "--role", "nobody")

    assert said.returncode == 2
    assert "--role: found 'nobody'" in said.stderr
    assert said.stdout == "False\n"


@pytest.mark.parametrize("port", ["-1", "65536", "http", "８０", ""])
def test_what_is_no_port_is_refused_as_everywhere(port: str) -> None:
    said = started("--port", port)

    assert said.returncode == 2
    assert "Invalid value for '--port'" in said.stderr
