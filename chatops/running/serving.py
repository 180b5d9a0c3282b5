"""`chatops serve`: a process that runs until it is asked to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator

import structlog
import uvicorn
import uvloop

from chatops.app import Service
from chatops.surfaces.web import App

logger = structlog.get_logger(__name__)

GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """Serves until told to stop; whoever runs it may look after the signals."""

    def __init__(self, app: App, *, host: str, port: int, signals: bool = True) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=75,
                h11_max_incomplete_event_size=65_536,
            )
        )
        self._signals = signals

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


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """Run a service's threads and its Slack socket, if it has one."""
    await service.start()
    socket = None
    try:
        rooms = service.slack_rooms() if service.role in ("all", "web") else None
        if rooms is not None:
            socket = rooms.socket(service.settings, service.configuration, service.record)
        if socket is not None:
            await socket.connect_async()
        yield service
    finally:
        if socket is not None:
            await socket.close_async()
        await service.stop()


async def serve(service: Service, *, host: str, port: int) -> None:
    """Serve until a signal."""
    async with running(service):
        await Server(service.asgi(), host=host, port=port).serve()


def serve_forever(service: Service, *, host: str, port: int) -> int:
    """Serve in an event loop of our own; return the exit status."""
    host, port = host or service.settings.host, port or service.settings.port
    logger.info("serving", host=host, port=port, role=service.role)
    in_loop(serve(service, host=host, port=port))
    return 0


def in_loop(main: Coroutine[None, None, None]) -> None:
    """Run in the fastest event loop there is."""
    uvloop.run(main)
