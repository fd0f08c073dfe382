#!/usr/bin/env python3
"""Draws the README's figures from a race's result: a bar chart of times, and a roofline of mi2.

    draw.py RACE_JSON OUT_DIR      writes race.png and roofline.png
"""
import argparse
import json
import os
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter, StrMethodFormatter

import report
import roofline

COLOURS = {"mi2": "#c0392b", "pytorch": "#8a8f98", "onnxruntime": "#4c78a8", "openvino": "#2a9d8f"}
LABELS = {"mi2": "mi2", "pytorch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
DTYPE_COLOURS = {"f32": "#4c78a8", "bf16": "#c0392b", "int8": "#2a9d8f"}
GROUPS = ("f32", "bf16", "int8")


def chosen_rows(result, kind="image", batch=1):
    """The rows of one batch on all threads."""
    rows = [r for r in result["rows"] if r["kind"] == kind and r["batch"] == batch]
    threads = max((r["threads"] for r in rows), default=0)
    return [r for r in rows if r["threads"] == threads]


def label_of(row):
    parts = [LABELS[row["runtime"]]]
    if row["runtime"] == "pytorch":
        parts.append("compiled" if "compiled" in row["contender"] else "eager")
    if row["dtype"] != row["group"]:
        parts.append(row["dtype"])
    return " ".join(parts)


def versions_line(result):
    versions = result["versions"]
    return (f"mi2 {versions['mi2']}, PyTorch {versions['torch']}, ONNX Runtime {versions['onnxruntime']}, "
            f"OpenVINO {versions['openvino'].split('-')[0]}")


def time_text(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.0f} ms"


def clean(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)


def draw_bars(result, path):
    rows = chosen_rows(result)
    rows = [r for group in GROUPS for r in sorted((r for r in rows if r["group"] == group),
                                                  key=lambda r: r["median_s"])]
    if not rows:
        return False
    # A contender many times slower than the rest would leave no room for their differences.
    longest = 1.15 * min(max(r["median_s"] for r in rows), 6 * min(r["median_s"] for r in rows))
    figure, axes = plt.subplots(figsize=(8, 0.36 * len(rows) + 1.9), layout="constrained")
    at, ticks, last = 0.0, [], None
    for row in rows:
        if last is not None and row["group"] != last:
            at += 0.7
        if row["group"] != last:
            axes.text(-0.2, at, row["group"], transform=axes.get_yaxis_transform(), ha="right", va="center",
                      fontweight="bold")
        last = row["group"]
        cut = row["median_s"] > longest
        axes.barh(at, min(row["median_s"], longest), 0.78, color=COLOURS[row["runtime"]])
        axes.text(min(row["median_s"], longest * 0.995), at, f" {time_text(row['median_s'])}{' ->' if cut else ''}",
                  va="center", ha="right" if cut else "left", color="white" if cut else "black", fontsize=9)
        ticks.append((at, label_of(row)))
        at += 1
    axes.set_yticks([y for y, _ in ticks], [label for _, label in ticks])
    axes.invert_yaxis()
    axes.set_xlim(0, longest)
    axes.set_xlabel("seconds per image, batch 1 (shorter is better)")
    axes.set_title(f"{result['peak']['cpu']}, {report.threads_text(rows[0]['threads'])}\n{versions_line(result)}",
                   fontsize=9, loc="left")
    clean(axes)
    axes.spines["left"].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return True


def draw_roofs(axes, result, threads, dtypes, left, right):
    """The limits: bandwidth's slope up to each element type's ceiling."""
    peak = result["peak"]
    column = "all_threads" if threads == peak["threads"] else "one_thread"
    bandwidth = peak["read_gb_per_s"][column]
    for dtype in dtypes:
        limit = report.peak_of(peak, dtype, threads)
        knee = limit / bandwidth
        axes.plot([left, knee, right], [left * bandwidth, limit, limit], color=DTYPE_COLOURS[dtype], linewidth=1.2)
        axes.text(right, limit, f"{dtype} peak {limit:,.0f} ", color=DTYPE_COLOURS[dtype], ha="right", va="bottom",
                  fontsize=8)
    axes.text(left * 1.3, left * bandwidth * 1.05, f"memory {bandwidth:.0f} GB/s", color="#555555", fontsize=8)


def draw_roofline(result, path):
    ours = [r for r in chosen_rows(result)
            if r["runtime"] == "mi2" and r["dtype"] in DTYPE_COLOURS and r.get("profile") and r["share_of_peak"]]
    if not ours:
        return False
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    lowest = []
    for row in ours:
        points, whole = roofline.points_of(row, result["config"])
        if not points:
            continue
        colour = DTYPE_COLOURS[row["dtype"]]
        longest = max(p.seconds for p in points)
        axes.scatter([p.intensity for p in points], [p.gflops for p in points], alpha=0.45, linewidth=0, color=colour,
                     s=[12 + 160 * p.seconds / longest for p in points])
        axes.scatter([whole.intensity], [whole.gflops], marker="*", s=190, color=colour, edgecolor="black", zorder=5,
                     label=f"{row['dtype']}: {whole.gflops:,.0f} GFLOP/s, {row['share_of_peak']:.0%} of its peak")
        lowest += [p.gflops for p in points]
    left, right = 0.5, 4000
    draw_roofs(axes, result, ours[0]["threads"], [r["dtype"] for r in ours], left, right)
    axes.set(xscale="log", yscale="log", xlim=(left, right), xlabel="arithmetic intensity: FLOP a byte of memory",
             ylabel="GFLOP/s")
    axes.set_ylim(bottom=min(lowest + [10]) / 2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axis.set_minor_formatter(NullFormatter())
    threads = report.threads_text(ours[0]["threads"])
    axes.set_title(f"mi2 {result['versions']['mi2']}, one image, {threads}, {result['peak']['cpu']}\n"
                   "stars: the whole pass; dots: its ops, the larger the more of the time", fontsize=9, loc="left")
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    axes.grid(which="major", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    clean(axes)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("race")
    parser.add_argument("out")
    args = parser.parse_args()
    with open(args.race, encoding="utf-8") as file:
        result = json.load(file)
    os.makedirs(args.out, exist_ok=True)
    for name, draw in (("race.png", draw_bars), ("roofline.png", draw_roofline)):
        path = os.path.join(args.out, name)
        print(f"drawn: {path}" if draw(result, path) else f"{name}: the race has no images of batch 1 to draw")
    return 0


if __name__ == "__main__":
    sys.exit(main())
