#!/usr/bin/env python3
"""Checks and times mi2 on a device; scripts/gpu_check.sh calls it.

    check.py --mi2 PROGRAM --steps PROGRAM --device cuda|cuda:N|torch --out DIR [--seconds 450] [--parts tests,bench]

Writes DIR/gpu_check.json and DIR/gpu_check.log. Exit status 1 if a check failed. A part for which no time is left, or
for which this machine lacks something, is listed under "left_out" with the reason. On the device torch, libtorch on the
CPU, everything runs small, to try the script itself; its times mean nothing and are not written as results.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import numpy

import checks
import speed
from files import GOLDEN
from program import Failed

HERE = pathlib.Path(__file__).resolve().parent


class PeerProcess:
    """peers.py, if this Python has PyTorch."""

    def __init__(self, run, device, model):
        self.process = subprocess.Popen([sys.executable, str(HERE / "peers.py"), device, str(model)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=run.log_file)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed("PyTorch's process ended; the log says why")
        return json.loads(line)

    def close(self):
        self.process.kill()
        self.process.wait()


class Run:
    def __init__(self, arguments, folder, log_file):
        self.mi2, self.steps, self.device = arguments.mi2, arguments.steps, arguments.device
        self.folder, self.log_file = folder, log_file
        self.small = arguments.device == "torch"
        self.rounds = 1 if self.small else 20
        self.deadline = time.monotonic() + arguments.seconds
        self.report = {"checks": [], "left_out": [], "results": []}
        self.serves = "--device" in subprocess.run([self.mi2, "serve", "--help"], capture_output=True, text=True,
                                                   check=False).stdout
        if not self.serves:
            self.leave_out("server", "this mi2 serve takes no --device")

    def say(self, text):
        print(text, file=sys.stderr, flush=True)
        self.log_file.write(text + "\n")
        self.log_file.flush()

    def leave_out(self, name, reason):
        self.say(f"left out: {name}: {reason}")
        self.report["left_out"].append({"name": name, "reason": reason})

    def part(self, name, needs_seconds, work, timing=False):
        """Runs work() if there is time for it. @returns what it found, or None."""
        if time.monotonic() + needs_seconds > self.deadline:
            self.leave_out(name, "no time left")
            return None
        self.say(f"== {name}")
        start, found, entry = time.monotonic(), None, {"name": name, "ok": True}
        try:
            found = work()
            entry["found"] = found
        except Exception as error:  # the parts after it go on
            entry.update(ok=False, reason=f"{'' if isinstance(error, Failed) else type(error).__name__ + ': '}{error}")
        entry["seconds"] = round(time.monotonic() - start, 2)
        self.say(f"   {'ok' if entry['ok'] else 'FAILED: ' + entry['reason']} ({entry['seconds']} s)")
        self.report["results" if timing and entry["ok"] else "checks"].append(entry)
        return found


def first_line(*command):
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else None
    return None


def machine(run):
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    card = None if run.small else first_line("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    torch = first_line(sys.executable, "-c", "import torch; print(torch.__version__)")
    return {"device": run.device, "card": card, "cpu": cpu, "cores": len(os.sched_getaffinity(0)), "pytorch": torch,
            "kernel": platform.release(), "mi2": first_line(run.mi2, "--version"), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def make_model(run, name):
    """A golden model's weights: those of the build, else made here (numpy; the full model takes half a minute)."""
    built = GOLDEN.parents[1] / "build" / "golden" / name
    if (built / "model.safetensors").exists():
        return built
    folder = run.folder / name
    folder.mkdir()
    config = GOLDEN / "data" / name / "config.yaml"
    shutil.copy(config, folder / "config.yaml")
    subprocess.run([sys.executable, str(GOLDEN / "make_checkpoint.py"), str(config), str(folder / "model.safetensors")],
                   check=True, stdout=run.log_file, stderr=run.log_file)
    return folder


