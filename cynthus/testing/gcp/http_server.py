"""The HTTP servers of a simulated cloud: a thread for each connection, and a socket that may come from elsewhere."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

class HttpServer(ThreadingHTTPServer):
    """Answers from when it is made until it is closed. It listens at a host and a port (0: any), or on a socket that is
    bound already, in another network say."""

    # Connections that a client keeps open end with the process.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, where: tuple[str, int] | socket.socket, handler: type[BaseHTTPRequestHandler]) -> None:
        if isinstance(where, tuple):
            super().__init__(where, handler)
        else:
            super().__init__(where.getsockname(), handler, bind_and_activate=False)
            self.socket.close()
            self.socket = where
            self.server_address = where.getsockname()
            self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
            where.listen(self.request_queue_size)
        self.url = f"http://{self.server_address[0]!s}:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game; anything else is a defect here, and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
