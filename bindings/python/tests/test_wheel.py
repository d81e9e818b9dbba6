"""What the wheel holds."""

import zipfile
from pathlib import Path

import backend


def test_the_wheel_has_the_licences(tmp_path, monkeypatch):
    (tmp_path / "libmynah.so").write_bytes(b"a library")
    monkeypatch.setenv("MYNAH_LIBRARY", str(tmp_path / "libmynah.so"))
    with zipfile.ZipFile(tmp_path / backend.build_wheel(tmp_path)) as wheel:
        texts = {Path(n).name: wheel.read(n) for n in wheel.namelist() if "dist-info" in n}
    for name in backend.LICENCES:
        assert texts[name] == (backend.ROOT / name).read_bytes()
        assert f"License-File: {name}" in texts["METADATA"].decode()
