"""mi2 train --resume and --dry-run: what has changed, what is damaged, and what would happen."""
import csv
import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image
from train_support import CUTMIX, MIXUP, NEEDS_TORCH, SAME_LOSS, as_older, close, losses, make_data, run, settings, weights

pytestmark = NEEDS_TORCH


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def begun(data, tmp_path_factory):
    """Six steps of a run, with a checkpoint after the second, the fourth and the last."""
    folder = tmp_path_factory.mktemp("runs") / "begun"
    run(settings(data, folder, MAX_STEPS=6, SAVE_PER_OPTIM_STEPS=2, KEEP_LAST_N=3), folder)
    return folder


@pytest.fixture
def copied(begun, tmp_path):
    """The run of six steps, for a test to go on with."""
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    return folder


def checkpoints(folder):
    return sorted((folder / "checkpoints").iterdir())


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def test_changed_settings_do_not_go_on_unnoticed(data, copied):
    before = [path.read_bytes() for path in checkpoints(copied)]
    changes = {"START_LEARNING_RATE": (2e-4, "'0.0001'"), "AUG.SCALE": ("[0.5, 1]", "'[0.8, 1"), "BF16": ("true", "'false'"),
               "SEED": (4, "'3'"), "MAX_STEPS": (4, "'6'"), "WEIGHT_SMOOTHING.decay": (0.5, "'0.9'"),
               "DATASET.PROMPTS": ("prompts.csv", "'none'")}
    values = {**settings(data, copied, MAX_STEPS=6), **{key: value for key, (value, _) in changes.items()}}
    done = run(values, copied, "--resume", status=2)
    assert all(f"{key} was {old}" in done.stderr for key, (_, old) in changes.items()), done.stderr
    assert "--allow-change" in done.stderr
    done = run(settings(data, copied, MAX_STEPS=4), copied, "--resume", status=2)
    assert "MAX_STEPS was '6', is '4'" in done.stderr and "SEED" not in done.stderr
    assert [path.read_bytes() for path in checkpoints(copied)] == before


def test_a_change_that_is_meant_is_noted_and_goes_on(data, copied):
    values = settings(data, copied, MAX_STEPS=8, START_LEARNING_RATE=2e-4, WEIGHT_SMOOTHING__decay=0, FREEZE_PATTERNS="[bias]")
    allowed = [part for key in ("START_LEARNING_RATE", "WEIGHT_SMOOTHING.decay", "FREEZE_PATTERNS")
               for part in ("--allow-change", key)]
    done = run(values, copied, "--resume", *allowed)
    assert json.loads(done.stdout)["steps"] == 8
    assert "START_LEARNING_RATE was '0.0001', is '0.0002'" in done.stderr
    # From then on it is this run's own.
    run(values, copied, "--resume")


def test_a_key_that_may_change_is_one_that_is_compared(data, copied, tmp_path):
    done = run(settings(data, copied), copied, "--resume", "--allow-change", "START_LEARNING_RAET", status=2)
    assert "START_LEARNING_RATE" in done.stderr
    done = run(settings(data, tmp_path / "new"), tmp_path / "new", "--allow-change", "SEED", status=2)
    assert "--resume" in done.stderr


def test_other_data_does_not_go_on_unnoticed(data, copied, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data, root)
    values = settings(root, copied, MAX_STEPS=7)
    # The same data elsewhere is the same data.
    assert json.loads(run(values, copied, "--resume").stdout)["steps"] == 7
    table = root / "manifest.csv"
    lines = table.read_text().splitlines()
    swapped = [lines[0], lines[3], lines[2], lines[1], *lines[4:]]
    relabelled = [lines[0], lines[1].replace("blue", "red", 1), *lines[2:]]
    for other in (swapped, relabelled):
        table.write_text("\n".join(other) + "\n")
        done = run(values, copied, "--resume", status=2)
        assert "DATASET.TRAIN was '40 records, sha256" in done.stderr
    table.write_text("\n".join(lines) + "\n")
    Image.new("RGB", (40, 40)).save(root / "2.png")
    run(values, copied, "--resume", status=2)
    run({**values, "MAX_STEPS": 8}, copied, "--resume", "--allow-change", "DATASET.TRAIN")


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(data, copied, tmp_path):
    damage(checkpoints(copied)[-1])
    done = run(settings(data, copied, MAX_STEPS=6, KEEP_LAST_N=1, SAVE_PER_OPTIM_STEPS=5), copied, "--resume")
    assert "passed over" in done.stderr and "step-00000006" in done.stderr and "is damaged" in done.stderr
    assert "resuming after step 4" in done.stderr
    through = tmp_path / "through"
    run(settings(data, through, MAX_STEPS=6), through)
    close(losses(copied), losses(through))
    # The damaged one took no sound one's place.
    assert [path.name for path in checkpoints(copied)] == ["step-00000006.safetensors"]
    run(settings(data, copied, MAX_STEPS=6), copied, "--resume")


