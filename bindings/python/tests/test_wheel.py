"""What the wheel holds, and that it fits the library that it meets."""

import zipfile
from pathlib import Path

import backend
import pytest

from mynah import _library


def test_the_wheel_has_the_licences(tmp_path, monkeypatch):
    (tmp_path / "libmynah.so").write_bytes(b"a library")
    monkeypatch.setenv("MYNAH_LIBRARY", str(tmp_path / "libmynah.so"))
    with zipfile.ZipFile(tmp_path / backend.build_wheel(tmp_path)) as wheel:
        texts = {Path(n).name: wheel.read(n) for n in wheel.namelist() if "dist-info" in n}
    for name in backend.LICENCES:
        assert texts[name] == (backend.ROOT / name).read_bytes()
        assert f"License-File: {name}" in texts["METADATA"].decode()


def test_a_library_of_another_interface_than_the_header_is_refused(monkeypatch):
    header = _library._header()
    monkeypatch.setattr(_library, "_header", lambda: header.replace(
        "#define MYNAH_ABI_VERSION 0", "#define MYNAH_ABI_VERSION 7"))
    with pytest.raises(ImportError, match="interface 0, and mynah.h is of 7"):
        _library.Library()
