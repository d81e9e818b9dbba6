"""The hints: the package under mypy --strict, and a program that uses it."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

USE = '''
from __future__ import annotations
import mynah

with mynah.Cache(capacity=1000) as cache:
    value: bytes | None = cache.get("k")
    other: bytes | str = cache.get("k", "none")
    reveal_type(cache["k"])

    @cache.memoize(ttl=60)
    def add(a: int, b: int) -> int:
        return a + b

    reveal_type(add(1, 2))

    @cache.memoize()
    async def later(a: int) -> int:
        return a

    async def use() -> None:
        reveal_type(await later(1))

    texts: dict[str, bytes] = {"a": b"1"}
    cache.set_many(texts)
    cache.set_many({b"a": "1"})
    cache.update({"a": "1"})
    cache.update(texts, more=b"2")
    cache.update([("a", b"1")])
    for key, value in cache.items():
        reveal_type(key)
    reveal_type(next(iter(cache.keys())))
    reveal_type(next(iter(cache.values())))

    @cache.memoize
    def bare(a: int) -> int:
        return a

    reveal_type(bare(1))

    rate: float | None = cache.metrics().hit_rate

def ask(client: mynah.Client) -> list[mynah.Response]:
    reveal_type(client.embed("a"))
    reveal_type(client.embed("a", model="m", encoding_format="base64"))
    with client.stream("hello") as stream:
        reveal_type(next(stream))
    return [r for r in client.batch(["a"]) if isinstance(r, mynah.Response)]

async def ask_later(client: mynah.Tiered) -> str:
    text = "".join([piece async for piece in client.astream("hello")])
    reveal_type((await client.achat("hello")).usage.output_tokens)
    reveal_type(await client.clients[0].aembed("a"))
    return text
'''
REVEALED = ['"bytes"', '"int"', '"int"', '"bytes"', '"bytes"', '"bytes"', '"int"',
            '"list[list[float]]"', '"list[str]"', '"str"', '"int | None"',
            '"list[list[float]]"']

OLDEST = (1, 15)


@pytest.fixture
def mypy():
    version = pytest.importorskip("mypy.version", reason="mypy is not installed").__version__
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        pytest.skip("mypy {} is older than {}.{}, whose hints of the library we "
                    "follow".format(version, *OLDEST))
    return pytest.importorskip("mypy.api")


def test_the_package_passes_mypy_strict(mypy):
    out, err, code = mypy.run(["--strict", "--no-incremental", str(HERE.parent / "mynah")])
    assert code == 0, out + err


def test_a_program_that_uses_it_is_typed(mypy, tmp_path, monkeypatch):
    monkeypatch.setenv("MYPYPATH", str(HERE.parent))
    program = tmp_path / "program.py"
    program.write_text(USE)
    out, err, code = mypy.run(["--strict", "--no-incremental", str(program)])
    assert code == 0, out + err
    notes = [line for line in out.splitlines() if "Revealed type" in line]
    told = [note.split(" is ")[1].replace("builtins.", "") for note in notes]
    assert [t.replace("Union[int, None]", "int | None") for t in told] == REVEALED


def test_nothing_of_others_is_needed():
    code = ("import sys; before = set(sys.modules); import mynah; "
            "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
            "print(sorted(new - set(sys.stdlib_module_names) - {'mynah'}))")
    if sys.version_info < (3, 10):
        pytest.skip("the list of the library's modules came with 3.10")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
