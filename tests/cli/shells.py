"""Shells of users that complete what is typed into them: bash and zsh at a terminal, fish by its own `complete -C`."""
import os
import pty
import re
import select
import subprocess
import time

# Ctrl-G prints the line between signs that no prompt has, and empties it.
_AT_A_TERMINAL = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             """bind 'set bell-style none'; bind 'set completion-query-items 0'; source ./script
show() { printf '<<%s>>' "$READLINE_LINE"; READLINE_LINE=; }; bind -x '"\\C-g": show'"""),
    "zsh": (["zsh", "-f", "-i"],
            """unsetopt list_beep; mkdir functions; cp script functions/_mi2; fpath=($PWD/functions $fpath)
autoload -U compinit; compinit -u -D; show() { print -rn -- "<<$BUFFER>>"; BUFFER= }; zle -N show; bindkey '^G' show"""),
}


class _Terminal:
    def __init__(self, command, folder):
        self._leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "HOME": str(folder), "INPUTRC": "/dev/null", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdin=follower, stdout=follower,
                                         stderr=follower, start_new_session=True)
        os.close(follower)

    def type(self, text):
        os.write(self._leader, text.encode())

    def shown(self, pattern, seconds=60):
        """What the group of a pattern matches in the output that follows."""
        output, end = b"", time.monotonic() + seconds
        while not (found := re.search(pattern, output)):
            assert select.select([self._leader], [], [], end - time.monotonic())[0], output
            output += os.read(self._leader, 65536)
        return found.group(1).decode()

    def close(self):
        os.close(self._leader)
        self._process.kill()
        self._process.wait()


def _completed_at_a_terminal(shell, folder, lines):
    command, settings = _AT_A_TERMINAL[shell]
    terminal = _Terminal(command, folder)
    try:
        terminal.type(settings + "; echo rea''dy\n")
        terminal.shown(rb"(ready)")
        completed = []
        for line in lines:
            terminal.type(f"{line}\t\x07")
            completed.append(terminal.shown(rb"<<(mi2[^>]*)>>"))
        return completed
    finally:
        terminal.close()


def _completed_by_fish(folder, lines):
    script = "source script; while read --local line; complete -C $line; echo =; end"
    done = subprocess.run(["fish", "--no-config", "-c", script], input="\n".join(lines) + "\n", cwd=folder, text=True,
                          env={**os.environ, "HOME": str(folder)}, capture_output=True, check=True)
    assert done.stderr == ""
    answers = [answer.splitlines() for answer in done.stdout.split("=\n")[:-1]]
    completed = []
    for line, answer in zip(lines, answers, strict=True):
        words = [row.split("\t")[0] for row in answer]
        completed.append(line[:line.rindex(" ") + 1] + words[0] + " " if len(words) == 1 else line)
    return completed


def completed(shell, folder, lines):
    """Each line after a press of Tab, in a folder that has the completion of a shell as `script`."""
    if shell == "fish":
        return _completed_by_fish(folder, lines)
    return _completed_at_a_terminal(shell, folder, lines)
