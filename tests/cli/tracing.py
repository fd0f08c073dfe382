"""Programs under strace, which makes their system calls fail, wait, or be their last."""
import collections
import itertools
import os
import random
import re
import shutil
import subprocess

import pytest

CALLS = "write,pwrite64,rename,renameat,renameat2,fsync,ftruncate,fchmod,fchown,mkdir,mkdirat,unlink,unlinkat,flock"


def _can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


SANITIZED = bool(os.environ.get("MI2_SANITIZE"))
CAN_TRACE = pytest.mark.skipif(not _can_trace(), reason="strace is not there, or may not trace")
CALLS_MAY_FAIL = pytest.mark.skipif(
    SANITIZED, reason="the sanitizers' runtime makes calls of its own, and waits for ever for those that fail")
# For tests that make calls fail or wait.
NEEDS_STRACE = [CAN_TRACE, CALLS_MAY_FAIL]
# For tests that kill at calls; those of their faults that make calls fail have CALLS_MAY_FAIL.
NEEDS_KILLS = [
    CAN_TRACE,
    pytest.mark.skipif(SANITIZED and os.environ.get("MI2_KILLS_SANITIZED") != "1",
                       reason="hundreds of starts of a sanitized program: MI2_KILLS_SANITIZED=1 asks for them"),
]
KILL_OR_FULL_DISK = ["signal=KILL", pytest.param("error=ENOSPC", marks=CALLS_MAY_FAIL)]


class Traced:
    """Runs a command with a fault at its n-th call."""

    def __init__(self, mi2, folder, *arguments):
        self.command = [mi2.path, *map(str, arguments)]
        self.environment = mi2.environment()
        if SANITIZED:
            # The search for leaks is a tracer itself, and a process has one.
            options = filter(None, [self.environment.get("ASAN_OPTIONS"), "detect_leaks=0"])
            self.environment["ASAN_OPTIONS"] = ":".join(options)
        self.folder = folder

    def run(self, *options):
        return subprocess.run(["strace", "-f", "-qq", *options, *self.command], env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def calls(self, names=CALLS):
        """The calls of a run without faults: (name, its number among those of this name)."""
        log = self.folder / "strace.log"
        done = self.run("-y", "-o", str(log), "-e", f"trace={names}")
        assert done.returncode == 0, done.stderr
        lines = log.read_text().splitlines()
        log.unlink()
        found, counts = [], collections.Counter()
        for line in lines:
            if (name := re.search(r"(\w+)\(", line)) and "resumed>" not in line:
                counts[name[1]] += 1
                # The sanitizers' runtime asks whether memory is there by writing it into a pipe.
                if not (SANITIZED and "<pipe:[" in line):
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

    def some(self, fault, prepare, count, seed, names=CALLS):
        """Runs it with the fault at `count` of its calls, drawn with `seed`, of each name in turn."""
        prepare()
        draw, by_name = random.Random(seed), collections.defaultdict(list)
        for call in self.calls(names):
            by_name[call[0]].append(call)
        turns = draw.sample(sorted(by_name), len(by_name))
        for name in turns:
            draw.shuffle(by_name[name])
        calls = [call for row in itertools.zip_longest(*(by_name[name] for name in turns)) for call in row if call]
        for call in calls[:count]:
            prepare()
            yield call, self.at(call, fault)
