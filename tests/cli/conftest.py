"""The program as its users run it. MI2_BIN is the program, MI2_TINY_MODEL and MI2_STARTER_MODEL are model folders."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

IMAGES = Path(__file__).resolve().parent.parent / "golden" / "data" / "images"


def _model() -> str:
    for name in ("MI2_TINY_MODEL", "MI2_STARTER_MODEL"):
        folder = os.environ.get(name, "")
        if folder and Path(folder).is_dir():
            return folder
    pytest.skip("neither MI2_TINY_MODEL nor MI2_STARTER_MODEL names a model folder")


class Program:
    """Runs mi2; keeps what it printed."""

    def __init__(self, model: str):
        self.path = os.environ["MI2_BIN"]
        self.model = model

    def environment(self, with_model: bool = True) -> dict:
        environment = {k: v for k, v in os.environ.items() if k != "MI2_MODEL"}
        if with_model:
            environment["MI2_MODEL"] = self.model
        return environment

    def __call__(self, *arguments, status=0, stdin=b"", with_model=True, **options):
        if "stdout" not in options:
            options["stdout"] = subprocess.PIPE
        done = subprocess.run([self.path, *arguments], input=stdin, stderr=subprocess.PIPE,
                              env=self.environment(with_model), timeout=300, check=False, **options)
        done.errors = done.stderr.decode()
        assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.errors}"
        return done

    def rows(self, *arguments, **options):
        return [json.loads(line) for line in self(*arguments, **options).stdout.decode().splitlines()]


@pytest.fixture(scope="session")
def mi2():
    return Program(_model())


@pytest.fixture(scope="session")
def images():
    return IMAGES


@pytest.fixture
def picture():
    return str(IMAGES / "gray.png")


@pytest.fixture
def bad_picture(tmp_path):
    """A PNG that ends in the middle."""
    path = tmp_path / "cut.png"
    content = (IMAGES / "gray.png").read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return str(path)


@pytest.fixture
def folder(tmp_path):
    """Pictures at two depths among things that are not pictures."""
    root = tmp_path / "study"
    (root / "b").mkdir(parents=True)
    (root / ".hidden").mkdir()
    shutil.copy(IMAGES / "gray.png", root / "c.png")
    shutil.copy(IMAGES / "grey.jpg", root / "b" / "no_extension")
    shutil.copy(IMAGES / "rgba.png", root / "a.png")
    shutil.copy(IMAGES / "rgba.png", root / ".a.png")
    shutil.copy(IMAGES / "rgba.png", root / ".hidden" / "a.png")
    (root / "notes.txt").write_text("nothing to see")
    (root / "b" / "lying").write_text("not a picture")
    (root / "empty").write_bytes(b"")
    (root / "loop").symlink_to(root)
    return root
