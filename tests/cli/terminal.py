"""A program whose standard error is a terminal."""
import os
import pty
import subprocess
import tempfile


def run_on_terminal(command, environment):
    """:returns: the exit status, standard output, and what the terminal was shown."""
    leader, follower = pty.openpty()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env={**environment, "TERM": "xterm"}, stderr=follower, stdout=output,
                                   stdin=subprocess.DEVNULL)
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:
            pass  # a terminal whose other side is gone ends so
        os.close(leader)
        status = process.wait(timeout=120)
        output.seek(0)
        return status, output.read(), shown.decode()
