"""Bringing one file here: in several pieces at once, resumed where it broke off, and verified.

Everything happens in one thread, in an event loop that stands still while its caller has the last progress in hand: a
caller that stops asking, or is stopped by Ctrl-C, has nothing running behind its back.
"""

# huggingface_hub leaves some of its own types open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self, cast

import httpx2
from huggingface_hub import get_async_session
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.sync_lora.weights.copies import has_hash, note_hash
from syncedit_demo.engines.sync_lora.weights.files import FETCH
from syncedit_demo.engines.sync_lora.weights.part_file import PartFile
from syncedit_demo.engines.sync_lora.weights.patience import Patience
from syncedit_demo.engines.sync_lora.weights.remote import RemoteFile, locate, waiting
from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator

    Say = Callable[[Progress], Awaitable[None]]

DOWNLOAD = "Downloading"
CHUNK_BYTES = 1 << 20
"""What each connection loses at most when it breaks."""

PIECE_BYTES = 1 << 26
"""What is asked for at once: so much that a file of 46 GB makes 700 requests, which the Hub's limits allow."""

CONNECTIONS = 4
SILENCE_SECONDS = 30.0
"""How long a connection may give nothing before it counts as broken; the Hub's own library would wait for ever."""

VERSIONS = 3
"""How many versions of a file are begun before one is told that it does not stay the same."""

PARTIAL_CONTENT = 206
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _NoRangesError(Exception):
    """The server sends a file from its start, whatever was asked for."""


class _OtherFileError(Exception):
    """The server has another file there than the one that was begun."""


