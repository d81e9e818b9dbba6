"""Builds the wheel: the package, the header and the shared library inside.

A PEP 517 backend of its own, because a wheel is a zip archive with three small
text files, and because the library comes from `make`, not from a C extension.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSION = re.search(r'^version = "(.*)"', (HERE / "pyproject.toml").read_text(), re.M)[1]
TAG = "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
LICENCES = ["LICENSE-MIT", "LICENSE-APACHE"]
METADATA = f"""Metadata-Version: 2.4
Name: mynah
Version: {VERSION}
Summary: A fast in-process cache and a client for language models
License-Expression: MIT OR Apache-2.0
License-File: {LICENCES[0]}
License-File: {LICENCES[1]}
Requires-Python: >=3.9
"""
NAME = {"darwin": "libmynah.dylib", "win32": "mynah.dll"}.get(sys.platform, "libmynah.so")
WHEEL = f"Wheel-Version: 1.0\nGenerator: mynah\nRoot-Is-Purelib: false\nTag: {TAG}\n"


if not (ROOT / "include").is_dir():
    raise SystemExit("mynah: this folder was copied away from its checkout, as pip before 21.3 "
                     "does: python -m pip install --upgrade pip, or pip wheel from a checkout")


def library():
    """The shared library, built where it is not given by MYNAH_LIBRARY."""
    if given := os.environ.get("MYNAH_LIBRARY"):
        # pip runs this here, and not where the name was given: most give it from the root.
        places = [Path(given), ROOT / given]
        return next((p for p in places if p.is_file()), places[0]).resolve()
    is_made = subprocess.run(["make", "-q"], cwd=ROOT, stderr=subprocess.DEVNULL).returncode == 0
    if not is_made and not shutil.which("cargo"):
        raise SystemExit("mynah: the library is built by cargo (Rust), which is not here; "
                         "or name one that was built, with MYNAH_LIBRARY")
    subprocess.run(["make", "--no-print-directory"], cwd=ROOT, check=True)
    return next(p for p in sorted((ROOT / "build").glob("libmynah.*")) if ".so.0" in p.name
                or p.suffix == ".dylib").resolve()


def files(editable):
    """Pairs of a name in the wheel and its bytes."""
    if editable:
        return [("mynah.pth", f"{HERE}\n".encode())]
    found = [(f"mynah/{p.name}", p.read_bytes())
             for p in sorted((HERE / "mynah").iterdir()) if p.is_file()]
    found = [f for f in found if not f[0].endswith((".so", ".dylib", ".dll", ".h"))]
    return found + [("mynah/mynah.h", (ROOT / "include" / "mynah.h").read_bytes()),
                    (f"mynah/{NAME}", library().read_bytes())]


def write(folder, editable=False):
    info = f"mynah-{VERSION}.dist-info"
    contents = files(editable) + [(f"{info}/METADATA", METADATA.encode()),
                                  (f"{info}/WHEEL", WHEEL.encode())]
    contents += [(f"{info}/licenses/{name}", (ROOT / name).read_bytes()) for name in LICENCES]
    record = ""
    for name, data in contents:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    contents.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode()))
    wheel = f"mynah-{VERSION}-{TAG}.whl"
    with zipfile.ZipFile(Path(folder) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # A plain file that all may read, to tools that go by it.
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return write(wheel_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write(wheel_directory, editable=True)


class UnsupportedOperation(Exception):
    """What PEP 517 has a backend raise for what it does not do."""


def build_sdist(sdist_directory, config_settings=None):
    raise UnsupportedOperation("the source of the library lies outside this folder: "
                               "build a wheel, from a checkout (pip wheel ./bindings/python)")
