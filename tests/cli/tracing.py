"""Programs under strace, which makes their system calls fail, wait, or be their last."""
import collections
import os
import re
import shutil
import subprocess

import pytest

CALLS = "write,pwrite64,rename,renameat,renameat2,fsync,ftruncate,fchmod,fchown,mkdir,mkdirat,unlink,unlinkat,flock"


def _can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


NEEDS_STRACE = [
    pytest.mark.skipif(not _can_trace(), reason="strace is not there, or may not trace"),
    pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")),
                       reason="the sanitizers' runtime makes calls of its own, and waits for ever for those that fail"),
]


class Traced:
    """Runs a command with a fault at its n-th call."""

    def __init__(self, mi2, folder, *arguments):
        self.command = [mi2.path, *map(str, arguments)]
        self.environment = mi2.environment()
        self.folder = folder

    def run(self, *options):
        return subprocess.run(["strace", "-f", "-qq", *options, *self.command], env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def calls(self):
        """The calls of a run without faults: (name, its number among those of this name)."""
        log = self.folder / "strace.log"
        done = self.run("-o", str(log), "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stderr
        lines = log.read_text().splitlines()
        log.unlink()
        found, counts = [], collections.Counter()
        for line in lines:
            if (name := re.search(r"(\w+)\(", line)) and "resumed>" not in line:
                counts[name[1]] += 1
                found.append((name[1], counts[name[1]]))
        return found

    def at(self, call, fault):
        name, number = call
        return self.run("-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={number}")

    def each(self, fault, prepare, only=None):
        """Runs it with the fault at each call, or at those that `only` names."""
        prepare()
        calls = [call for call in self.calls() if only is None or call[0] in only]
        assert len(calls) > 4
        for call in calls:
            prepare()
            yield call, self.at(call, fault)
