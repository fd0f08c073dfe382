"""The other runtimes, each behind the same seam: load once, then arrays in, unit vectors out.

Each gets the configuration its own documentation advises for latency on a CPU: static shapes, one stream, the element
type's own kernels. Shapes are compiled for when they first come; those of an earlier case are dropped first.
"""
import os


class Runtime:
    """`run(arrays)` -> f32 [B, D]. `arrays`: pixels [B, 3, H, W], or ids and mask [B, T]."""

    def __init__(self, options):
        self.threads = options["threads"]
        self.dtype = options["dtype"]
        self.path = options.get("artifact")
        # A case of texts has two shapes, padded and as they are.
        self.kept_shapes = 1 if options["kind"] == "image" else 2
        self.names = ["pixels"] if options["kind"] == "image" else ["ids", "mask"]
        self.by_shape = {}
        self.notes = {}

    def for_shape(self, shape):
        if shape not in self.by_shape:
            while len(self.by_shape) >= self.kept_shapes:
                del self.by_shape[next(iter(self.by_shape))]
            self.by_shape[shape] = self.compile(shape)
        return self.by_shape[shape]

    def compile(self, shape):
        raise NotImplementedError

    def run(self, arrays):
        raise NotImplementedError


class Torch(Runtime):
    """PyTorch: eager, or compiled by Inductor with its weights frozen, as its guide to CPU inference advises."""

    def __init__(self, options):
        super().__init__(options)
        import torch
        from torch_towers import load_tower
        self.torch = torch
        torch.set_num_threads(self.threads)
        self.element = {"f32": torch.float32, "bf16": torch.bfloat16}[self.dtype]
        self.tower = load_tower(options["model"], options["kind"], self.element)
        self.compiled = options["variant"] == "compiled"
        self.notes = {"torch": torch.__version__.split("+")[0]}
        if self.compiled:
            import torch._inductor.config
            torch._inductor.config.freezing = True

    def compile(self, shape):
        if not self.compiled:
            return self.tower
        if self.kept_shapes == 1:
            self.torch.compiler.reset()
        return self.torch.compile(self.tower, dynamic=False)

    def run(self, arrays):
        torch = self.torch
        with torch.no_grad() if self.compiled else torch.inference_mode():
            tensors = [torch.from_numpy(a) for a in arrays]
            tensors = [t.to(self.element) if t.is_floating_point() else t for t in tensors]
            return self.for_shape(arrays[0].shape)(*tensors).float().numpy()


class OnnxRuntime(Runtime):
    def __init__(self, options):
        super().__init__(options)
        import onnxruntime
        self.ort = onnxruntime
        self.notes = {"onnxruntime": onnxruntime.__version__}

    def compile(self, shape):
        options = self.ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.graph_optimization_level = self.ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        # Its threads spin between the parts of a pass, but not while others have their turn.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_free_dimension_override_by_name("batch", shape[0])
        if len(shape) == 2:
            options.add_free_dimension_override_by_name("length", shape[1])
        return self.ort.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])

    def run(self, arrays):
        return self.for_shape(arrays[0].shape).run(None, dict(zip(self.names, arrays)))[0]


class OpenVino(Runtime):
    """LATENCY at every batch size: one request at a time, all threads in it. What int8 leaves out runs in bf16 where
    the processor has that, else in f32."""

    def __init__(self, options):
        super().__init__(options)
        import openvino
        self.ov = openvino
        self.core = openvino.Core()
        native_bf16 = "BF16" in self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        precision = "bf16" if self.dtype == "bf16" or (self.dtype == "int8" and native_bf16) else "f32"
        self.settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads,
                         "INFERENCE_PRECISION_HINT": precision}
        self.notes = {"openvino": openvino.__version__.split("-")[0], "precision_hint": precision}

    def compile(self, shape):
        model = self.core.read_model(self.path)
        model.reshape({i: list(shape) for i in range(len(model.inputs))})
        compiled = self.core.compile_model(model, "CPU", self.settings)
        return compiled.create_infer_request()

    def run(self, arrays):
        request = self.for_shape(arrays[0].shape)
        return request.infer(list(arrays), share_inputs=True, share_outputs=True)[0]


RUNTIMES = {"pytorch": Torch, "onnxruntime": OnnxRuntime, "openvino": OpenVino}


def resident_bytes():
    """Now, and at most so far."""
    with open("/proc/self/status", encoding="ascii") as file:
        rows = dict(line.split(":", 1) for line in file)
    return int(rows["VmRSS"].split()[0]) * 1024, int(rows["VmHWM"].split()[0]) * 1024


def limit_threads(threads):
    """Before anything with threads of its own is imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
