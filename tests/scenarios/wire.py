"""A wire between the product and a neighbour, which can be cut and mended."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PART = 65_536


class Wire:
    """Hands on to a neighbour whatever comes, while it is whole."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        assert parts.port is not None
        self._neighbour = (parts.hostname, parts.port)
        self._listener: socket.socket | None = None
        self._lines: set[socket.socket] = set()
        self._port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def mend(self) -> None:
        """Let it be whole (again), at the same address."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Let nobody through, and end every conversation."""
        if self._listener is not None:
            # Closing alone does not wake who waits for a caller.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _address = listener.accept()
                neighbour = socket.create_connection(self._neighbour)
                self._lines |= {caller, neighbour}
                for one, other in ((caller, neighbour), (neighbour, caller)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := one.recv(PART):
                other.sendall(part)
        for line in (one, other):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        one.close()
        self._lines.discard(one)


@contextmanager
def wire(address: str) -> Iterator[Wire]:
    """Lay a wire."""
    laid = Wire(address)
    try:
        yield laid
    finally:
        laid.cut()