def test_a_run_whose_checkpoints_are_all_damaged_says_so(data, copied):
    for path in checkpoints(copied):
        damage(path)
    done = run(settings(data, copied, MAX_STEPS=6), copied, "--resume", status=3)
    assert all(path.name in done.stderr for path in checkpoints(copied))


def test_a_checkpoint_of_version_0_1_goes_on_with_a_note(data, copied):
    as_older(checkpoints(copied)[-1], "seed 3, 40 images, 8 per pass, 1 passes per step")
    done = run(settings(data, copied, MAX_STEPS=7), copied, "--resume")
    assert "version 0.1" in done.stderr and json.loads(done.stdout)["steps"] == 7
    as_older(checkpoints(copied)[-1], "seed 9, 40 images, 8 per pass, 1 passes per step")
    assert "seed 9" in run(settings(data, copied, MAX_STEPS=7), copied, "--resume", status=2).stderr


def test_a_run_that_the_disk_cannot_hold_does_not_start(data, tmp_path):
    folder = tmp_path / "large"
    done = run(settings(data, folder, MAX_STEPS=10**9, SAVE_PER_OPTIM_STEPS=1, KEEP_LAST_N=-1), folder, status=3)
    assert "1000000001 checkpoints" in done.stderr and "are free" in done.stderr
    assert not folder.exists()


def test_a_dry_run_takes_one_step_and_shows_the_first_batch(data, tmp_path):
    folder = tmp_path / "dry"
    root = tmp_path / "data"
    shutil.copytree(data, root)
    (root / "0.png").unlink()
    values = settings(root, folder, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]", MAX_STEPS=50)
    found = json.loads(run(values, folder, "--dry-run").stdout)
    assert found["end"] == "dry_run" and found["steps"] == 50 and found["images"] == 40 and found["missing_images"] == 1
    assert 0 < found["loss"] < 100
    for key in ("seconds_per_step", "seconds_per_batch", "images_per_second", "memory_bytes", "disk_bytes", "free_bytes"):
        assert found[key] > 0, key
    assert found["estimated_seconds"] >= 50 * found["seconds_per_step"]
    assert found["memory_bytes"] > 10**7
    assert sorted(path.name for path in folder.iterdir()) == ["dry-run.csv", "dry-run.png"]
    with Image.open(folder / "dry-run.png") as sheet:
        assert sheet.mode == "RGB" and sheet.width > 8 * 32
    rows = list(csv.DictReader((folder / "dry-run.csv").read_text().splitlines()))
    assert len(rows) == 8 and all(row["text"] == f"a {row['label']} picture" for row in rows)
    # What it measured is not kept: the run starts at its beginning.
    run({**values, "MAX_STEPS": 1}, folder)
    assert list(losses(folder)) == [1]


@pytest.mark.parametrize("change,wanted,status", [
    ({"DATASET.TRAIN": "[{PATH: nowhere.csv}]"}, "nowhere.csv", 7), ({"MODEL": "nowhere"}, "nowhere", 7),
    ({"DATASET.VALIDATION": "[{PATH: nowhere.csv}]"}, "nowhere.csv", 7),
    ({"IMAGE_ENCODER.IMAGE_SIZE": "[64, 64]"}, "IMAGE_ENCODER.IMAGE_SIZE is '[64, 64]'", 2)])
def test_a_dry_run_finds_what_print_config_does_not_look_for(data, tmp_path, change, wanted, status):
    folder = tmp_path / "dry"
    values = {**settings(data, folder), **change}
    run(values, folder, "--print-config")
    assert wanted in run(values, folder, "--dry-run", status=status).stderr
    assert not folder.exists()


