"""Files as torch.save() writes them, made without torch: a zip with a pickle that names torch's functions."""
import collections
import io
import pickle
import sys
import types
import zipfile

import numpy as np

STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def _function(module, name):
    """A stand-in that a pickle names as module.name."""
    def made(*arguments):
        raise AssertionError("only pickled")
    made.__module__, made.__qualname__, made.__name__ = module, name, name
    return made


def _modules():
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    utils._rebuild_tensor_v2 = _function("torch._utils", "_rebuild_tensor_v2")
    utils._rebuild_parameter = _function("torch._utils", "_rebuild_parameter")
    for name in (*STORAGES.values(), "BFloat16Storage"):
        setattr(torch, name, _function("torch", name))
    return {"torch": torch, "torch._utils": utils}


class _Storage:
    def __init__(self, kind, key, count):
        self.id = ("storage", kind, key, "cpu", count)


class _Reduced:
    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, _Storage) else None


def write_torch(path, tensors, wrap=lambda state: state, parameters=False, bfloat16=(), protocol=2, extra=None,
                compression=zipfile.ZIP_STORED):
    """tensors: name -> numpy array, strided as it is. wrap: what is saved around the state_dict."""
    modules = _modules()
    saved = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        utils, data = modules["torch._utils"], {}
        state = collections.OrderedDict()
        for key, (name, array) in enumerate(tensors.items()):
            base = array if array.base is None else array.base
            offset = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // array.itemsize
            kind = "BFloat16Storage" if name in bfloat16 else STORAGES[array.dtype.name]
            raw = base.tobytes()
            if name in bfloat16:
                raw = (np.frombuffer(raw, "<u4") >> 16).astype("<u2").tobytes()
            data[str(key)] = raw
            strides = tuple(stride // array.itemsize for stride in array.strides)
            tensor = _Reduced(utils._rebuild_tensor_v2,
                              (_Storage(getattr(modules["torch"], kind), str(key), base.size), offset, array.shape, strides,
                               False, collections.OrderedDict()))
            if parameters:
                tensor = _Reduced(utils._rebuild_parameter, (tensor, True, collections.OrderedDict()))
            state[name] = tensor
        state._metadata = collections.OrderedDict([("", {"version": 1})])
        stream = io.BytesIO()
        _Pickler(stream, protocol).dump(wrap(state))
    finally:
        for name, module in saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", stream.getvalue())
        file.writestr("archive/byteorder", "little")
        for key, raw in data.items():
            file.writestr(f"archive/data/{key}", raw)
        file.writestr("archive/version", "3\n")
        for name, content in (extra or {}).items():
            file.writestr(name, content)

