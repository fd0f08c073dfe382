#!/usr/bin/env python3
"""PyTorch on the same device as a process: what it makes of the model, and what the device can do at most.

    peers.py DEVICE MODEL_DIR      requests on standard input, answers on standard output, a line of JSON each
"""
import json
import os
import pathlib
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
from torch_towers import load_tower, pad_texts  # noqa: E402

ELEMENT = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


class Peer:
    def __init__(self, device, model):
        self.device, self.model, self.held, self.towers = torch.device(device), model, [], {}
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def timed(self, work, rounds, warm=3):
        for _ in range(warm):
            work()
        self.wait()
        found = []
        for _ in range(rounds):
            start = time.perf_counter()
            work()
            self.wait()
            found.append(time.perf_counter() - start)
        return found

    def peak(self, size):
        """TFLOP/s of a square product."""
        found = {}
        for name, element in ELEMENT.items():
            a, b = (torch.randn(size, size, device=self.device).to(element) for _ in range(2))
            found[name] = 2 * size ** 3 / statistics.median(self.timed(lambda a=a, b=b: a @ b, 10)) / 1e12
        return {"tflops": found}

    def time(self, kind, dtype, variant, batch, tokens, size, rounds):
        key = (kind, dtype, variant)
        if key not in self.towers:
            tower = load_tower(self.model, kind, ELEMENT[dtype]).to(self.device)
            self.towers = {key: torch.compile(tower, dynamic=False) if variant == "compiled" else tower}
        tower = self.towers[key]
        if kind == "image":
            host = torch.randn(batch, 3, *size)
            arguments = lambda: [host.to(self.device).to(ELEMENT[dtype])]  # noqa: E731
        else:
            padded = pad_texts([[49406, *range(300, 298 + tokens), 49407]] * batch)
            arguments = lambda: [part.to(self.device) for part in padded]  # noqa: E731
        with torch.inference_mode():
            return {"seconds": self.timed(lambda: tower(*arguments()).float().cpu(), rounds)}

    def hog(self):
        """Takes what memory is free, in ever smaller pieces."""
        piece = 8 << 30
        while piece >= 1 << 20:
            try:
                self.held.append(torch.empty(piece, dtype=torch.uint8, device=self.device))
            except torch.OutOfMemoryError:
                piece //= 2
        return {}

    def free(self):
        self.held.clear()
        torch.cuda.empty_cache()
        return {}


def main():
    # Libraries print on standard output as they like: it becomes standard error, and answers go out beside it.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    peer = Peer(*sys.argv[1:])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(peer, request.pop("op"))(**request)
        except Exception as error:  # the rest goes on without this figure
            answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