def test_random_weights_are_asked_for_where_the_model_is_a_config(data, tmp_path):
    folder = tmp_path / "scratch"
    model = os.environ["MI2_TINY_MODEL"]
    values = settings(data, folder, MODEL=str(Path(model) / "config.yaml"), MAX_STEPS=1)
    assert "--from-scratch" in run(values, folder, status=2).stderr
    assert "--from-scratch" in run(values, folder, "--resume", status=2).stderr
    done = run({**values, "MODEL": model}, folder, "--from-scratch", status=2)
    assert "--from-scratch beside MODEL" in done.stderr and not folder.exists()
    run(values, folder, "--from-scratch")
    # What goes on has weights of its own.
    run({**values, "MAX_STEPS": 2}, folder, "--resume")


# Losses of batches with CutMix are larger, and what f32 rounds of them grows over the steps.
@pytest.mark.parametrize("mixing,most", [(MIXUP, 5e-5), (CUTMIX, SAME_LOSS)])
def test_cached_gradients_give_the_losses_of_one_large_batch_on_one_process_or_two(data, tmp_path, mixing, most):
    same = {"DROP_RATE": 0, "DROP_PATH_RATE": 0, **mixing, "TRAIN__GRADIENT_CACHING": "true"}
    whole = tmp_path / "whole"
    run(settings(data, whole, **same), whole)
    for processes, piece in ((1, 2), (2, 2)):
        folder = tmp_path / f"{processes}x{piece}"
        before = ["mpirun", "--oversubscribe", "-n", str(processes)] if processes > 1 else []
        run(settings(data, folder, **same, TRAIN__BATCH_SIZE_PER_GPU=piece), folder, before=before)
        one, other = losses(whole), losses(folder)
        assert one.keys() == other.keys() and len(one) == 10
        # trainer_test has 1e-6; here the model's logit scale, 100, multiplies what f32 rounds, and each step what was
        # before: 1e-5 after ten of them on Intel, 1.7e-5 on AMD Zen 4.
        assert all(abs(one[step] - other[step]) <= most for step in one), (one, other)


AUTO = {"TRAIN__BATCH_SIZE_PER_GPU": "auto", "TRAIN__GRADIENT_CACHING": "true", "TRAIN__BATCH_SIZE_TOTAL": 32, "MAX_STEPS": 4}


def limited(kibibytes):
    """Runs what follows in so much memory."""
    return ["sh", "-c", f'ulimit -d {kibibytes}; exec "$0" "$@"']


def pass_of(done):
    return int(re.search(r"auto: (\d+) of 32 images per forward pass", done.stderr)[1])


def test_a_pass_has_as_many_images_as_memory_has_room_for_and_keeps_that_when_resumed(data, tmp_path):
    whole = run(settings(data, tmp_path / "dry", **AUTO), tmp_path / "dry", "--dry-run")
    assert pass_of(whole) == 32 and json.loads(whole.stdout)["images_per_pass"] == 32
    # Limits until few have room: so few that another run under the same limit does not find room for all.
    for kibibytes in (int(800 * 1.15 ** -step) << 10 for step in range(20)):
        done = run(settings(data, tmp_path / "dry", **AUTO), tmp_path / "dry", "--dry-run", before=limited(kibibytes))
        if pass_of(done) <= 8:
            break
    assert 1 <= pass_of(done) <= 8 and json.loads(done.stdout)["images_per_pass"] == pass_of(done)
    few, given, parts = (tmp_path / name for name in ("few", "given", "parts"))
    values = dict(AUTO, SAVE_PER_OPTIM_STEPS=2, KEEP_LAST_N=9)
    chosen = pass_of(run(settings(data, few, **values), few, before=limited(kibibytes)))
    assert yaml.safe_load((few / "train.yaml").read_text())["TRAIN"]["BATCH_SIZE_PER_GPU"] == chosen < 32
    run(settings(data, given, **{**values, "TRAIN__BATCH_SIZE_PER_GPU": chosen}), given)
    assert losses(few) == losses(given)
    # Where there is more memory, too: dropout follows from the pieces.
    shutil.copytree(few, parts)
    checkpoints(parts)[-1].unlink()
    done = run(settings(data, parts, **values), parts, "--resume")
    assert f"auto: {chosen} images per forward pass, as before" in done.stderr
    assert weights(checkpoints(parts)[-1])[0] == weights(checkpoints(few)[-1])[0]


