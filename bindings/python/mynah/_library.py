"""The shared library: where it lies, and its functions as the header has them.

The prototypes are read from ``mynah.h``, which lies beside the library: nothing
that C declares is declared here once more.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import enum
import json
import numbers
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Mapping, Union

_HERE = Path(__file__).resolve().parent
_SOURCE = _HERE.parent.parent.parent
_NAMES = ("libmynah.so", "libmynah.dylib", "mynah.dll")

_SCALARS: dict[str, Any] = {
    "void": None, "mynah_status": ctypes.c_int32, "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t,
    "double": ctypes.c_double, "ptrdiff_t": ctypes.c_ssize_t, "int64_t": ctypes.c_int64,
}

Handle = ctypes.c_void_p
"""A place for a handle or an object: what C calls ``mynah_cache *`` and so on."""


def _open() -> ctypes.CDLL:
    if given := os.environ.get("MYNAH_LIBRARY"):
        return _open_given(given)
    places = [folder / name for folder in (_HERE, _SOURCE / "build") for name in _NAMES]
    for place in places:
        if place.exists():
            return ctypes.CDLL(str(place))
    try:
        return ctypes.CDLL(ctypes.util.find_library("mynah") or "libmynah.so.0")
    except OSError as failure:
        looked = ", ".join(map(str, places))
        raise ImportError(
            f"libmynah is neither at {looked} nor where the system looks ({failure}): "
            "pip install ./bindings/python brings it, make && make install installs it, "
            "and MYNAH_LIBRARY can name it") from None


def _open_given(given: str) -> ctypes.CDLL:
    """A path, or a name that the system looks for; never another library than that."""
    try:
        return ctypes.CDLL(os.path.abspath(given) if os.path.exists(given) else given)
    except OSError as failure:
        raise ImportError(f"MYNAH_LIBRARY is {given}, which cannot be loaded: {failure}") from None


def _header() -> str:
    for place in (_HERE / "mynah.h", _SOURCE / "include" / "mynah.h"):
        if place.exists():
            return place.read_text(encoding="utf-8")
    raise ImportError("mynah.h is missing beside the package")


def _type(text: str, result: bool) -> Any:
    text = text.replace("const ", "").strip()
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


def _parameters(text: str) -> list[str]:
    """The types of a parameter list, without the names."""
    if text.strip() == "void":
        return []
    return [re.sub(r"\w+$", "", " ".join(a.split())).strip() for a in text.split(",")]


class Library:
    """The functions of the library without their prefix: ``lib.cache_new``.

    ``constants`` has the header's numbers, ``meanings`` what it says of them,
    ``callbacks`` its function types, all without their prefix too.
    """

    def __init__(self) -> None:
        self._dll = _open()
        header = _header()
        code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
        found = re.findall(r"MYNAH_API\s+([^;(]*?)\s*\bmynah_(\w+)\s*\(([^;]*)\);", code)
        self._prototypes = {name: (result, arguments) for result, name, arguments in found}
        self.constants = {
            name: int(value) for name, value in
            re.findall(r"#define MYNAH_(\w+)\s+(\d+)\b", header)}
        theirs, ours = int(self._dll.mynah_abi_version()), self.constants["ABI_VERSION"]
        if theirs != ours:
            raise ImportError(f"libmynah has the binary interface {theirs}, and mynah.h is of "
                              f"{ours}: install both from the same version")
        self.meanings = dict(re.findall(r"#define MYNAH_(\w+)\s+\d+ /\* (.*?) \*/", header))
        self.callbacks = {
            name: ctypes.CFUNCTYPE(_SCALARS[result], *(_type(a, True) for a in _parameters(rest)))
            for result, name, rest in
            re.findall(r"typedef\s+(\w+)\s+\(\*mynah_(\w+_fn)\)\(([^;]*)\);", code)}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            result, arguments = self._prototypes[name]
        except KeyError:
            raise AttributeError(f"libmynah has no mynah_{name}") from None
        function = getattr(self._dll, f"mynah_{name}")
        function.restype = _type(" ".join(result.split()), True)
        function.argtypes = [
            self.callbacks[a[6:]] if a.endswith("_fn") else _type(a, False)
            for a in _parameters(arguments)]
        setattr(self, name, function)
        return function  # type: ignore[no-any-return]


lib = Library()

Bytes = Union[bytes, bytearray, memoryview, str]


def as_bytes(data: Bytes) -> bytes:
    """Text as UTF-8, anything else that holds bytes as it is. A number is refused:
    ``bytes(5)`` would be five zeros."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError(f"keys and values are bytes or text, not {type(data).__name__}") from None
    if "O" in view.format:  # of numpy's, whose bytes are addresses
        raise TypeError("keys and values are bytes or text, not an array of objects")
    return bytes(view)


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


def text_of(function: Callable[..., Any], *of: Any) -> str | None:
    """What a function of the library answers as data and length."""
    data = bytes_of(function, *of)
    return None if data is None else data.decode("utf-8", "replace")


def bytes_of(function: Callable[..., Any], *of: Any) -> bytes | None:
    """The same, as bytes."""
    length = ctypes.c_size_t()
    data = function(*of, length)
    return ctypes.string_at(data, length.value) if data else None


def version() -> str:
    """The version of the library that was loaded."""
    return take_text(lib.version())


def abi_version() -> int:
    """The number of its binary interface."""
    return int(lib.abi_version())


def c_text(text: str, what: str) -> bytes:
    """A text for C, which would cut it at a zero byte."""
    if not isinstance(text, str):
        raise TypeError(f"{what} is a text, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{what}: there is a zero byte in it")
    return text.encode()


def json_text(value: object, default: Callable[[object], Any] | None = None,
              ensure_ascii: bool = True) -> str:
    """A value as JSON, which knows no NaN; of mappings any kind."""
    def plain(other: object) -> Any:
        if isinstance(other, Mapping):
            return dict(other)
        return (default or json.JSONEncoder().default)(other)

    return json.dumps(value, default=plain, ensure_ascii=ensure_ascii, allow_nan=False)


def option_texts(value: object) -> list[str]:
    """An option's value as the library reads it; a list sets it repeatedly.

    None, or a list of nothing, withdraws what a preset or the client set, a timedelta is told in
    milliseconds, a mapping as JSON, a member of an Enum as its value.
    """
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in option_texts(item)] or ["unset"]
    if value is None:
        return ["unset"]
    if isinstance(value, (bool, Mapping)):
        return [json_text(value)]
    if isinstance(value, timedelta):
        # Away from 0, which as an option's value means something else than a little.
        whole, rest = divmod(value, timedelta(milliseconds=1))
        return [str(whole + 1 if rest and value > timedelta(0) else whole)]
    if isinstance(value, os.PathLike):
        return [os.fsdecode(value)]
    if isinstance(value, (str, numbers.Number)):
        return [str(value)]
    if callable(item := getattr(value, "item", None)):  # numpy's bool is no number
        return option_texts(item())
    raise TypeError(f"an option's value cannot be of the type {type(value).__name__}")
