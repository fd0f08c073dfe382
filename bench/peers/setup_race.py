"""What a race needs before it starts: hashes, versions, converted models, reference vectors. All of it is kept."""
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys

import artifacts
import contenders
import inputs

PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "openvino", "nncf", "numpy")
SOURCES = ("artifacts.py", "inputs.py", "torch_port.py", "torch_towers.py")


def note(setup, text):
    """Something a reader of the result should know."""
    setup.result["notes"].append(text)
    print(f"race: {text}", file=sys.stderr)


def sha256_of(*paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


class Setup:
    def __init__(self, args):
        self.mi2, self.model, self.out = os.path.abspath(args.mi2), args.model, args.out
        weights = os.path.join(self.model, "model.safetensors")
        for path in (self.mi2, weights):
            if not os.path.isfile(path):
                sys.exit(f"race: {path}: no such file; `make bench-peers` makes what is needed")
        bad = [pair for pair in args.mi2_model if "=" not in pair]
        if bad:
            sys.exit(f"race: --mi2-model {bad[0]}: DTYPE=DIR is needed")
        self.mi2_models = dict(pair.split("=", 1) for pair in args.mi2_model)
        os.makedirs(self.out, exist_ok=True)
        self.logs = os.path.join(self.out, "logs")
        self.config = inputs.read_config(self.model)
        self.versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        self.versions["mi2"] = subprocess.run([self.mi2, "--version"], check=True, capture_output=True,
                                              text=True).stdout.split()[-1]
        self.weights_hash = sha256_of(weights)
        sources = sha256_of(*(os.path.join(contenders.HERE, name) for name in SOURCES))
        peers = {name: version for name, version in self.versions.items() if name != "mi2"}
        key = hashlib.sha256(json.dumps([self.weights_hash, sources, peers]).encode()).hexdigest()[:12]
        self.cache = os.path.join(self.out, "models-" + key)
        self.result = None
        self.references = {}

    def artifact(self, kind, form):
        path = os.path.abspath(artifacts.path_of(self.cache, kind, form))
        if not os.path.exists(path):
            raise contenders.WorkerFailed(f"the {form} form of the model could not be made")
        return path

    def prepare(self, args):
        """Converts what the chosen contenders load, and computes the vectors they are compared with."""
        wanted = [c for c in contenders.CONTENDERS if c.group in args.dtypes and any(w in c.name for w in args.peers)]
        for kind in args.kinds:
            forms = set()
            for form in (c.form for c in wanted):
                while form:
                    forms.add(form)
                    form = artifacts.FORMS[form]
            for form in artifacts.FORMS:
                if form in forms:
                    self.convert(kind, form)
            self.make_references(kind, args)

    def convert(self, kind, form):
        path = artifacts.path_of(self.cache, kind, form)
        if os.path.exists(path):
            return
        print(f"== converting: {kind}, {form}", file=sys.stderr)
        os.makedirs(self.logs, exist_ok=True)
        log = os.path.join(self.logs, f"convert-{kind}-{form}.log")
        with open(log, "wb") as output:
            command = [sys.executable, os.path.join(contenders.HERE, "artifacts.py"), self.model, kind, form, path]
            done = subprocess.run(command, check=False, stdout=output, stderr=output)
        if done.returncode != 0:
            note(self, f"{form} of the {kind} tower could not be made, status {done.returncode}; see {log}")

    def make_references(self, kind, args):
        """One input at a time, in PyTorch's f32: enough for every batch, as batches start with the same inputs."""
        lengths = (self.config["LANG_ENCODER"]["CONTEXT_LENGTH"], inputs.TYPICAL_TOKENS) if kind == "text" else (None,)
        count = max(args.batches or (4 if kind == "image" else 16,))
        for tokens in lengths:
            path = os.path.join(self.cache, f"reference-{kind}-{tokens or 'pixels'}.json")
            vectors = self.read_reference(path)
            if len(vectors) < count:
                print(f"== reference vectors: {kind}", file=sys.stderr)
                vectors = self.compute_reference(kind, tokens, count)
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(vectors, file)
            self.references[kind, tokens] = vectors

    @staticmethod
    def read_reference(path):
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def compute_reference(self, kind, tokens, count):
        os.makedirs(self.cache, exist_ok=True)
        worker = contenders.start(contenders.REFERENCE, kind, len(os.sched_getaffinity(0)), self)
        try:
            vectors = []
            texts = inputs.texts(count, tokens) if tokens else None
            for i in range(count):
                request = {"ids": [texts[i]]} if tokens else {
                    "file": inputs.write_pixels_of(self.out, self.config, i + 1)}
                vectors += worker.ask({"op": "embed", **request})["vectors"]
            return vectors
        finally:
            worker.close()

    def reference(self, kind, batch, tokens):
        return self.references[kind, tokens][:batch]

    def save(self):
        path = os.path.join(self.out, "race.json")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(self.result, file, indent=1)
        os.replace(path + ".part", path)
