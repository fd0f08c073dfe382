#!/usr/bin/env python3
"""The two towers of torch_port.py as their own modules, for racing and exporting: batches, and fused attention.

    torch_towers.py MODEL_DIR      compares both towers with torch_port.py; exits 1 if they differ

PyTorch's scaled_dot_product_attention takes the place of the written-out attention: its CPU kernel is what somebody
who wants speed would use. Texts come padded with a mask, as the reference runs them; padded keys take no part.
"""
import argparse
import os
import sys

import torch
import torch.nn.functional as F
import yaml
from safetensors.torch import load_file

from torch_port import MedImageInsight

PREFIXES = {"image": ("image_",), "text": ("lang_",)}
END = 49407  # the end mark, and what texts are padded with
MASKED = -1e4  # added to the scores of padded keys; exp() of it is 0 in every element type


class ImageTower(MedImageInsight):
    """Pixels [B, 3, H, W], normalised -> unit vectors [B, D]."""

    def window_attention(self, x, name, heads):
        B, H, W, C = x.shape
        s = self.window
        x = F.pad(x, (0, 0, 0, -W % s, 0, -H % s))
        rows, cols = x.shape[1] // s, x.shape[2] // s
        x = x.view(B, rows, s, cols, s, C).transpose(2, 3).reshape(-1, s * s, C)
        q, k, v = self.linear(x, name + ".qkv").view(-1, s * s, 3, heads, C // heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        y = self.linear(y.transpose(1, 2).reshape(-1, s * s, C), name + ".proj")
        y = y.view(B, rows, cols, s, s, C).transpose(2, 3).reshape(B, rows * s, cols * s, C)
        return y[:, :H, :W]


class TextTower(MedImageInsight):
    """Ids and mask (1 for real tokens), both int64 [B, T], padded at the right -> unit vectors [B, D]."""

    def forward(self, ids, mask):
        B, T = ids.shape
        x = self.p("lang_encoder.token_embedding.weight")[ids] + self.p("lang_encoder.positional_embedding")[:T]
        C, h, eps = x.shape[-1], self.text_heads, 1e-12
        bias = ((1 - mask) * MASKED).to(x.dtype)[:, None, None, :]
        for i in range(self.layers):
            b = f"lang_encoder.resblocks.{i}."
            y = F.linear(self.norm(x, b + "ln_1", eps), self.p(b + "attn.in_proj_weight"),
                         self.p(b + "attn.in_proj_bias"))
            q, k, v = y.view(B, T, 3, h, C // h).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
            x = x + self.linear(y.transpose(1, 2).reshape(B, T, C), b + "attn.out_proj")
            y = self.linear(self.norm(x, b + "ln_2", eps), b + "mlp.c_fc")
            x = x + self.linear(y * torch.sigmoid(1.702 * y), b + "mlp.c_proj")
        end = (mask.sum(1) - 1)[:, None, None].expand(-1, 1, C)
        x = self.norm(x.gather(1, end)[:, 0], "lang_encoder.ln_final", eps) @ self.p("lang_projection")
        return x / x.norm(dim=-1, keepdim=True)


def load_tower(folder, kind, dtype=torch.float32):
    """The tower of a flat model folder, with its own weights only."""
    with open(os.path.join(folder, "config.yaml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    weights = load_file(os.path.join(folder, "model.safetensors"))
    weights = {name: w.to(dtype) for name, w in weights.items() if name.startswith(PREFIXES[kind])}
    tower = {"image": ImageTower, "text": TextTower}[kind](config, weights).eval()
    return tower.requires_grad_(False)


def pad_texts(texts, length=0):
    """Ids and mask of texts, padded to `length` or to the longest of them."""
    length = max(length, max(len(ids) for ids in texts))
    ids = torch.tensor([list(t) + [END] * (length - len(t)) for t in texts])
    mask = torch.tensor([[1] * len(t) + [0] * (length - len(t)) for t in texts])
    return ids, mask


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    folder = parser.parse_args().model
    with open(os.path.join(folder, "config.yaml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    weights = load_file(os.path.join(folder, "model.safetensors"))
    port = MedImageInsight(config, {name: w.float() for name, w in weights.items()}).eval()
    texts = [[49406, *range(320, 320 + n), END] for n in (1, 10, config["LANG_ENCODER"]["CONTEXT_LENGTH"] - 2)]
    width, height = config["IMAGE_ENCODER"]["IMAGE_SIZE"]
    pixels = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        differences = {
            "image": (load_tower(folder, "image")(pixels) - port.image(pixels)).abs().max().item(),
            "text": (load_tower(folder, "text")(*pad_texts(texts)) -
                     torch.stack([port.text(ids) for ids in texts])).abs().max().item()}
    for kind, difference in differences.items():
        print(f"{kind}: largest difference from torch_port.py {difference:.2g}")
    # Both are f32 with sums in another order; the golden models' tolerance is 2e-5.
    return 0 if all(difference < 2e-6 for difference in differences.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
