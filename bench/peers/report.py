"""Numbers of a race: medians, ratios, shares of the machine's peak, and the table that people read."""
import statistics

import numpy as np


def smallest_cosine(vectors, wanted):
    a, b = np.asarray(vectors, np.float64), np.asarray(wanted, np.float64)
    if a.shape != b.shape or not np.isfinite(a).all():
        return -1.0
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def peak_of(peak, dtype, threads):
    """GFLOP/s this machine reaches at most in an element type on some threads, or None if that was not measured."""
    column = "all_threads" if threads == peak["threads"] else "one_thread" if threads == 1 else None
    if column is None:
        return None
    best = {}
    for row in peak["compute"]:
        best[row["dtype"]] = max(best.get(row["dtype"], 0), row["gflops"][column])
    # Without instructions of its own, bf16 is computed in f32. bf16x3 is three products for one.
    best["bf16"] = max(best.get("bf16", 0), best["f32"])
    best["int8"] = max(best.get("int8", 0), best["f32"])
    best["bf16x3"] = max(best["bf16"] / 3, best["f32"])
    return best[dtype]


def complete(rows, peak):
    """Adds medians and ratios to the rows of one case. A ratio is a time over that of mi2 in the group's type."""
    for row in rows:
        row.update(median_s=statistics.median(row["seconds"]), min_s=min(row["seconds"]), max_s=max(row["seconds"]),
                   rounds=len(row["seconds"]))
    ours = next((r for r in rows if r["runtime"] == "mi2" and r["dtype"] == r["group"]), None)
    # The arithmetic that the result needs: padding that a peer computes is not part of it.
    flop = ours and ours.get("profile") and ours["profile"]["flop"]
    for row in rows:
        row["ratio_to_mi2"] = row["median_s"] / ours["median_s"] if ours else None
        limit = peak_of(peak, row["dtype"], row["threads"])
        row["gflops"] = flop / row["median_s"] / 1e9 if flop else None
        row["share_of_peak"] = row["gflops"] / limit if flop and limit else None


def threads_text(threads):
    return f"{threads} thread" + ("s" if threads > 1 else "")


def title_of(row):
    what = "images" if row["kind"] == "image" else f"texts of {row['tokens']} tokens"
    return f"{what}, batch {row['batch']}, {threads_text(row['threads'])}, {row['group']}"


def number(value, form):
    return "" if value is None else format(value, form)


def faster_peers(rows):
    """(peer's row, mi2's row) where a peer beats mi2 in the same group."""
    ours = {title_of(r): r for r in rows if r["runtime"] == "mi2" and r["dtype"] == r["group"]}
    return [(row, ours[title_of(row)]) for row in rows
            if row["runtime"] != "mi2" and title_of(row) in ours
            and row["median_s"] < ours[title_of(row)]["median_s"]]


def text_of(result):
    peak = result["peak"]
    lines = [f"{peak['cpu']}, {threads_text(peak['threads'])}; model {result['model']}",
             ", ".join(f"{name} {version}" for name, version in result["versions"].items())]
    for row in peak["compute"]:
        lines.append(f"peak {row['dtype']:<5} {row['name']:<22} {row['gflops']['one_thread']:9.1f} GFLOP/s on one "
                     f"thread {row['gflops']['all_threads']:9.1f} on all")
    read, triad = peak["read_gb_per_s"]["all_threads"], peak["triad_gb_per_s"]["all_threads"]
    lines.append(f"memory: read {read:.1f} GB/s, triad {triad:.1f} GB/s")
    last = None
    for row in result["rows"]:
        if title_of(row) != last:
            last = title_of(row)
            lines += ["", last, f"  {'':<30} {'median':>10} {'min .. max':>21} {'x mi2':>7} {'of peak':>8} "
                                f"{'cosine':>9} {'rounds':>6}"]
        name = row["contender"] + (f" ({row['form']})" if row["form"] else "")
        spread = f"{row['min_s'] * 1e3:.1f} .. {row['max_s'] * 1e3:.1f}"
        lines.append(f"  {name:<30} {row['median_s'] * 1e3:7.1f} ms {spread:>21} "
                     f"{number(row['ratio_to_mi2'], '.2f'):>7} {number(row['share_of_peak'], '.1%'):>8} "
                     f"{row['cosine']:9.6f} {row['rounds']:6}")
    lines += ["", "Notes:"] + ["  " + text for text in result["notes"]] if result["notes"] else []
    beaten = faster_peers(result["rows"])
    lines += ["", f"Cases where a peer is faster than mi2: {len(beaten) or 'none'}"]
    alone = sorted({row["group"] for row in result["rows"] if row["ratio_to_mi2"] is None})
    if alone:
        lines.append(f"  (not compared, as mi2 did not race in it: {', '.join(alone)})")
    lines += [f"  {title_of(row)}: {row['contender']} {row['median_s'] * 1e3:.1f} ms, mi2 "
              f"{ours['median_s'] * 1e3:.1f} ms" for row, ours in beaten]
    return "\n".join(lines)
