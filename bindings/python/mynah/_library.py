"""The shared library: where it lies, and its functions as the header has them.

The prototypes are read from ``mynah.h``, which lies beside the library: nothing
that C declares is declared here once more.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
from pathlib import Path
from typing import Any, Callable, Union

_HERE = Path(__file__).resolve().parent
_SOURCE = _HERE.parent.parent.parent

_SCALARS: dict[str, Any] = {
    "void": None, "mynah_status": ctypes.c_int32, "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t,
    "double": ctypes.c_double, "intptr_t": ctypes.c_ssize_t, "int64_t": ctypes.c_int64,
}

Handle = ctypes.c_void_p
"""A place for a handle or an object: what C calls ``mynah_cache *`` and so on."""

StreamCallback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


def _open() -> ctypes.CDLL:
    given = os.environ.get("MYNAH_LIBRARY")
    places = [Path(given)] if given else [
        _HERE / "libmynah.so", _HERE / "libmynah.dylib",
        _SOURCE / "build" / "libmynah.so", _SOURCE / "build" / "libmynah.dylib"]
    for place in places:
        if place.exists():
            return ctypes.CDLL(str(place))
    return ctypes.CDLL(ctypes.util.find_library("mynah") or "libmynah.so.0")


def _header() -> str:
    for place in (_HERE / "mynah.h", _SOURCE / "include" / "mynah.h"):
        if place.exists():
            return place.read_text(encoding="utf-8")
    raise ImportError("mynah.h is missing beside the package")


def _type(text: str, result: bool) -> Any:
    text = text.replace("const ", "").strip()
    if text.endswith("_fn"):
        return StreamCallback if text == "mynah_stream_fn" else ctypes.c_void_p
    if not text.endswith("*"):
        return _SCALARS[text]
    pointed = text.rstrip("* ")
    if text.count("*") == 2:
        return ctypes.POINTER(ctypes.c_void_p)
    if pointed in _SCALARS and pointed != "void" and not result:
        return ctypes.POINTER(_SCALARS[pointed])
    if pointed == "char" and not result:
        return ctypes.c_char_p
    return ctypes.c_void_p


class Library:
    """The functions of the library without their prefix: ``lib.cache_new``."""

    def __init__(self) -> None:
        self._dll = _open()
        self.header = _header()
        code = re.sub(r"/\*.*?\*/", "", self.header, flags=re.S)
        found = re.findall(r"MYNAH_API\s+([^;(]*?)\s*\bmynah_(\w+)\s*\(([^;]*)\);", code)
        self._prototypes = {name: (result, arguments) for result, name, arguments in found}
        self.constants = {
            name: int(value) for name, value in
            re.findall(r"#define MYNAH_(\w+)\s+(\d+)\b", self.header)}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            result, arguments = self._prototypes[name]
        except KeyError:
            raise AttributeError(f"libmynah has no mynah_{name}") from None
        function = getattr(self._dll, f"mynah_{name}")
        function.restype = _type(" ".join(result.split()), True)
        split = [] if arguments.strip() == "void" else arguments.split(",")
        function.argtypes = [
            _type(re.sub(r"\w+$", "", " ".join(a.split())), False) for a in split]
        setattr(self, name, function)
        return function  # type: ignore[no-any-return]


lib = Library()

Bytes = Union[bytes, bytearray, memoryview, str]


def as_bytes(data: Bytes) -> bytes:
    """Text as UTF-8, anything else as it is."""
    return data.encode() if isinstance(data, str) else bytes(data)


def take(value: ctypes.c_void_p) -> bytes:
    """The bytes of a ``mynah_value``, which is freed."""
    try:
        size = lib.value_len(value)
        return ctypes.string_at(lib.value_data(value), size) if size else b""
    finally:
        lib.value_free(value)


def take_text(address: int | None) -> str:
    """A NUL-terminated text of the library's."""
    return ctypes.string_at(address).decode("utf-8", "replace") if address else ""


def version() -> str:
    """The version of the library that was loaded."""
    return take_text(lib.version())


def abi_version() -> int:
    """The number of its binary interface."""
    return int(lib.abi_version())


def option_texts(value: object) -> list[bytes]:
    """An option's value as the library reads it; a list sets it repeatedly."""
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in option_texts(item)]
    if value is None:
        return [b"unset"]
    if isinstance(value, bool):
        return [b"true" if value else b"false"]
    return [str(value).encode()]
