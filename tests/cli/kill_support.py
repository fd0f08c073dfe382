"""Commands that are killed at random moments, drawn with a seed, and disks that are full. MI2_KILLS=100 kills each command
that often."""
import contextlib
import os
import random
import subprocess
import time

import pytest


def kills(usual):
    """How often a command is killed."""
    return int(os.environ.get("MI2_KILLS", min(usual, 3) if os.environ.get("MI2_SANITIZE") else usual))


def undisturbed(mi2, *arguments):
    """Runs a command to its end. @returns the seconds it took."""
    start = time.monotonic()
    subprocess.run([mi2.path, *map(str, arguments)], env=mi2.environment(), check=True, capture_output=True)
    return time.monotonic() - start


def killed(mi2, arguments, duration, seed, times):
    """Starts a command again and again, and kills it within `duration` seconds. Yields after each whether it had ended."""
    moments = random.Random(seed)
    for _ in range(times):
        run = subprocess.Popen([mi2.path, *map(str, arguments)], env=mi2.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, duration))
        run.kill()
        yield run.wait() == 0


@contextlib.contextmanager
def mounted(folder, *options):
    """A file system of its own in a new folder; without leave to mount one the test is skipped."""
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", *options, str(folder)], capture_output=True,
                                           check=False).returncode != 0:
        pytest.skip("a file system of its own needs root, and leave to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def small_disk(folder, size):
    """A disk of a few kilobytes: "420k"."""
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")


def fill(folder, blocks_left):
    """@returns a file that leaves no more room than this on its disk."""
    found = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(max(0, found.f_bavail - blocks_left) * found.f_frsize))
    return ballast
