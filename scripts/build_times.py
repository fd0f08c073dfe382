#!/usr/bin/env python3
"""Say what took longest in a build folder's last build, by folder and by file, from Ninja's log.

    build_times.py BUILD_FOLDER [COUNT]     COUNT files are listed (20)

Times are by the clock: with other work on the machine they are longer. What ccache had takes next to nothing.
"""
import collections
import pathlib
import re
import sys


def durations(log):
    """Seconds of each output; the last build of an output counts."""
    times = {}
    for line in log.read_text().splitlines():
        if not line.startswith("#"):
            start, end, _, output, _ = line.split("\t")
            times[output] = (int(end) - int(start)) / 1000
    return times


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    times = durations(folder / ".ninja_log")
    sources = {re.sub(r"CMakeFiles/[^/]+\.dir/", "", name).removesuffix(".o"): seconds
               for name, seconds in times.items() if name.endswith(".o")}
    folders = collections.Counter()
    for name, seconds in sources.items():
        folders[str(pathlib.Path(name).parent)] += seconds
    for title, rows in (("folder", folders), ("file", collections.Counter(sources))):
        print(f"{'seconds':>8}  {title}")
        for name, seconds in rows.most_common(count):
            print(f"{seconds:8.1f}  {name}")
    print(f"{sum(sources.values()):8.1f}  {len(sources)} sources; "
          f"{sum(times.values()) - sum(sources.values()):.1f} s of linking and the rest")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main()
