"""Whether a workspace's web server answers; its answers are hostile and never read."""

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPInputError
from tornado.iostream import UnsatisfiableReadError

MAX_BODY_BYTES = 64 * 1024


class Doorbell:
    """Ring at a workspace's door; each ring ends within `seconds`."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        # an instance of our own: the shared client may have another body limit, and its queue is everybody's
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_BODY_BYTES)

    async def answers(self, url: str) -> bool:
        """Say whether `url` gives any HTTP answer that is not a server error."""
        request = HTTPRequest(
            url,
            connect_timeout=2.0,
            request_timeout=self._seconds,
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            response = await self._client.fetch(request, raise_error=False)
        except (HTTPClientError, HTTPInputError, UnsatisfiableReadError, OSError, ValueError):
            return False
        return int(response.code) < 500

    def close(self) -> None:
        """Let go of the client's sockets."""
        self._client.close()
