"""A PostgreSQL of a test's own, on a Unix socket, that asks for a password."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "hush-hush-41"
# Connections of mi2 that wait for another one's lock.
WAITING = "FROM pg_stat_activity WHERE application_name = 'mi2' AND wait_event_type = 'Lock'"


def _program(name, folder=None):
    if folder is not None and (folder / name).exists():
        return folder / name
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _user():
    """Whom its programs run as: they refuse root."""
    if os.geteuid() != 0:
        return {}
    name = next(n for n in ("postgres", "nobody") if any(n == user.pw_name for user in pwd.getpwall()))
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """Running until stop(). Its folder is not the test's, into which another user cannot look."""

    def __init__(self, programs=None):
        """@param programs  the folder of PostgreSQL's programs, if not Debian's."""
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="mi2-pg-"))
        self.folder.chmod(0o755)
        self.user = _user()
        words = self.folder / "words"
        words.write_text(PASSWORD + "\n")
        data = self.folder / "data"
        data.mkdir()
        if self.user:
            for path in (self.folder, data, words):
                os.chown(path, self.user["user"], self.user["group"])
        self._run("initdb", "--pgdata", data, "--username", "owner", "--pwfile", words, "--auth", "scram-sha-256",
                  "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self._control("start")

    def _run(self, program, *arguments):
        done = subprocess.run([_program(program, self.programs), *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False, **self.user)
        assert done.returncode == 0, done.stderr.decode()

    def _control(self, *what):
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._run("pg_ctl", "--pgdata", self.folder / "data", "--log", self.folder / "log", "-w", "-o", options, *what)

    def restart(self):
        self._control("restart", "-m", "immediate")

    @contextmanager
    def away(self):
        """Within it nobody can connect."""
        self._control("stop", "-m", "immediate")
        try:
            yield
        finally:
            self._control("start")

    def stop(self):
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, schema, user="owner"):
        return f"postgres:///postgres?host={self.folder}&user={user}&schema={schema}"

    def start(self, statement):
        """@returns the process of psql."""
        return subprocess.Popen([_program("psql", self.programs), "-X", "-A", "-t", "-F", "|", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
                                 "-U", "owner", "-d", "postgres", "-c", statement], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PGPASSWORD": PASSWORD})

    def sql(self, statement):
        """@returns rows of texts."""
        run = self.start(statement)
        rows, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors.decode()
        return [line.split("|") for line in rows.decode().splitlines()]

    @contextmanager
    def held(self, statement):
        """Within it a transaction has done this, and does not end. @yields until when something may be waited for."""
        lock = self.start(f"BEGIN; {statement}; SELECT pg_sleep(100)")
        asleep = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        try:
            end = time.monotonic() + 60
            while not self.sql(f"SELECT 1 {asleep}"):
                assert time.monotonic() < end
            yield end
        finally:
            lock.kill()
            lock.communicate()
            self.sql(f"SELECT pg_terminate_backend(pid) {asleep}")


@contextmanager
def running(mi2, folder, programs=None):
    """A server whose password programs know."""
    if "built without" in subprocess.run([mi2.path, "index", "stats", "postgres:///x"], capture_output=True, text=True,
                                         check=False).stderr:
        pytest.skip("this program was built without libpq")
    server = Postgres(programs)
    words = folder / "pgpass"
    words.write_text(f"*:*:*:*:{PASSWORD}\n")
    words.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSFILE", str(words))
        yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres(mi2, tmp_path_factory):
    with running(mi2, tmp_path_factory.mktemp("words")) as server:
        yield server


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Makes this the machine of a name, with a cache of its own. @returns its folder."""
    def become(name):
        cache = tmp_path / f"cache-{name}"
        monkeypatch.setenv("MI2_ARCHIVE_CACHE", str(cache))
        return cache
    become("first")
    return become


@pytest.fixture
def url(postgres, request, machine):
    """A schema of the test's own."""
    schema = re.sub(r"[^a-z0-9]", "_", request.node.name.lower())[5:60]
    return postgres.url(schema)


def schema_of(url):
    return url.split("schema=")[1]


def replica_of(mi2, url):
    return re.search(r"replica   (\S+)", mi2("index", "stats", url, with_model=False).stdout.decode())[1]
