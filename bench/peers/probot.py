"""Probot as shipped, started as its users do: an app that listens for jobs, default logging, its output to a file.

It verifies, logs and forgets. Its packages are locked in bench/node, and are fetched there the first time.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.deliveries import SECRET
from bench.processes import Served, free_port
from bench.processes import served as serving

PATH = "/api/github/webhooks"
STATUS = 200
NODE = Path(__file__).parent.parent / "node"
PROGRAM = NODE / "node_modules" / "probot" / "bin" / "probot.js"
INSTALL_SECONDS = 180


@cache
def lacking() -> str:
    """Return why probot cannot be measured here, or nothing."""
    if shutil.which("node") is None:
        return "node is missing"
    if PROGRAM.exists():
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is missing"
    command = [npm, "ci", "--prefix", str(NODE), "--no-audit", "--no-fund", "--loglevel", "error"]
    try:
        fetched = subprocess.run(command, check=False, capture_output=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return "npm ci took too long"
    return "" if fetched.returncode == 0 and PROGRAM.exists() else "npm ci failed"


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve it for as long as the block lasts."""
    node, port = shutil.which("node"), free_port()
    assert node is not None
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    settings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "NODE_ENV": "production",
        "APP_ID": "1",
        "PRIVATE_KEY": key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ).decode(),
        "WEBHOOK_SECRET": SECRET,
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    command = [node, str(PROGRAM), "run", str(NODE / "app.js")]
    with serving(
        command, port, folder / "probot.log", settings, path="/ping", folder=NODE
    ) as running:
        yield running
