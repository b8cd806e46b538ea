"""The safetensors format: a header read without loading anything, and a writer that holds one tensor at a time.

Format: https://huggingface.co/docs/safetensors, "Format": 8 bytes little-endian length of a JSON header, the header,
then the tensors' bytes in the order of their offsets.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from syncedit_demo.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors library itself."""

CHUNK_BYTES = 1 << 26

DTYPE_BYTES = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("BF16", "F16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What the header says of one tensor: dtype in the format's names, such as "BF16", and shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size of the tensor's data."""
        return math.prod(self.shape) * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True, slots=True)
class Header:
    """A safetensors file as its header describes it.

    Attributes:
        path: The file.
        tensors: What it holds, by name, in the file's order.
        metadata: The free text that goes with them.
        nbytes: Size of the whole file.
    """

    path: Path
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    nbytes: int

    @property
    def config(self) -> dict[str, Any]:
        """The model's configuration from the metadata; empty where there is none.

        Raises:
            EngineError: It is not a JSON object.
        """
        try:
            config: object = json.loads(self.metadata.get("config", "{}"))
        except json.JSONDecodeError:
            config = None
        if not isinstance(config, dict):
            message = f"{self.path} holds a configuration that cannot be read."
            raise EngineError(message)
        return cast("dict[str, Any]", config)


def read_header(path: Path) -> Header:
    """Read a file's header and compare it with the file's size.

    Raises:
        EngineError: The file is missing, is not in this format, or is cut short.
    """
    try:
        with path.open("rb") as file:
            nbytes = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            raw = file.read(length) if 0 < length <= MAX_HEADER_BYTES else b""
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise EngineError(message) from error
    if 8 <= nbytes < 8 + length <= MAX_HEADER_BYTES:
        message = f"{path} is cut short: it ends inside its header."
        raise EngineError(message)
    try:
        entries = cast("dict[str, dict[str, Any]]", json.loads(raw))
        metadata = cast("dict[str, str]", entries.pop("__metadata__", {}))
        tensors = {name: TensorInfo(entry["dtype"], tuple(entry["shape"])) for name, entry in entries.items()}
        data_bytes = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"{path} is not a safetensors file."
        raise EngineError(message) from error
    expected = 8 + length + data_bytes
    if nbytes != expected:
        state = "is cut short" if nbytes < expected else "has something appended"
        message = f"{path} {state}: {nbytes:,} bytes are there, its header speaks of {expected:,}."
        raise EngineError(message)
    return Header(path, tensors, metadata, nbytes)


class TensorWriter:
    """Writes a file tensor by tensor, in the order of its header, and knows its SHA-256 at the end."""

    def __init__(self, file: BinaryIO, infos: Mapping[str, TensorInfo], metadata: Mapping[str, str]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        entries: dict[str, object] = {"__metadata__": dict(metadata)}
        offset = 0
        for name, info in infos.items():
            end = offset + info.nbytes
            entries[name] = {"dtype": info.dtype, "shape": list(info.shape), "data_offsets": [offset, end]}
            offset = end
        header = json.dumps(entries, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)
        self.write(len(header).to_bytes(8, "little") + header)

    def write(self, data: bytes | memoryview) -> None:
        """Append the next tensor's bytes, C-contiguous and little-endian."""
        self._file.write(data)
        self._digest.update(data)

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written so far, in hex."""
        return self._digest.hexdigest()


@contextmanager
def write_safetensors(
    path: Path, infos: Mapping[str, TensorInfo], metadata: Mapping[str, str]
) -> Generator[TensorWriter]:
    """Write a file beside its place and move it there when it is whole; nothing is left behind otherwise.

    Args:
        path: Where the file goes; its folder exists.
        infos: The tensors by name, in the order in which they will be written.
        metadata: The free text that goes with them.
    """
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file:
            yield TensorWriter(file, infos, metadata)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def hash_file(path: Path) -> Iterator[tuple[int, str]]:
    """Read a file through, giving (bytes read so far, SHA-256 of them in hex) every 64 MB and at its end."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            yield done, digest.hexdigest()
