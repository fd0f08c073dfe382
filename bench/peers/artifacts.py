#!/usr/bin/env python3
"""Turns the model into what the other runtimes load, once: ONNX, OpenVINO's IR, and the int8 forms of both.

    artifacts.py MODEL_DIR KIND FORM OUT      KIND: image or text; FORM: one of FORMS

race.py runs it as a program of its own, so that the memory of a conversion is gone before anything is timed. OUT
appears when it is complete. A form that is made from another expects that beside it, under path_of()'s name.
"""
import argparse
import os
import shutil
import sys
import tempfile

import inputs

# form -> the form it is made from
FORMS = {"onnx": None, "onnx-int8": "onnx", "openvino": "onnx", "openvino-int8": "openvino"}
CALIBRATION_INPUTS = 16


def path_of(folder, kind, form):
    return os.path.join(folder, f"{kind}-{form}", "model.xml" if form.startswith("openvino") else "model.onnx")


def export_onnx(model, kind, _source, out):
    import torch

    from torch_towers import load_tower, pad_texts
    config = inputs.read_config(model)
    batch = torch.export.Dim("batch")
    if kind == "image":
        example = (torch.from_numpy(inputs.pixels(config, (1, 2))).permute(0, 3, 1, 2).contiguous(),)
        names, shapes = ["pixels"], ({0: batch},)
    else:
        length = torch.export.Dim("length", max=config["LANG_ENCODER"]["CONTEXT_LENGTH"])
        example = pad_texts(inputs.texts(2, 9), 12)
        names, shapes = ["ids", "mask"], ({0: batch, 1: length}, {0: batch, 1: length})
    with torch.no_grad():
        program = torch.onnx.export(load_tower(model, kind), example, input_names=names, output_names=["vectors"],
                                    dynamic_shapes=shapes, dynamo=True, optimize=True)
    program.save(out, external_data=True)


def quantize_onnx(_model, _kind, source, out):
    """Weights of products to int8 a channel, activations as they come: what ONNX Runtime advises for transformers."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
        prepared = os.path.join(folder, "model.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True, save_as_external_data=True,
                          all_tensors_to_one_file=True, external_data_location="model.data")
        # Without VNNI, pairs of full 8-bit products overflow 16 bits.
        quantize_dynamic(prepared, out, per_channel=True, reduce_range=not has_vnni(), weight_type=QuantType.QInt8,
                         op_types_to_quantize=["MatMul"], use_external_data_format=True)


def has_vnni():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "_vnni" in file.read()


def convert_openvino(_model, _kind, source, out):
    import openvino
    openvino.save_model(openvino.convert_model(source), out, compress_to_fp16=False)


def quantize_openvino(model, kind, source, out):
    """Post-training quantisation of products and convolutions, activations included, as for any transformer."""
    import nncf
    import openvino
    config = inputs.read_config(model)
    whole = openvino.Core().read_model(source)
    if kind == "image":
        width, height = config["IMAGE_ENCODER"]["IMAGE_SIZE"]
        whole.reshape([1, 3, height, width])
        items = [inputs.pixels(config, (100 + seed,)).transpose(0, 3, 1, 2) for seed in range(CALIBRATION_INPUTS)]
    else:
        context = config["LANG_ENCODER"]["CONTEXT_LENGTH"]
        items = [inputs.pad(inputs.texts(1, 5 + 4 * seed, seed), context) for seed in range(CALIBRATION_INPUTS)]
    quantized = nncf.quantize(whole, nncf.Dataset(items), model_type=nncf.ModelType.TRANSFORMER,
                              subset_size=CALIBRATION_INPUTS)
    if kind == "image":
        quantized.reshape([-1, 3, height, width])
    openvino.save_model(quantized, out, compress_to_fp16=False)


MAKERS = {"onnx": export_onnx, "onnx-int8": quantize_onnx, "openvino": convert_openvino,
          "openvino-int8": quantize_openvino}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("kind", choices=("image", "text"))
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("out")
    args = parser.parse_args()
    folder = os.path.dirname(os.path.dirname(os.path.abspath(args.out)))
    source = FORMS[args.form] and path_of(folder, args.kind, FORMS[args.form])
    target = os.path.dirname(os.path.abspath(args.out))
    part = target + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    MAKERS[args.form](args.model, args.kind, source, os.path.join(part, os.path.basename(args.out)))
    shutil.rmtree(target, ignore_errors=True)
    os.rename(part, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
