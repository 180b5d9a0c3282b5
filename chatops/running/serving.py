"""`chatops serve`: a process that runs until it is asked to stop."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

import structlog
import uvicorn
import uvloop

from chatops.app import Service
from chatops.errors import ChatopsError
from chatops.running.lane import Lane
from chatops.surfaces.web import App, Front

logger = structlog.get_logger(__name__)

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 75
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter from the others: a tenth of the usual, for the loop needs it often."""
YOUNG = 5_000
"""New objects between two looks for those that hold each other; the usual 700 are made by some twenty requests."""
SLACK_SECONDS = 3.0
"""How long a start waits for Slack's socket."""


class Server(uvicorn.Server):
    """Serves until told to stop; whoever runs it may look after the signals."""

    def __init__(self, app: App, *, host: str, port: int, signals: bool = True) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_lane(app) if isinstance(app, Front) else "httptools",
                host=host,
                port=port,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                h11_max_incomplete_event_size=65_536,
            )
        )
        self._signals = signals
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; an address that cannot be had is said in a sentence."""
        sockets = sockets or list(listening_at(self.config.host, self.config.port))
        await super().startup(sockets)
        addresses = [server.sockets[0].getsockname() for server in self.servers]
        logger.info("listening", addresses=[f"{host}:{port}" for host, port, *_ in addresses])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close: answers that would never end are ended first, all others have their time."""
        if isinstance(self._app, Front):
            self._app.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, with exit status 0: being asked to stop is not a failure."""
        if not self._signals:
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _lane(front: Front) -> type[Lane]:
    """Return the lane that leads to this front."""
    return type("OurLane", (Lane,), {"front": front})


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """Run a service's threads and what hears Slack through sockets, if there is any."""
    await service.start()
    listening: list[asyncio.Task[None]] = []
    try:
        rooms = service.slack_rooms() if service.role in ("all", "web") else None
        ears = rooms.ears(service.settings, service.slack_listener(rooms)) if rooms else ()
        listening = [asyncio.create_task(ear.listen(), name="slack") for ear in ears]
        # Slack may be away; then the doors open without it.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SLACK_SECONDS):
                for ear in ears:
                    await ear.connected.wait()
        yield service
    finally:
        for one in listening:
            one.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await service.stop()


def listening_at(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket for each address that a host's name stands for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _name, address in dict.fromkeys(found):
            sock = socket.socket(family, kind, protocol)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            yield sock
    except (OSError, UnicodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no name"
        raise ChatopsError(f"I cannot listen on {host}, port {port}: {reason}.") from problem


async def serve(service: Service, *, host: str, port: int) -> None:
    """Serve until a signal. The address is taken first, so that nothing begins if it cannot be had."""
    sockets = list(listening_at(host, port))
    async with running(service):
        # What is there by now stays; looking through it again and again would hold up everybody.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()
        await Server(service.asgi(), host=host, port=port).serve(sockets)


@contextlib.asynccontextmanager
async def warming(service: Service) -> AsyncIterator[None]:
    """Make what pages are made of, while the doors are open already: the first visitor of a page waits less.

    For as long as that takes, seconds with a long log, everybody else waits for the interpreter more than usual.
    """
    is_over = threading.Event()
    made = asyncio.create_task(asyncio.to_thread(_warm, service, is_over.is_set), name="warming")
    try:
        yield
    finally:
        is_over.set()
        await made


def _warm(service: Service, is_over: Callable[[], bool]) -> None:
    try:
        if service.role != "worker":
            service.pages.warm(is_over)
    except ChatopsError as problem:
        # Whoever asks for a page makes it then, or is told what is wrong.
        logger.info("pages are not made in advance", reason=str(problem))


def serve_forever(service: Service, *, host: str, port: int) -> int:
    """Serve in an event loop of our own; return the exit status."""
    sys.setswitchinterval(SWITCH_SECONDS)
    host, port = host or service.settings.host, port or service.settings.port
    logger.info("starting", role=service.role)
    in_loop(serve(service, host=host, port=port))
    return 0


def in_loop(main: Coroutine[None, None, None]) -> None:
    """Run in the fastest event loop there is."""
    uvloop.run(main)