def test_processes_agree_on_the_images_of_a_pass(data, tmp_path):
    two = ["mpirun", "--oversubscribe", "-n", "2"]
    done = run(settings(data, tmp_path / "two", **AUTO), tmp_path / "two", before=two)
    assert "auto: 16 of 16 images per forward pass" in done.stderr
    run(settings(data, tmp_path / "one", **AUTO, DROP_RATE=0, DROP_PATH_RATE=0), tmp_path / "one")
    run(settings(data, tmp_path / "both", **AUTO, DROP_RATE=0, DROP_PATH_RATE=0), tmp_path / "both", before=two)
    close(losses(tmp_path / "one"), losses(tmp_path / "both"))


def test_cutmix_is_resumed_to_the_bit_and_does_not_change_unnoticed(data, tmp_path):
    through, parts, plain = (tmp_path / name for name in ("through", "parts", "plain"))
    run(settings(data, plain), plain)
    run(settings(data, through, **CUTMIX, SAVE_PER_OPTIM_STEPS=7), through)
    assert losses(through) != losses(plain)
    shutil.copytree(through, parts)
    checkpoints(parts)[-1].unlink()
    for key, value in (("AUG.MIXCUT", 0.5), ("AUG.MIXUP_SWITCH_PROB", 0.25)):
        again = {**settings(data, parts, **CUTMIX), key: value}
        assert f"{key} was" in run(again, parts, "--resume", status=2).stderr
    run(settings(data, parts, **CUTMIX), parts, "--resume")
    assert losses(parts) == losses(through)
    assert weights(checkpoints(parts)[-1])[0] == weights(checkpoints(through)[-1])[0]


def test_captions_weights_and_balance_are_resumed_to_the_bit(data, tmp_path):
    """Ten steps in one go, and the last three once more; and what of it must not change in between."""
    rows = list(csv.DictReader((data / "manifest.csv").open()))
    for i, row in enumerate(rows):
        row.update(file=str(data / row["file"]), findings=f"{row['label']} noise {i}", impression=f"{row['label']}",
                   patient=f"p{i // 5}")
    for name, part in (("a", rows[:30]), ("b", rows[30:])):
        with open(tmp_path / f"{name}.csv", "w", newline="") as f:
            table = csv.DictWriter(f, rows[0].keys())
            table.writeheader()
            table.writerows(part)
    columns = "CAPTION_COLUMNS: {findings: 3, impression: 1}"

    def values(name, columns=columns, weight=2, **more):
        sources = f"[{{PATH: a.csv, {columns}, WEIGHT: {weight}}}, {{PATH: b.csv, {columns}, WEIGHT: 1}}]"
        return settings(tmp_path, tmp_path / name, DATASET__TRAIN=sources, DATASET__BALANCE="patient", **more)

    run(values("through", SAVE_PER_OPTIM_STEPS=7, KEEP_LAST_N=2), tmp_path / "through")
    shutil.copytree(tmp_path / "through", tmp_path / "parts")
    checkpoints(tmp_path / "parts")[-1].unlink()
    for changed, key in (({"weight": 3}, "DATASET.TRAIN"), ({"columns": columns.replace("3", "2")}, "DATASET.TRAIN"),
                         ({"DATASET__BALANCE": "label"}, "DATASET.BALANCE")):
        again = {**values("parts", **{k: v for k, v in changed.items() if k in ("weight", "columns")}),
                 **{k.replace("__", "."): v for k, v in changed.items() if "__" in k}}
        assert f"{key} was" in run(again, tmp_path / "parts", "--resume", status=2).stderr
    run(values("parts"), tmp_path / "parts", "--resume")
    assert losses(tmp_path / "parts") == losses(tmp_path / "through")
    parts, through = (checkpoints(tmp_path / name)[-1] for name in ("parts", "through"))
    assert weights(parts)[0] == weights(through)[0]
