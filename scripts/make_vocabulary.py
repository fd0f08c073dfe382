#!/usr/bin/env python3
"""Writes src/text/vocabulary/merges.txt from the open_clip_torch wheel's bpe_simple_vocab_16e6.txt.gz.

    make_vocabulary.py BPE_GZ                          write the file
    make_vocabulary.py --check BPE_GZ                  fail if the committed file is not what BPE_GZ gives
    make_vocabulary.py --check-model MODEL_TOKENIZER   fail if a folder with vocab.json and merges.txt differs from it
"""
import argparse
import gzip
import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).resolve().parent.parent / "src" / "text" / "vocabulary" / "merges.txt"
MERGES = 49408 - 2 * 256 - 2


def from_wheel(path):
    lines = gzip.open(path).read().decode("utf-8").split("\n")[1:MERGES + 1]
    return "#version: 0.2\n" + "\n".join(lines) + "\n"


def byte_alphabet():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]


def vocabulary(merges):
    alphabet = byte_alphabet()
    tokens = alphabet + [c + "</w>" for c in alphabet]
    tokens += ["".join(line.split()) for line in merges.splitlines()[1:]]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(tokens)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=pathlib.Path)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--check-model", action="store_true")
    args = parser.parse_args()
    if args.check_model:
        merges = TARGET.read_text(encoding="utf-8")
        same = ((args.path / "merges.txt").read_text(encoding="utf-8").strip() == merges.strip()
                and json.loads((args.path / "vocab.json").read_text(encoding="utf-8")) == vocabulary(merges))
    elif args.check:
        same = TARGET.read_text(encoding="utf-8") == from_wheel(args.path)
    else:
        TARGET.write_text(from_wheel(args.path), encoding="utf-8")
        same = True
    print(f"{TARGET.name}: {'ok' if same else 'differs'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
