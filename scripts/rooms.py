"""What the rooms of the house may use: the one table behind check_includes.py.

A room is a folder of sources. A folder inside it with no row of its own belongs to it.
"""

# room -> the rooms right below it. It may include those and what they may include.
ROOMS = {
    "include/mi2": [],
    "src/base": ["include/mi2"],
    "src/tensor": ["src/base"],
    "src/ops": ["src/tensor"],
    "src/ops/reference": ["src/ops"],
    "src/ops/cpu": ["src/ops"],
    "src/ops/torch": ["src/ops"],
    "src/weights": ["src/ops"],
    "src/models": ["src/weights", "src/ops/reference", "src/ops/cpu"],
    "src/models/torch": ["src/models", "src/ops/torch"],
    "src/image": ["src/base"],
    "src/dicom": ["src/image"],
    "src/volume": ["src/image"],
    "src/slide": ["src/dicom"],
    "src/text": ["src/base"],
    "src/embedder": ["src/models", "src/dicom", "src/volume", "src/slide", "src/text"],
    "src/classify": ["src/embedder"],
    "src/vectors": ["src/base", "src/ops/cpu"],
    "src/archive/filter": ["src/base"],
    "src/archive/scan": ["src/base", "src/ops/cpu"],
    "src/archive": ["src/archive/filter", "src/archive/scan", "src/embedder"],
    "src/evaluation": ["src/base"],
    "src/adapter": ["src/classify", "src/vectors", "src/evaluation"],
    "src/adapter/torch": ["src/adapter"],
    "src/dataset": ["src/embedder", "src/dataset/augment"],
    "src/dataset/augment": ["src/image"],
    "src/train/schedule": ["src/base"],
    "src/train/parameters": ["src/weights"],
    "src/train/report": ["src/evaluation"],
    "src/train/config": ["src/dataset", "src/train/parameters", "src/train/report", "src/train/schedule"],
    "src/train": ["src/train/config"],
    "src/train/trainer": ["src/train", "src/models/torch", "src/vectors"],
    "src/jobs": ["src/base"],
    "src/export": ["src/embedder"],
    "src/benchmark": ["src/models"],
    "src/benchmark/fidelity": ["src/benchmark", "src/classify"],
    "src/protocols": ["src/adapter"],
    "src/protocols/archives": ["src/archive", "src/protocols"],
    "src/batch": ["src/protocols", "src/jobs"],
    "src/server": ["src/protocols", "src/protocols/archives"],
    "apps/cli": ["src/archive", "src/batch", "src/server", "src/export",
                 "src/benchmark/fidelity", "src/train/trainer", "src/adapter/torch"],
    "bindings/c": ["src/classify"],
    "bindings/python": ["src/protocols"],
    "tests": ["apps/cli"],
    "fuzz": ["apps/cli"],
    "bench": ["apps/cli"],
}

# include pattern -> its homes. A home covers the folders inside it.
LIBRARIES = {
    r"openssl/|xxhash": ["src/base"],
    r"(oneapi/)?dnnl|omp\.h": ["src/ops/cpu"],
    r"gif_lib|jpeglib|jerror|png\.h|libdeflate|tiff|webp/|openjpeg": ["src/image"],
    r"dcmtk/": ["src/dicom"],
    r"lcms2": ["src/slide"],
    r"zlib": ["src/base", "src/image", "src/dicom"],
    r"utf8proc": ["src/text"],
    r"sqlite3": ["src/archive"],
    r"zip\.h": ["src/adapter", "src/dataset"],
    r"yaml-cpp/": ["src/weights", "src/train/config"],
    r"re2/": ["src/train/parameters"],
    r"CLI/": ["apps/cli"],
    r"boost/|prometheus/": ["src/server"],
    # Tensors with gradients pass through all of training, so a header of one of these may show them to another.
    r"ATen/|c10/|torch/": ["src/ops/torch", "src/models/torch", "src/train/trainer", "src/adapter/torch"],
    r"mpi\.h": ["src/train/trainer"],
    r"nanobind/": ["bindings/python"],
    r"nlohmann/": ["src/base", "src/weights", "src/models", "src/text", "src/classify", "src/vectors", "src/adapter", "src/archive", "src/dataset",
                   "src/train", "src/jobs", "src/export", "src/benchmark", "src/protocols", "src/batch", "src/server",
                   "apps"],
    r"fmt/|spdlog/": ["src", "apps", "bindings"],
}

# Tests, fuzz targets and benchmarks may look at a library's answers.
FREE = ("tests", "fuzz", "bench")
