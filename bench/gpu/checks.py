"""Whether a device computes what the reference does, and behaves when it cannot."""
import concurrent.futures
import http.client
import json
import subprocess

import numpy

from files import GOLDEN, Golden, least_cosine, read_tensors, worst_difference, write_tensors
from program import Bench, Failed, post, score_request, serving

# f32 sums in another order: on the CPU docs/numerics.md allows 2e-5, and a GPU's libraries add in other orders yet.
F32_DIFFERENCE = {"torch": 2e-5, "cuda": 2e-4}
NARROW_COSINE = 0.9995
# The same images in batches of other sizes: the libraries choose other kernels.
BATCH_DIFFERENCE = {"f32": 2e-5, "bf16": 5e-3, "f16": 1e-3}
LOSS_DIFFERENCE = {False: 1e-3, True: 5e-2}


def need(true, what):
    if not true:
        raise Failed(what)


def parity(run, model, golden, dtype):
    """Vectors of images and texts against the reference's; returns how far they are."""
    count = 4 if run.small else None
    with Bench(run, model, dtype) as bench:
        pixels = golden.pixels()[:count]
        found = {}
        for kind, got, wanted in (("images", bench.images(pixels), golden.image_vectors[:count]),
                                  ("texts", bench.texts(golden.ids[:count]), golden.text_vectors[:count])):
            found[kind] = {"difference": worst_difference(got, wanted), "cosine": least_cosine(got, wanted)}
            limit = F32_DIFFERENCE[run.device.split(":")[0]]
            good = found[kind]["difference"] <= limit if dtype == "f32" else found[kind]["cosine"] >= NARROW_COSINE
            need(good, f"{kind} in {dtype}: {found[kind]}")
        found.update(steady(bench, pixels[:2 if run.small else 8], dtype))
    return found


def steady(bench, pixels, dtype):
    """The same bits from run to run, also once a pass is recorded; the same numbers but for rounding in other batches."""
    first = bench.images(pixels)
    for _ in range(3):
        need(numpy.array_equal(bench.images(pixels), first), f"{dtype}: another run of the same batch has other bits")
    alone = numpy.concatenate([bench.images(pixels[i:i + 1]) for i in range(2)])
    difference = worst_difference(alone, first[:2])
    need(difference <= BATCH_DIFFERENCE[dtype], f"{dtype}: in a batch of its own an image differs by {difference}")
    return {"other_batch_difference": difference}


def server(run, model, golden, dtype):
    """Many clients at once get what each gets alone; a broken image is refused and no neighbour suffers."""
    names = ("gray.png", "colour_a.jpg", "rgba.png", "progressive.jpg")
    bodies = [score_request((GOLDEN / "data/images" / name).read_bytes()) for name in names]
    with serving(run, model, dtype) as address:
        def vector(body):
            status, answer = post(http.client.HTTPConnection(address, timeout=60), body)
            need(status == 200, f"/score answered {status}: {str(answer)[:300]}")
            return numpy.array(answer[0]["image_features"], numpy.float32).reshape(1, -1)

        alone = [vector(body) for body in bodies]
        need(alone[0].shape[1] == golden.image_vectors.shape[1], f"a vector has {alone[0].shape[1]} numbers")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            broken = [pool.submit(post, http.client.HTTPConnection(address, timeout=60), score_request(b"\x89PNG none"))
                      for _ in range(4)]
            together = list(pool.map(vector, bodies * 8))
        cosine = min(least_cosine(got, alone[i % len(alone)]) for i, got in enumerate(together))
        need(cosine > 0.9999, f"a client got another's vector, or a wrong one: cosine {cosine}")
        need(all(400 <= future.result()[0] < 500 for future in broken), "a broken image was not refused")
    return {"requests": len(together) + len(broken), "cosine": cosine}


def training(run, model, steps):
    """The golden training steps: losses in f32 and bf16, and with activations computed again."""
    tensors = read_tensors(GOLDEN / "data/train/batch.safetensors")
    expected = read_tensors(GOLDEN / "data/train/expected.safetensors")["losses"][:steps]
    lengths = tensors["attention_mask"].sum(1)
    ids = numpy.concatenate([row[:length] for row, length in zip(tensors["input_ids"], lengths)])
    batch = run.folder / "batch.safetensors"
    write_tensors(batch, {"pixels": tensors["pixels"].transpose(0, 2, 3, 1), "lengths": lengths, "ids": ids,
                          "classes": tensors["labels"]})
    found, losses_of = {}, {}
    for name, options in (("f32", []), ("f32 recomputed", ["--recompute"]), ("bf16", ["--bf16"]))[:2 if run.small else 3]:
        done = subprocess.run([run.steps, str(model), str(batch), str(steps), "--device", run.device, "--golden", *options],
                              stdout=subprocess.PIPE, stderr=run.log_file, text=True, timeout=300, check=False)
        need(done.returncode == 0, f"training steps in {name} ended with status {done.returncode}; the log says why")
        losses = json.loads(done.stdout)
        difference = worst_difference(numpy.float32(losses["losses"]), expected)
        need(difference <= LOSS_DIFFERENCE["bf16" in name], f"losses in {name} differ by {difference}: {losses['losses']}")
        losses_of[name] = losses["losses"]
        found[name] = {"loss_difference": difference, "seconds": losses["seconds"]}
    again = worst_difference(numpy.float32(losses_of["f32"]), numpy.float32(losses_of["f32 recomputed"]))
    # On a GPU the gradient of an embedding is added up in any order.
    need(again <= (0 if run.small else 1e-5), f"activations computed again change losses by {again}")
    return found


def out_of_memory(run, model, dtype, peer):
    """With the memory taken by another process the answer is an error, and once it is free a vector."""
    with Bench(run, model, dtype) as bench:
        bench.good(op="time", kind="image", batch=1)
        peer.ask(op="hog")
        full = bench.ask(op="time", kind="image", batch=256)
        peer.ask(op="free")
        need("seconds" in full or full["error"]["code"] == "too_large", f"without memory the answer is {full}")
        after = bench.ask(op="time", kind="image", batch=1)
        need("seconds" in after, f"once there is memory again the answer is {after}")
    return {"without_memory": "computed in smaller batches" if "seconds" in full else full["error"]["message"]}


def golden_of(name):
    return Golden(name)
