"""Files of the user's reach every program as fresh copies; what a program leaves is taken with tongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput, ExecutorError, UnknownName
from codesteer_kernel.executor import Executor, Limits, open_executor

pytestmark = pytest.mark.kernel


async def test_every_program_finds_a_fresh_copy(executor: Executor, tmp_path: Path) -> None:
    source = tmp_path / "numbers.csv"
    source.write_text("1,2\n")
    await executor.put_file(source)
    await executor.put_file(source, "again.csv")
    source.write_text("changed later")
    for _ in range(2):
        result = await executor.run(
            "import os\nprint(sorted(os.listdir()), open('numbers.csv').read())\nopen('numbers.csv', 'a').write('3')"
        )
        assert result.stdout == "['again.csv', 'numbers.csv', 'program.py'] 1,2\n\n"
    assert source.read_text() == "changed later"
    await executor.put_file(source)
    assert (await executor.run("print(open('numbers.csv').read())")).stdout == "changed later\n"


async def test_files_of_the_last_program_can_be_taken(executor: Executor, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="No program has run"):
        await executor.get_file("out.bin")
    await executor.run("open('out.bin', 'wb').write(b'\\x00\\xff')")
    assert await executor.get_file("out.bin") == b"\x00\xff"
    await executor.get_file("out.bin", to=tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"\x00\xff"
    await executor.run("pass")
    with pytest.raises(UnknownName, match=r"left no file 'out\.bin'"):
        await executor.get_file("out.bin")


async def test_what_is_no_plain_file_is_refused(executor: Executor, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    result = await executor.run(
        f"import os\nos.symlink({str(secret)!r}, 'link')\nos.symlink('nowhere', 'dangling')\nos.mkfifo('pipe')\n"
        "os.mkdir('folder')\nopen('one', 'w').close()\nos.link('one', 'two')\n"
        "os.truncate(os.open('sparse', os.O_CREAT | os.O_RDWR), 1 << 29)"
    )
    assert result.ok, result.stderr
    for name in ("link", "dangling", "pipe", "folder", "one"):
        with pytest.raises(ExecutorError, match=f"'{name}' was refused"):
            await executor.get_file(name)
    with pytest.raises(BadInput, match="'sparse' has 512 MB, more than the 64 MB allowed"):
        await executor.get_file("sparse")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "../k1/k.json", "/etc/passwd", "a\\b", "a\0b", "a\n", " a", "program.py", "x" * 300, 3],
)
async def test_names_are_plain(executor: Executor, tmp_path: Path, name: str) -> None:
    source = tmp_path / "f"
    source.write_text("x")
    with pytest.raises(BadInput, match="cannot be the name"):
        await executor.put_file(source, name)
    with pytest.raises(BadInput, match="cannot be the name"):
        await executor.get_file(name)


async def test_what_goes_in_is_there_and_not_too_large(tmp_path: Path, leak_check: None) -> None:
    async with open_executor(limits=Limits(input_mb=1), preload=()) as executor:
        with pytest.raises(BadInput, match="cannot be read: No such file"):
            await executor.put_file(tmp_path / "absent")
        with pytest.raises(BadInput, match="is not a file"):
            await executor.put_file(tmp_path)
        with (tmp_path / "large").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(BadInput, match="more than the 1 MB allowed"):
            await executor.put_file(tmp_path / "large")
        assert (await executor.run("import os; print(os.listdir())")).stdout == "['program.py']\n"
