"""``python -m medimageinsight`` is the program mi2, which the package ships."""
import os
import sys
from pathlib import Path
from typing import NoReturn

PROGRAM = Path(__file__).resolve().parent / "bin" / "mi2"


def main() -> NoReturn:
    """Becomes the program: same arguments, streams, signals and exit status."""
    os.execv(PROGRAM, ["mi2", *sys.argv[1:]])


if __name__ == "__main__":
    main()
