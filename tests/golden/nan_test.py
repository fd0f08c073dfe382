"""A tower that answers NaN fails every parity test of it: their programs run on weights of which one norm is too large.

Weights that are NaN themselves are refused when they are loaded.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

PROGRAMS = {path.name: path for path in map(pathlib.Path, os.environ["MI2_PARITY_PROGRAMS"].split(":"))}
GOLDEN = pathlib.Path(os.environ["MI2_GOLDEN"])
FOLDERS = ("tiny", "tiny-older", "tiny-f16", "tiny-bf16")
# The largest number of each type: the sums behind the norm overflow (of F16, whose largest is small: a NaN).
SPOILT_BYTES = {"F32": b"\xff\xff\x7f\x7f", "F16": b"\x00\x7e", "BF16": b"\x7f\x7f"}

# program -> its tests but for those that compare no numbers with the reference's.
GOLDEN_TESTS = {"mi2_golden_test": "-*/full_*:*ThreadsDoNotChangeABit*:*ABatchGives*",
                "mi2_golden_torch_test": "-*.Refuses*"}
# tower -> the shift of its last norm, and the tests that it is part of. mi2_golden_train_test takes minutes: not here.
TOWERS = {"image": ("image_encoder.norms.bias", {**GOLDEN_TESTS, "mi2_models_test": "Models.*StageByStage"}),
          "text": ("lang_encoder.ln_final.bias", {**GOLDEN_TESTS, "mi2_golden_torch_test": "-*.Refuses*:*.Tokens*"})}

pytestmark = pytest.mark.skipif(not all((GOLDEN / name / "model.safetensors").exists() for name in FOLDERS),
                                reason=f"no weights in {GOLDEN}; scripts/make_golden.sh makes them")


def spoil(path, norm):
    """Fills a tensor of a safetensors file with numbers that no sum holds."""
    content = bytearray(path.read_bytes())
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + size])
    begin, end = header[norm]["data_offsets"]
    pattern = SPOILT_BYTES[header[norm]["dtype"]]
    content[8 + size + begin:8 + size + end] = pattern * ((end - begin) // len(pattern))
    path.write_bytes(content)


def results(program, tests, golden, report):
    """test -> "failed", "skipped" or, for one that passed, "completed"."""
    report.unlink(missing_ok=True)
    subprocess.run([PROGRAMS[program], f"--gtest_filter={tests}", f"--gtest_output=json:{report}", "--gtest_brief=1"],
                   env={**os.environ, "MI2_GOLDEN": str(golden)}, stdout=subprocess.DEVNULL, check=False)
    return {f"{suite['name']}.{test['name']}": "failed" if "failures" in test else test["result"].lower()
            for suite in json.loads(report.read_text())["testsuites"] for test in suite["testsuite"]}


@pytest.mark.parametrize("tower", TOWERS)
def test_every_parity_test_fails_on_a_tower_that_answers_nan(tower, tmp_path):
    norm, tests = TOWERS[tower]
    for name in FOLDERS:
        shutil.copytree(GOLDEN / name, tmp_path / name)
        if name != "tiny-older":  # whose names are others; it is compared with tiny
            spoil(tmp_path / name / "model.safetensors", norm)
    for program, chosen in tests.items():
        if program not in PROGRAMS:
            assert program == "mi2_golden_torch_test", f"no {program}"  # that one needs libtorch
            continue
        found = results(program, chosen, tmp_path, tmp_path / "report.json")
        print(f"{program}: {found}")
        assert "failed" in found.values()
        assert not [test for test, result in found.items() if result == "completed"], program
