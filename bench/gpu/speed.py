"""How fast a device is: passes beside PyTorch, share of its peak, the server end to end, memory."""
import statistics
import subprocess

from files import GOLDEN, numbers
from program import Bench, images_per_second, serving

TOKENS = 12  # start and end included: a typical text


def image_flop(config):
    """Useful arithmetic of an image: products, attentions and convolutions; a multiplication and an addition are two."""
    width, height = numbers(config, "IMAGE_SIZE")
    window = int(next(line for line in config.splitlines() if "WINDOW_SIZE" in line).split(":")[1])
    flop, channels_in = 0, 3
    stages = zip(*(numbers(config, key) for key in ("DIM_EMBED", "DEPTHS", "PATCH_SIZE", "PATCH_STRIDE", "PATCH_PADDING",
                                                    "NUM_GROUPS")))
    for channels, depth, kernel, stride, padding, groups in stages:
        width, height = ((side + 2 * padding - kernel) // stride + 1 for side in (width, height))
        tokens = width * height
        flop += 2 * tokens * channels * channels_in * kernel ** 2
        block = 2 * 12 * channels ** 2 + 2 * 2 * 9 * channels  # qkv, projection, two layers; two depthwise convolutions
        flop += depth * tokens * (2 * block + 4 * window ** 2 * channels + 4 * channels * channels / groups)
        channels_in = channels
    return flop


def text_flop(config, tokens):
    def number(key):
        return int(next(line for line in config.splitlines() if line.strip().startswith(key + ":")).split(":")[1])
    language = config[config.index("LANG_ENCODER"):]
    width = int(next(line for line in language.splitlines() if line.strip().startswith("WIDTH:")).split(":")[1])
    return number("LAYERS") * tokens * (2 * 12 * width ** 2 + 4 * tokens * width)


def device_memory(pid):
    """Bytes of a GPU that a process holds, or None where the driver does not say."""
    try:
        done = subprocess.run(["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"],
                              capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    rows = [line.split(",") for line in done.stdout.splitlines() if line.count(",") == 1]
    found = [int(used) << 20 for process, used in rows if int(process) == pid and used.strip().isdigit()]
    return found[0] if found else None


def row(kind, batch, seconds, flop, peak):
    median = statistics.median(seconds)
    found = {"kind": kind, "batch": batch, "seconds": median, "fastest": min(seconds), "rounds": len(seconds),
             "per_second": batch / median, "tflops": batch * flop / median / 1e12}
    if peak:
        found["share_of_peak"] = found["tflops"] / peak
    return found


def passes(run, model, config, dtype, batches, peak):
    """Seconds of forward passes, copies to the device and back included."""
    flops = {"image": image_flop(config), "text": text_flop(config, TOKENS)}
    rows = []
    with Bench(run, model, dtype) as bench:
        for kind, flop in flops.items():
            for batch in batches:
                request = {"kind": kind, "batch": batch, **({"tokens": TOKENS} if kind == "text" else {})}
                rows.append({"runtime": "mi2", "dtype": dtype,
                             **row(kind, batch, bench.seconds(run.rounds, **request), flop, peak)})
        memory = device_memory(bench.process.pid)
    return {"rows": rows, "device_memory_bytes": memory, "load_s": bench.greeting["load_s"]}


def pytorch(run, config, dtype, variant, batches, peak, peer):
    """The same passes by PyTorch: the model's port with its fused attention."""
    flops = {"image": image_flop(config), "text": text_flop(config, TOKENS)}
    size = [int(side) for side in reversed(numbers(config, "IMAGE_SIZE"))]
    rows = []
    for kind, flop in flops.items():
        for batch in batches:
            answer = peer.ask(op="time", kind=kind, dtype=dtype, variant=variant, batch=batch, tokens=TOKENS, size=size,
                              rounds=run.rounds)
            name = {"runtime": f"pytorch {variant}", "dtype": dtype}
            rows.append({**name, "kind": kind, "batch": batch, **answer} if "error" in answer
                        else {**name, **row(kind, batch, answer["seconds"], flop, peak)})
    return {"rows": rows}


def ratios(rows):
    """mi2's speed over the fastest peer's, by dtype, kind and batch."""
    found = {}
    for key in {(r["dtype"], r["kind"], r["batch"]) for r in rows}:
        same = [r for r in rows if (r["dtype"], r["kind"], r["batch"]) == key and "seconds" in r]
        own = [r for r in same if r["runtime"] == "mi2"]
        peers = [r for r in same if r["runtime"] != "mi2"]
        if own and peers:
            fastest = min(peers, key=lambda r: r["seconds"])
            found[" ".join(map(str, key))] = {"peer": fastest["runtime"], "ratio": fastest["seconds"] / own[0]["seconds"]}
    return found


def end_to_end(run, model, dtype, seconds):
    """Images a second of the server: JPEG in, decoded on the CPU, vectors out."""
    image = (GOLDEN / "data/images/colour_480.jpg").read_bytes()
    with serving(run, model, dtype) as address:
        images_per_second(address, image, 1)
        return {"images_per_second": images_per_second(address, image, seconds), "dtype": dtype}
