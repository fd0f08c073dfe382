#!/usr/bin/env python3
"""Training steps as a plain PyTorch script does them: the model's port, its padded texts, torch's own AdamW.

    plain.py MODEL_DIR BATCH.safetensors ROUNDS     prints losses and seconds as JSON, like mi2_training_steps
"""
import json
import pathlib
import sys
import time

import torch
import yaml
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from torch_towers import ImageTower, TextTower, pad_texts  # noqa: E402


def loss_of(images, texts, scale, classes):
    logits = scale.exp() * images @ texts.t()
    targets = (classes[:, None] == classes[None, :]).float()
    over_texts = -(targets / targets.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()
    over_images = -(targets / targets.sum(1, keepdim=True) * logits.t().log_softmax(1)).sum(1).mean()
    return (over_texts + over_images) / 2


def main():
    folder, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[3])
    config = yaml.safe_load((folder / "config.yaml").read_text())
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    scale = torch.nn.Parameter(weights["logit_scale"].clone())
    image = ImageTower(config, {name: w for name, w in weights.items() if name.startswith("image_")})
    text = TextTower(config, {name: w for name, w in weights.items() if name.startswith("lang_")})
    batch = load_file(sys.argv[2])
    pixels = batch["pixels"].permute(0, 3, 1, 2).contiguous()
    ids = [part.long().tolist() for part in batch["ids"].split([int(n) for n in batch["lengths"]])]
    tokens = pad_texts(ids)
    classes = batch["classes"].long()
    parameters = [*image.parameters(), *text.parameters(), scale]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)
    losses, seconds = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(image(pixels), text(*tokens), scale, classes)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"losses": losses, "seconds": seconds}))


if __name__ == "__main__":
    main()
