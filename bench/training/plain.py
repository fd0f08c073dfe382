#!/usr/bin/env python3
"""Training steps as a plain PyTorch script does them: the model's port, its padded texts, torch's own AdamW.

    plain.py MODEL_DIR BATCH.safetensors ROUNDS [--recompute] [--pieces N]
                                                    prints losses and seconds as JSON, like mi2_training_steps
"""
import argparse
import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F
import yaml
from safetensors.torch import load_file
from torch.utils.checkpoint import checkpoint

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from torch_towers import ImageTower, TextTower, pad_texts  # noqa: E402


class Tuned:
    """Low-rank additions to a tower's linear layers, as PEFT has them: factors beside a frozen weight; of an attention
    whose weight is no layer of its own, merged in each pass."""

    def tune(self, factors, scale):
        self.scale = scale
        # pair() looks for both: p() is still the plain weight's while the first are not there.
        self.second = torch.nn.ParameterDict({name.replace(".", "/"): torch.zeros(self.p(name).shape[0], a.shape[0])
                                              for name, a in factors.items()})
        self.first = torch.nn.ParameterDict({name.replace(".", "/"): a.clone() for name, a in factors.items()})
        return self

    def pair(self, name):
        key = name.replace(".", "/")
        return (self.first[key], self.second[key]) if hasattr(self, "first") and key in self.first else None

    def linear(self, x, name):
        y = super().linear(x, name)
        pair = self.pair(name + ".weight")
        return y if pair is None else y + F.linear(F.linear(x, pair[0]), pair[1]) * self.scale

    def p(self, name):
        weight = super().p(name)
        if not name.endswith("in_proj_weight") or self.pair(name) is None:
            return weight
        a, b = self.pair(name)
        return weight + self.scale * (b @ a)


class Image(Tuned, ImageTower):
    recompute = False

    def block(self, x, s, j):
        for kind, name, attend in (("spatial_block", "window_attn", self.window_attention),
                                   ("channel_block", "channel_attn", self.channel_attention)):
            b = f"image_encoder.blocks.{s}.{j}.{kind}."
            x = self.add_depthwise(x, b + "conv1.fn.dw")
            heads = self.heads[s]
            x = x + attend(self.norm(x, b + name + ".norm"), b + name + ".fn", heads)
            x = self.add_depthwise(x, b + "conv2.fn.dw")
            x = x + self.mlp(self.norm(x, b + "ffn.norm"), b + "ffn.fn.net")
        return x

    def image(self, x):
        for s, depth in enumerate(self.depths):
            conv = f"image_encoder.convs.{s}."
            if s:
                x = self.norm(x, conv + "norm").permute(0, 3, 1, 2)
            x = F.conv2d(x, self.p(conv + "proj.weight"), self.p(conv + "proj.bias"), self.stride[s], self.padding[s])
            x = x.permute(0, 2, 3, 1)
            if not s:
                x = self.norm(x, conv + "norm")
            for j in range(depth):
                x = checkpoint(self.block, x, s, j, use_reentrant=False) if self.recompute else self.block(x, s, j)
        x = self.norm(x.mean((1, 2)), "image_encoder.norms") @ self.p("image_projection")
        return x / x.norm(dim=-1, keepdim=True)

    forward = image


class Text(Tuned, TextTower):
    pass


def backward_cached(image, text, scale, pixels, tokens, classes, pieces):
    """Gradient caching: all features without a graph, their gradients, and piece by piece the features again."""
    parts = list(zip(pixels.chunk(pieces), tokens[0].chunk(pieces), tokens[1].chunk(pieces)))
    with torch.no_grad():
        features = [(image(p), text(i, m)) for p, i, m in parts]
    images = torch.cat([a for a, _ in features]).requires_grad_()
    texts = torch.cat([b for _, b in features]).requires_grad_()
    loss = loss_of(images, texts, scale, classes)
    loss.backward()
    for (p, i, m), a, b in zip(parts, images.grad.chunk(pieces), texts.grad.chunk(pieces)):
        torch.autograd.backward([image(p), text(i, m)], [a, b])
    return loss


def loss_of(images, texts, scale, classes):
    logits = scale.exp() * images @ texts.t()
    targets = (classes[:, None] == classes[None, :]).float()
    over_texts = -(targets / targets.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()
    over_images = -(targets / targets.sum(1, keepdim=True) * logits.t().log_softmax(1)).sum(1).mean()
    return (over_texts + over_images) / 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("batch")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--pieces", type=int, default=1)
    arguments = parser.parse_args()
    folder, rounds = arguments.folder, arguments.rounds
    config = yaml.safe_load((folder / "config.yaml").read_text())
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    scale = torch.nn.Parameter(weights["logit_scale"].clone())
    image = Image(config, {name: w for name, w in weights.items() if name.startswith("image_")})
    text = Text(config, {name: w for name, w in weights.items() if name.startswith("lang_")})
    batch = load_file(arguments.batch)
    pixels = batch["pixels"].permute(0, 3, 1, 2).contiguous()
    ids = [part.long().tolist() for part in batch["ids"].split([int(n) for n in batch["lengths"]])]
    tokens = pad_texts(ids)
    classes = batch["classes"].long()
    image.recompute = arguments.recompute
    factors = {name.removesuffix(".lora_A"): a for name, a in batch.items() if name.endswith(".lora_A")}
    if factors:
        for tower in (image.requires_grad_(False), text.requires_grad_(False)):
            tower.tune({name: a for name, a in factors.items() if name in tower.names}, 2.0)
        scale.requires_grad_(False)
    parameters = [p for p in [*image.parameters(), *text.parameters(), scale] if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)
    losses, seconds = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        optimizer.zero_grad()
        if arguments.pieces > 1:
            loss = backward_cached(image, text, scale, pixels, tokens, classes, arguments.pieces)
        else:
            loss = loss_of(image(pixels), text(*tokens), scale, classes)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"losses": losses, "seconds": seconds}))


if __name__ == "__main__":
    main()
