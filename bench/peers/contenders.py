"""Who races, and how to talk to them."""
import dataclasses
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass(frozen=True)
class Contender:
    runtime: str
    dtype: str
    group: str  # raced together, and compared with mi2 in this element type
    variant: str = ""
    form: str = ""  # of artifacts.py

    @property
    def name(self):
        return f"{self.runtime} {self.variant}".strip() + " " + self.dtype


CONTENDERS = [
    Contender("mi2", "f32", "f32"),
    Contender("mi2", "bf16x3", "f32"),
    Contender("pytorch", "f32", "f32", "eager"),
    Contender("onnxruntime", "f32", "f32", form="onnx"),
    Contender("openvino", "f32", "f32", form="openvino"),
    Contender("mi2", "bf16", "bf16"),
    Contender("pytorch", "bf16", "bf16", "eager"),
    Contender("pytorch", "bf16", "bf16", "compiled"),
    Contender("openvino", "bf16", "bf16", form="openvino"),
    Contender("mi2", "int8", "int8"),
    Contender("onnxruntime", "int8", "int8", form="onnx-int8"),
    Contender("openvino", "int8", "int8", form="openvino-int8"),
]
REFERENCE = Contender("pytorch", "f32", "f32", "eager")


class WorkerFailed(Exception):
    """What a contender said before it gave up."""


class Worker:
    """A contender's process. Its errors go to a log; its last words are part of the exception."""

    def __init__(self, contender, command, log):
        self.contender, self.log = contender, log
        os.makedirs(os.path.dirname(log), exist_ok=True)
        start = time.perf_counter()
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            text=True)
        self.greeting = self.read()
        self.greeting["start_s"] = time.perf_counter() - start

    def read(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        status = self.process.wait()
        with open(self.log, encoding="utf-8", errors="replace") as file:
            words = [line.strip() for line in file if line.strip()][-1:] or ["no message"]
        raise WorkerFailed(f"ended with status {status}: {words[0]}")

    def ask(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read() reports why it ended
        answer = self.read()
        if "error" in answer:
            raise WorkerFailed(answer["error"]["message"])
        return answer

    def processor_ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def settle(self, patience=1.0):
        """Waits until the process sleeps: its threads may spin for a while after a pass."""
        end = time.perf_counter() + patience
        while time.perf_counter() < end:
            before = self.processor_ticks()
            time.sleep(0.03)
            if self.processor_ticks() == before:
                return

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start(contender, kind, threads, setup):
    """A loaded worker. `setup` has mi2, model, mi2_models, out, logs and artifact(kind, form)."""
    log = os.path.join(setup.logs, f"{kind}-{threads}-{contender.name.replace(' ', '-')}.log")
    if contender.runtime == "mi2":
        model = setup.mi2_models.get(contender.dtype, setup.model)
        command = [setup.mi2, "bench", "--serve", "--model", model, "--dtype", contender.dtype,
                   "--threads", str(threads)]
    else:
        # What Inductor compiled is kept beside the converted models.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.abspath(os.path.join(setup.out, "inductor")))
        options = {"runtime": contender.runtime, "variant": contender.variant, "dtype": contender.dtype, "kind": kind,
                   "threads": threads, "model": setup.model,
                   "artifact": setup.artifact(kind, contender.form) if contender.form else None}
        command = [sys.executable, os.path.join(HERE, "worker.py"), json.dumps(options)]
    return Worker(contender, command, log)