class Downloader:
    """Brings files here, one after the other, over the same connections. Use it as a context manager."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._session = get_async_session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner as runner:
            runner.run(self._session.aclose())

    def fetch(self, file: RemoteFile) -> Generator[Progress]:
        """Bring a file to its target, going on with what is there of it.

        Yields:
            Progress in bytes.

        Raises:
            EngineError: It arrived damaged, or never stays the same.
            HfHubHTTPError, httpx2.HTTPError: The Hub does not give it, or the connection keeps failing.
            OSError: It cannot be written.
        """
        for _ in range(VERSIONS):
            try:
                yield from self._fetch(file)
            except _OtherFileError:
                file = yield from locate(file.origin, file.target)
            else:
                return
        message = f"{file.target.name} changes on the Hub while it is fetched. Try again later with: {FETCH}"
        raise EngineError(message)

    def _fetch(self, file: RemoteFile) -> Generator[Progress]:
        name = file.target.name
        with PartFile(file.target, f"{file.etag or file.url} {file.nbytes}") as part:
            if file.etag is None:
                # Nothing tells the file from another one.
                part.restart()
            yield from self._run(lambda say: _Transfer(self._session, file, part, say).run())
            if not (yield from has_hash(part.path, file.etag or "", name)):
                part.discard()
                message = f"{name} arrived damaged and was thrown away. Fetch it again with: {FETCH}"
                raise EngineError(message)
            part.finish()
        note_hash(file.target, file.commit, file.etag or "")

    def _run(self, work: Callable[[Say], Coroutine[None, None, None]]) -> Generator[Progress]:
        """Run something to its end, giving what it says; it stands still between two things that it says."""

        async def begin() -> tuple[asyncio.Queue[Progress], asyncio.Task[None]]:
            said: asyncio.Queue[Progress] = asyncio.Queue(maxsize=1)
            return said, asyncio.create_task(work(said.put))

        async def next_said() -> Progress | None:
            saying = asyncio.create_task(said.get())
            await asyncio.wait({saying, working}, return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                return saying.result()
            saying.cancel()
            return working.result()

        async def stop() -> None:
            working.cancel()
            await asyncio.wait({working})

        said, working = self._runner.run(begin())
        try:
            while (progress := self._runner.run(next_said())) is not None:
                yield progress
        finally:
            self._runner.run(stop())


class _Transfer:
    """The missing bytes of one file, on their way into its part file."""

    def __init__(self, session: httpx2.AsyncClient, file: RemoteFile, part: PartFile, say: Say) -> None:
        self._session = session
        self._file = file
        self._part = part
        self._say = say

    async def run(self) -> None:
        """Fetch them, in pieces where the size is known and the server gives them."""
        if self._file.nbytes is None:
            self._file = replace(self._file, nbytes=await self._asked_size())
        if self._file.nbytes is not None:
            gaps = deque(self._part.gaps(self._file.nbytes, PIECE_BYTES))
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(CONNECTIONS, len(gaps))):
                        group.create_task(self._fetch_pieces(gaps))
            except ExceptionGroup as errors:
                # One is enough to be told.
                error = _first(errors)
                if not isinstance(error, _NoRangesError):
                    raise error from None
            else:
                return
        await self._fetch_whole()

    async def _asked_size(self) -> int | None:
        """The size by the answer to a request for the first byte; None where that does not tell either."""
        patience = Patience()
        while True:
            try:
                async with self._request({"Range": "bytes=0-0"}) as response:
                    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
                    return int(found[2]) if found is not None and found[2] != "*" else None
            except httpx2.HTTPError as error:
                await self._wait(patience.pause(error), error)

    async def _fetch_pieces(self, gaps: deque[tuple[int, int]]) -> None:
        patience = Patience()
        while gaps:
            start, stop = gaps.popleft()
            while start < stop:
                try:
                    async with self._request({"Range": f"bytes={start}-{stop - 1}"}) as response:
                        self._check_range(response, start)
                        async for chunk in response.aiter_bytes(CHUNK_BYTES):
                            data = chunk[: stop - start]
                            self._part.write(start, data)
                            start += len(data)
                            patience.reset()
                            await self._say_done()
                    if start < stop:
                        message = "the answer ended early"
                        raise httpx2.RemoteProtocolError(message)
                except httpx2.HTTPError as error:
                    await self._wait(patience.pause(error), error)

    async def _fetch_whole(self) -> None:
        patience = Patience()
        farthest = 0
        while True:
            self._part.restart()
            try:
                async with self._request({}) as response:
                    async for chunk in response.aiter_bytes(CHUNK_BYTES):
                        self._part.write(self._part.done, chunk)
                        if self._part.done > farthest:
                            farthest = self._part.done
                            patience.reset()
                        await self._say_done()
                if self._file.nbytes in (None, self._part.done):
                    return
                message = "the answer was not of the file's size"
                raise httpx2.RemoteProtocolError(message)
            except httpx2.HTTPError as error:
                await self._wait(patience.pause(error), error)

    @asynccontextmanager
    async def _request(self, headers: dict[str, str]) -> AsyncGenerator[httpx2.Response]:
        headers = build_hf_headers() | {"Accept-Encoding": "identity"} | headers
        async with self._session.stream(
            "GET", self._file.url, headers=headers, follow_redirects=True, timeout=SILENCE_SECONDS
        ) as response:
            hf_raise_for_status(response)
            etag = _etag(response)
            if None not in (etag, self._file.etag) and etag != self._file.etag:
                raise _OtherFileError
            yield response

    def _check_range(self, response: httpx2.Response, start: int) -> None:
        if response.status_code != PARTIAL_CONTENT:
            raise _NoRangesError
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != start:
            message = "another part of the file came than was asked for"
            raise httpx2.RemoteProtocolError(message)
        if found[2] not in ("*", str(self._file.nbytes)):
            raise _OtherFileError

    async def _say_done(self) -> None:
        name, done, nbytes = self._file.target.name, self._part.done, self._file.nbytes
        if nbytes is None:
            await self._say(
                Progress(f"{DOWNLOAD} {name}, of a size that the Hub does not say", done, done + CHUNK_BYTES)
            )
        else:
            await self._say(Progress(f"{DOWNLOAD} {name}", min(done, nbytes), nbytes))

    async def _wait(self, pause: float, error: Exception) -> None:
        nbytes = self._file.nbytes or self._part.done
        await self._say(Progress(f"{self._file.target.name}: {waiting(error, pause)}", self._part.done, max(nbytes, 1)))
        await asyncio.sleep(pause)


def _etag(response: httpx2.Response) -> str | None:
    """What the Hub knows the file by, as it says on the way to where the bytes are; None where it does not."""
    answers = [*response.history, response]
    for answer in answers:
        if (linked := answer.headers.get("X-Linked-Etag")) is not None:
            return linked.removeprefix("W/").strip('"')
    # Another host has names of its own.
    if {answer.url.host for answer in answers} != {response.url.host}:
        return None
    etag = response.headers.get("ETag")
    return None if etag is None else etag.removeprefix("W/").strip('"')


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    error = errors.exceptions[0]
    return _first(cast("ExceptionGroup[Exception]", error)) if isinstance(error, ExceptionGroup) else error
