"""Where mi2's ops lie under the machine's roof: arithmetic from its profile, traffic from the model's shapes."""
import dataclasses

WEIGHT_BYTES = {"f32": 4, "bf16": 2, "int8": 1, "bf16x3": 4}
ACTIVATION_BYTES = {"f32": 4, "bf16": 2, "int8": 2, "bf16x3": 4}
RESIDUAL_BYTES = 4  # the residual stream is f32 in every element type
# op -> inputs and outputs of its product, in widths of the stage
PRODUCTS = {"norm_linear qkv": (1, 3), "norm_linear fc1": (1, 4), "add_linear proj": (1, 1), "add_linear fc2": (4, 1)}


@dataclasses.dataclass
class Point:
    name: str
    intensity: float  # FLOP a byte
    gflops: float
    seconds: float


def stage_shapes(config):
    """(tokens, width, inputs of the patch embedding, tokens before it) of each stage."""
    encoder = config["IMAGE_ENCODER"]
    spec, (width, height), channels, shapes = encoder["SPEC"], encoder["IMAGE_SIZE"], 3, []
    for size, stride, padding, dim in zip(spec["PATCH_SIZE"], spec["PATCH_STRIDE"], spec["PATCH_PADDING"],
                                          spec["DIM_EMBED"]):
        before = width * height
        width, height = ((extent + 2 * padding - size) // stride + 1 for extent in (width, height))
        shapes.append((width * height, dim, size * size * channels, before * channels))
        channels = dim
    return shapes


def bytes_of(op, batch, shape, dtype):
    """The least traffic of one call: weights, inputs and outputs, once each. None for an op that is not known."""
    tokens, width, patch, before = shape
    rows, weight, activation = batch * tokens, WEIGHT_BYTES[dtype], ACTIVATION_BYTES[dtype]
    if op in PRODUCTS:
        inner, outer = (n * width for n in PRODUCTS[op])
        if op.startswith("norm"):
            return inner * outer * weight + rows * (inner * RESIDUAL_BYTES + outer * activation)
        return inner * outer * weight + rows * (inner * activation + 2 * outer * RESIDUAL_BYTES)
    if op in ("window_attention", "channel_attention"):
        return rows * 4 * width * activation
    if op == "depthwise":
        return rows * 2 * width * RESIDUAL_BYTES
    if op == "conv":
        return patch * width * weight + batch * before * RESIDUAL_BYTES + rows * width * RESIDUAL_BYTES
    return None


def points_of(row, config):
    """A point for each op of an image pass whose traffic is known, and one for all of them."""
    shapes, points, flop, moved = stage_shapes(config), [], 0.0, 0.0
    for part in row["profile"]["parts"]:
        if "op" not in part or "gflops" not in part or not part["segment"].startswith("stage"):
            continue
        traffic = bytes_of(part["op"], row["batch"], shapes[int(part["segment"][5:])], row["dtype"])
        if traffic is None:
            continue
        done, traffic = part["gflops"] * part["seconds"] * 1e9, traffic * part["calls"]
        points.append(Point(part["segment"] + " " + part["op"], done / traffic, part["gflops"], part["seconds"]))
        flop, moved = flop + done, moved + traffic
    return points, Point("all", flop / moved if moved else 0, row["gflops"], row["median_s"])
