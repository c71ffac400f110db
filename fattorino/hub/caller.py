"""HTTP to addresses that somebody else wrote: only whom we may reach, and never longer or larger than was said."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import httpcore
import httpx
from httpcore._utils import is_socket_readable

from fattorino.hub.reach import Limit, Reach


class Caller:
    """HTTP to an address that somebody wrote. Not to be shared between threads; a context manager closes it.

    Args:
        timeout: seconds for each wait. whole: for each whole call. largest: octets of an answer.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        tls: ssl.SSLContext | bool = True,
        timeout: float,
        whole: float,
        largest: int = 1_000_000,
    ) -> None:
        self._timeout, self._whole, self._largest = timeout, whole, largest
        self._network = _Network(reach)
        # The environment's proxies are for people's browsers; and nobody sends us on to somewhere else.
        context = tls if isinstance(tls, ssl.SSLContext) else ssl.create_default_context() if tls else None
        transport = httpx.HTTPTransport(verify=context or False, trust_env=False)
        transport._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=self._network)
        self._client = httpx.Client(
            transport=transport, timeout=timeout, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, url: str, *, unread: bool = False, **what: Any) -> httpx.Response:
        """The answer, whatever it is; with `unread` only its head.

        Raises:
            httpx.HTTPError, httpx.InvalidURL, ChannelError: there is none; HTTPError also where it is too large.
        """
        self._network.limit = Limit(self._whole, self._timeout)
        request = self._client.build_request(method, url, **what)
        request.headers["Accept-Encoding"] = "identity"
        answer = self._client.send(request, stream=True)
        try:
            content = b"" if unread else self._read(answer)
        finally:
            answer.close()
        headers = [
            (k, v) for k, v in answer.headers.items() if k not in ("content-length", "transfer-encoding")
        ]
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)

    def _read(self, answer: httpx.Response) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise httpx.RemoteProtocolError("an encoding that was not asked for", request=answer.request)
        found = bytearray()
        for part in answer.iter_raw():
            found += part
            if len(found) > self._largest:
                raise httpx.RemoteProtocolError("more than is read", request=answer.request)
        return bytes(found)


class _Network(httpcore.NetworkBackend):
    """Opens connections for the library; `limit` is that of the call under way."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.limit = Limit(0)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            connection = self._reach.connect(host, port, self.limit)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(connection, self)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the call."""

    def __init__(self, plain: socket.socket, network: _Network) -> None:
        self._plain, self._network = plain, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._plain.settimeout(self._network.limit.left())
            return self._plain.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            # Of sendall the timeout is that of the whole, however small the pieces that the other side takes.
            self._plain.settimeout(self._network.limit.rest())
            self._plain.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._plain.settimeout(self._network.limit.left())
            return _Stream(
                ssl_context.wrap_socket(self._plain, server_hostname=server_hostname), self._network
            )
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._plain if isinstance(self._plain, ssl.SSLSocket) else None
        if info == "is_readable":  # a kept connection that has something to say has ended
            return is_socket_readable(self._plain)
        return self._plain if info == "socket" else None