def run_tests(run, tiny, full, peer):
    golden = checks.golden_of("tiny")
    for dtype in ("f32", "bf16") if run.small else ("f32", "bf16", "f16"):
        run.part(f"parity of the tiny model in {dtype}", 10, lambda dtype=dtype: checks.parity(run, tiny, golden, dtype))
    if full:
        for dtype in ("f32", "bf16"):
            run.part(f"parity of the full model in {dtype}", 30,
                     lambda dtype=dtype: checks.parity(run, full, checks.golden_of("full"), dtype))
    if run.serves:
        run.part("server", 20, lambda: checks.server(run, tiny, golden, "f32"))
    run.part("training steps", 30, lambda: checks.training(run, tiny, 1 if run.small else 10))
    if peer and full:
        run.part("out of memory", 30, lambda: checks.out_of_memory(run, full, "bf16", peer))
    else:
        run.leave_out("out of memory", "it needs a GPU and PyTorch")


def run_bench(run, model, config, peer):
    batches = (1, 2) if run.small else (1, 8, 64)
    peak = {}
    if peer:
        found = run.part("peak", 20, lambda: peer.ask(op="peak", size=256 if run.small else 8192), timing=True)
        peak = (found or {}).get("tflops", {})
    else:
        run.leave_out("peak and PyTorch", f"{sys.executable} has no PyTorch")
    rows = []
    plan = [("bf16", "eager")] if run.small else [("bf16", "eager"), ("bf16", "compiled"), ("f32", "eager"), ("f16", None)]
    for dtype in dict.fromkeys(dtype for dtype, _ in plan):
        found = run.part(f"passes in {dtype}", 30, lambda dtype=dtype: speed.passes(run, model, config, dtype, batches, peak.get(dtype)), timing=True)
        rows += (found or {}).get("rows", [])
    if run.serves:
        run.part("server, end to end", 30, lambda: speed.end_to_end(run, model, "f32" if run.small else "bf16", 2 if run.small else 10), timing=True)
    for dtype, variant in plan if peer else ():
        if variant:
            found = run.part(f"PyTorch {variant} in {dtype}", 120 if variant == "compiled" else 30,
                             lambda dtype=dtype, variant=variant: speed.pytorch(run, config, dtype, variant, batches, peak.get(dtype), peer), timing=True)
            rows += (found or {}).get("rows", [])
    run.report["ratios"] = speed.ratios(rows)
    run.leave_out("TensorRT and ONNX Runtime's CUDA provider", "not raced by this script")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mi2", required=True)
    parser.add_argument("--steps", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=450)
    parser.add_argument("--parts", default="tests,bench")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    # As mi2 starts its program with libtorch: threads that spin would take the cores of those with work.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with open(arguments.out / "gpu_check.log", "w", encoding="utf-8") as log, tempfile.TemporaryDirectory() as temporary:
        run = Run(arguments, pathlib.Path(temporary), log)
        run.report["machine"] = machine(run)
        tiny = make_model(run, "tiny")
        full = None if run.small else run.part("weights of the full model", 60, lambda: str(make_model(run, "full")))
        model, config = (tiny, "tiny") if full is None else (full, "full")
        has_torch = run.report["machine"]["pytorch"] is not None
        peer = PeerProcess(run, "cpu" if run.small else run.device, model) if has_torch else None
        try:
            if "tests" in arguments.parts:
                run_tests(run, tiny, full, peer)
            if "bench" in arguments.parts:
                run_bench(run, model, (GOLDEN / "data" / config / "config.yaml").read_text(), peer)
        finally:
            if peer:
                peer.close()
        failed = [entry["name"] for entry in run.report["checks"] if not entry["ok"]]
        if run.small:  # times of a CPU that is shared are nobody's results
            run.report["results"] = [{"name": entry["name"], "ran": True} for entry in run.report["results"]]
            run.report.pop("ratios", None)
        (arguments.out / "gpu_check.json").write_text(json.dumps(run.report, indent=1, default=str) + "\n")
        run.say(f"gpu_check: {'FAILED: ' + ', '.join(failed) if failed else 'all checks passed'}; {arguments.out}/gpu_check.json")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
