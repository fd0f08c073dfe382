"""mi2 adapter: classifiers on frozen embeddings, from the starter model's vectors to the report, and what is refused."""
import csv
import json
import os
import re
import resource
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from adapter_support import read_safetensors, scores, write_embeddings, write_labels

STARTER = os.environ.get("MI2_STARTER_MODEL", "")
SHARED = Path(os.environ.get("MI2_SHARED_DATA", "")) / "starter"
BRAIN = ["mr_brain_glioma", "mr_brain_meningioma", "mr_brain_no_tumor", "mr_brain_pituitary"]

has_torch = (Path(os.environ["MI2_BIN"]).parent / "mi2-torch").exists()
needs_torch = pytest.mark.skipif(not has_torch, reason="built without libtorch")
needs_images = pytest.mark.skipif(not (SHARED / "manifest.csv").is_file() or not Path(STARTER).is_dir() or
                                  bool(os.environ.get("MI2_SANITIZE")),
                                  reason="needs MI2_STARTER_MODEL and the images of MI2_SHARED_DATA/starter; with sanitizers "
                                         "it is too slow")


@pytest.fixture
def groups(tmp_path):
    """Three overlapping groups in 12 dimensions, of different sizes: embeddings, labels with splits, and the numbers."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(3, 12)) * 0.7
    truth = np.repeat([0, 1, 2], [90, 60, 30])
    vectors = (centres[truth] + random.normal(size=(180, 12))).astype(np.float32)
    split = np.where(np.arange(180) % 3 == 2, "test", "train")
    names = [f"images/{i:03}.png" for i in range(180)]
    labels = np.array(["ant", "bee", "cat"])[truth]
    embeddings = write_embeddings(tmp_path / "e.jsonl", [f"/data/{n}" for n in names], vectors)
    table = write_labels(tmp_path / "labels.csv", zip(names, split, labels))
    return {"embeddings": embeddings, "labels": table, "x": vectors, "y": labels, "train": split == "train",
            "names": names, "folder": tmp_path}


def train(mi2, groups, *more, name="head"):
    out = groups["folder"] / name
    done = mi2("adapter", "train", "--embeddings", groups["embeddings"], "--labels", groups["labels"],
               "--out", str(out), "--format", "json", "--bootstrap", "50", "--threads", "1", *more)
    return out, json.loads(done.stdout)


def sklearn_probe(groups, **options):
    probe = LogisticRegression(tol=1e-10, max_iter=100_000, **options)
    return probe.fit(groups["x"][groups["train"]].astype(np.float64), groups["y"][groups["train"]])


@needs_torch
@pytest.mark.parametrize("options,more", [({}, []), ({"C": 0.01}, ["--c", "0.01"]), ({"C": 100.0}, ["--c", "100"]),
                                          ({"class_weight": "balanced"}, ["--balanced"])])
def test_linear_probe_is_scikit_learns_logistic_regression(mi2, groups, options, more):
    head, report = train(mi2, groups, *more)
    probe = sklearn_probe(groups, **options)
    tensors = read_safetensors(Path(f"{head}.safetensors"))
    # Both are converged minima of one convex function; scikit-learn stops at a gradient of 1e-10, or where its line
    # search finds no better point, and the weights are stored as f32.
    np.testing.assert_allclose(tensors["weight"], probe.coef_, atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(tensors["bias"], probe.intercept_, atol=1e-3, rtol=1e-3)
    test = ~groups["train"]
    wanted = roc_auc_score(groups["y"][test], probe.predict_proba(groups["x"][test]), multi_class="ovr")
    assert abs(report["mean_auc"]["value"] - wanted) < 0.01
    assert report["evaluated_on"] == "test" and report["rows"] == 60 and report["train_rows"] == 120


@needs_torch
def test_linear_probe_of_two_labels_is_scikit_learns(mi2, groups):
    head, _ = train(mi2, groups, "--classes", "bee,ant")
    two = groups["y"] != "cat"
    groups = {**groups, "x": groups["x"][two], "y": groups["y"][two], "train": groups["train"][two]}
    probe = sklearn_probe(groups)
    weight = read_safetensors(Path(f"{head}.safetensors"))["weight"]
    # Classes in the order of --classes: bee first, so the difference of the rows is that of scikit-learn's bee - ant.
    np.testing.assert_allclose(weight[0] - weight[1], probe.coef_[0], atol=1e-3, rtol=1e-3)
    assert json.loads(Path(f"{head}.json").read_text())["labels"] == ["bee", "ant"]


@needs_torch
def test_two_threads_do_not_take_much_more_of_the_processor_than_one(mi2, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)  # as users have it, not as make test chooses
    random = np.random.default_rng(5)
    names = [f"{i:04}.png" for i in range(2000)]
    embeddings = write_embeddings(tmp_path / "e.jsonl", names, random.normal(size=(2000, 96)))
    labels = write_labels(tmp_path / "labels.csv", ((n, "train", f"class {i % 12}") for i, n in enumerate(names)))

    def processor_seconds(threads):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        mi2("adapter", "train", "--embeddings", embeddings, "--labels", labels, "--out", str(tmp_path / threads),
            "--force", "--bootstrap", "0", "--threads", threads, "--c", "100")
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    processor_seconds("1")  # the first run also reads libtorch from the disk
    # What libtorch's threads do while they wait was two thirds on top when the machine was idle, and 25 times the work
    # when it was busy.
    assert processor_seconds("2") < 1.4 * processor_seconds("1")


@needs_torch
def test_classify_gives_the_head_of_the_report(mi2, groups):
    head, report = train(mi2, groups)
    found = scores(mi2, head, groups["embeddings"])
    test = [i for i in range(180) if not groups["train"][i]]
    right = sum(max(found[f"/data/{groups['names'][i]}"].items(), key=lambda s: s[1])[0] == groups["y"][i] for i in test)
    assert right / len(test) == report["accuracy"]["value"]
    probe = sklearn_probe(groups)
    logits = probe.decision_function(groups["x"]) / report["temperature"]
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    ours = np.array([[found[f"/data/{n}"][label] for label in probe.classes_] for n in groups["names"]])
    np.testing.assert_allclose(ours, wanted, atol=2e-3)  # weights within 1e-3 relative


@needs_torch
def test_report_has_averages_and_thresholds_of_best_f1_of_scikit_learn(mi2, groups):
    split = np.array(["train", "val", "test"])[np.arange(180) % 3]
    write_labels(groups["labels"], zip(groups["names"], split, groups["y"]))
    head, report = train(mi2, groups)
    found = scores(mi2, head, groups["embeddings"])
    table = np.array([[found[f"/data/{name}"][label] for label in ("ant", "bee", "cat")] for name in groups["names"]])
    truth = np.searchsorted(["ant", "bee", "cat"], groups["y"])
    val, test = split == "val", split == "test"
    called = table[test].argmax(axis=1)
    assert report["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth[test], called))
    at_best = np.empty_like(table[test])
    for c, row in enumerate(report["classes"]):
        f1 = [metrics.f1_score(truth[val] == c, table[val, c] >= t / 20) for t in range(20)]
        best = max(range(20), key=lambda t: (f1[t], t))
        assert row["best_f1"]["chosen"]["threshold"] == best / 20
        assert row["best_f1"]["chosen"]["f1"] == pytest.approx(f1[best])
        at_best[:, c] = table[test, c] >= best / 20
        assert row["best_f1"]["evaluated"]["recall"] == pytest.approx(metrics.recall_score(truth[test] == c, at_best[:, c]))
    for kind in ("macro", "micro"):
        for ours, true, answers in ((report[kind], truth[test], called),
                                    (report["at_best_f1"][kind], np.eye(3)[truth[test]], at_best)):
            wanted = metrics.precision_recall_fscore_support(true, answers, average=kind)[:3]
            assert [ours["precision"], ours["recall"], ours["f1"]] == pytest.approx(wanted)


@needs_torch
def test_tables_of_single_splits_are_one_table_with_a_split_column(mi2, groups):
    split = np.array(["train", "val", "test"])[np.arange(180) % 3]
    write_labels(groups["labels"], zip(groups["names"], split, groups["y"]))
    joined, wanted = train(mi2, groups, name="joined")
    tables = {s: write_labels(groups["folder"] / f"{s}.csv", [(n, y) for n, y, at in zip(groups["names"], groups["y"], split)
                                                              if at == s], ("Name", "Label")) for s in ("train", "val", "test")}
    lines = Path(groups["embeddings"]).read_text().splitlines(keepends=True)
    parts = [groups["folder"] / "one.jsonl", groups["folder"] / "two.jsonl"]
    parts[0].write_text("".join(lines[:100]))
    parts[1].write_text("".join(lines[100:]))
    base = ["adapter", "train", "--embeddings", str(parts[0]), "--embeddings", str(parts[1]), "--labels", tables["train"],
            "--bootstrap", "50", "--threads", "1", "--format", "json", "--out", str(groups["folder"] / "apart")]
    done = mi2(*base, "--val-labels", tables["val"], "--test-labels", tables["test"])
    assert json.loads(done.stdout) == wanted and "have no" not in done.errors
    assert (groups["folder"] / "apart.safetensors").read_bytes() == Path(f"{joined}.safetensors").read_bytes()
    done = mi2(*base, "--force", "--test-labels", tables["train"], status=2)
    assert "'/data/images/000.png' is in line 2 of" in done.errors
    write_labels(groups["folder"] / "odd.csv", [("images/002.png", "train", "ant")])
    assert "rows of split test alone" in mi2(*base, "--force", "--test-labels", str(groups["folder"] / "odd.csv"),
                                             status=2).errors
    (groups["folder"] / "list.txt").write_text("ant\n" * 180)
    assert "table with paths" in mi2(*base[:6], "--labels", str(groups["folder"] / "list.txt"), "--out", "x",
                                     "--test-labels", tables["test"], status=2).errors


@needs_torch
def test_report_pages_and_pictures_are_whole(mi2, groups):
    folder = groups["folder"] / "report"
    _, printed = train(mi2, groups, "--report", str(folder))
    report = json.loads((folder / "report.json").read_text())
    assert report == printed
    counts = np.array(report["confusion"])
    assert counts.sum() == 60 and counts.trace() / 60 == report["accuracy"]["value"]
    for row in report["classes"]:
        assert row["auc"]["low"] <= row["auc"]["value"] <= row["auc"]["high"]
        assert row["sensitivity_90"]["chosen"]["sensitivity"] >= 0.9
        assert row["roc"][0] == [0, 0] and row["roc"][-1] == [1, 1]
    assert report["accuracy"]["low"] < report["accuracy"]["value"] < report["accuracy"]["high"]
    assert report["chosen_on"] == "train, cross-validated" and report["chosen_on_rows"] == 120
    html = (folder / "report.html").read_text()
    assert "ant" in html and html.count("<svg") == 3 and not re.search(r"(src|href)=", html)
    for name in ("roc", "confusion", "calibration"):
        picture = ElementTree.parse(folder / f"{name}.svg").getroot()
        assert picture.tag.endswith("svg") and len(picture) > 10


@needs_torch
def test_labels_that_look_like_markup_stay_text(mi2, groups):
    table = Path(groups["labels"])
    table.write_text(table.read_text().replace("ant", "<script>&"))
    folder = groups["folder"] / "report"
    train(mi2, groups, "--report", str(folder))
    assert "<script>" not in (folder / "report.html").read_text()
    ElementTree.parse(folder / "roc.svg")


@needs_torch
def test_mlp_learns_and_the_same_seed_gives_the_same_head(mi2, groups):
    options = ["--kind", "mlp", "--hidden-dim", "16", "--epochs", "12"]
    first, report = train(mi2, groups, *options, "--seed", "5", name="a")
    second, _ = train(mi2, groups, *options, "--seed", "5", name="b")
    other, _ = train(mi2, groups, *options, "--seed", "6", name="c")
    assert report["mean_auc"]["value"] > 0.8  # the groups overlap; 0.5 is chance
    assert report["chosen_on"] == "held out of train" and report["train_rows"] + report["chosen_on_rows"] == 120
    assert Path(f"{first}.safetensors").read_bytes() == Path(f"{second}.safetensors").read_bytes()
    assert Path(f"{first}.safetensors").read_bytes() != Path(f"{other}.safetensors").read_bytes()
    assert read_safetensors(Path(f"{first}.safetensors"))["retrieval_conv.0.weight"].shape == (16, 512, 3)


@needs_torch
@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_standardising_makes_the_scale_of_embeddings_no_matter(mi2, groups, kind):
    more = ["--standardize", "--kind", kind, "--hidden-dim", "8", "--epochs", "3"]
    head, plain = train(mi2, groups, *more, name="plain")
    scaled = {**groups, "embeddings": write_embeddings(groups["folder"] / "s.jsonl", groups["names"],
                                                       groups["x"] * 100 + 7)}
    other, report = train(mi2, scaled, *more, name="scaled")
    assert abs(report["accuracy"]["value"] - plain["accuracy"]["value"]) < 0.02  # f32 at another scale
    ours = scores(mi2, head, groups["embeddings"])
    theirs = scores(mi2, other, scaled["embeddings"])
    for name in groups["names"]:
        for label, score in ours[f"/data/{name}"].items():
            assert abs(score - theirs[name][label]) < 0.01


@needs_torch
def test_arrays_and_lists_of_labels_need_no_paths(mi2, groups):
    np.save(groups["folder"] / "e.npy", groups["x"])
    (groups["folder"] / "labels.txt").write_text("".join(f"{label}\n" for label in groups["y"]))
    groups = {**groups, "embeddings": str(groups["folder"] / "e.npy"), "labels": str(groups["folder"] / "labels.txt")}
    head, report = train(mi2, groups)
    assert report["evaluated_on"] == "train, cross-validated" and report["rows"] == 180
    assert list(scores(mi2, head, groups["embeddings"])) == [str(i + 1) for i in range(180)]
    (groups["folder"] / "paths.txt").write_text("".join(f"{name}\n" for name in groups["names"]))
    assert list(scores(mi2, head, groups["embeddings"], "--paths", str(groups["folder"] / "paths.txt"))) == groups["names"]


@needs_torch
def test_an_interrupted_or_refused_training_leaves_the_old_head(mi2, groups):
    head, _ = train(mi2, groups)
    before = Path(f"{head}.json").read_bytes()
    done = mi2("adapter", "train", "--embeddings", groups["embeddings"], "--labels", groups["labels"], "--out", str(head),
               status=2)
    assert "--force" in done.errors and Path(f"{head}.json").read_bytes() == before
    write_labels(groups["labels"], [(n, "train", "ant") for n in groups["names"]])
    mi2("adapter", "train", "--embeddings", groups["embeddings"], "--labels", groups["labels"], "--out", str(head),
        "--force", status=2)
    assert Path(f"{head}.json").read_bytes() == before


@needs_torch
def test_rows_that_do_not_match_are_counted_and_named(mi2, groups):
    rows = [(n, "train", str(label)) for n, label in zip(groups["names"], groups["y"])]
    write_labels(groups["labels"], [*rows[5:], ("elsewhere.png", "train", "ant")])
    done = mi2("adapter", "train", "--embeddings", groups["embeddings"], "--labels", groups["labels"],
               "--out", str(groups["folder"] / "h"))
    assert "5 of 180 rows have no label" in done.errors and "images/000.png" in done.errors
    assert "1 of 176 rows have no embedding" in done.errors


@needs_torch
@pytest.mark.parametrize("change,status,words", [
    (["--classes", "ant,wasp"], 2, "'wasp' labels no training row"), (["--labels-column", "site"], 3, "no column 'site'"),
    (["--c", "0"], 2, "--c"), (["--kind", "forest"], 2, "--kind"), (["--labels", "nowhere.csv"], 7, "nowhere.csv"),
    (["--embeddings", "nowhere.jsonl"], 7, "nowhere.jsonl"), (["--zero-shot", "nowhere.jsonl"], 7, "nowhere.jsonl"),
    (["--zero-shot", "a", "--model", "b"], 2, "--model"), (["--out", "no/such/folder/h"], 3, "no/such/folder"),
])
def test_what_makes_no_sense_is_refused_and_nothing_is_written(mi2, groups, change, status, words):
    base = {"--embeddings": groups["embeddings"], "--labels": groups["labels"], "--out": str(groups["folder"] / "h")}
    base.update(zip(change[::2], change[1::2]))
    done = mi2("adapter", "train", *[part for pair in base.items() for part in pair], status=status)
    assert words in done.errors and done.stdout == b""
    assert not list(groups["folder"].glob("h*"))


@pytest.mark.skipif(has_torch, reason="built with libtorch")
def test_training_without_libtorch_says_so(mi2, groups):
    done = mi2("adapter", "train", "--embeddings", groups["embeddings"], "--labels", groups["labels"], "--out",
               str(groups["folder"] / "h"), status=4)
    assert "libtorch" in done.errors


# The whole way, with the starter model on real images: brain MRI.

@pytest.fixture(scope="module")
def brain(tmp_path_factory):
    """Embeddings of the brain MRI pictures with the starter model, made by the program."""
    if not (SHARED / "manifest.csv").is_file():
        pytest.skip("needs the images of MI2_SHARED_DATA/starter")
    out = tmp_path_factory.mktemp("brain") / "e.jsonl"
    subprocess.run([os.environ["MI2_BIN"], "embed", "--model", STARTER, "--provenance", "--out", str(out),
                    *[str(SHARED / "images" / label) for label in BRAIN]], check=True, timeout=600)
    return out


@needs_torch
@needs_images
def test_an_adapter_on_real_embeddings_is_compared_with_zero_shot(mi2, brain, tmp_path):
    report_folder = tmp_path / "report"
    done = mi2("adapter", "train", "--embeddings", str(brain), "--labels", str(SHARED / "manifest.csv"),
               "--classes", ",".join(BRAIN), "--out", str(tmp_path / "brain"), "--report", str(report_folder),
               "--model", STARTER, "--prompts", str(SHARED / "classes.csv"), "--format", "json")
    report = json.loads(done.stdout)
    assert report["evaluated_on"] == "test" and report["rows"] == 120 and report["train_rows"] == 400
    # docs/adapters.md: 0.825 against 0.817, mean AUC 0.954 against 0.950; half an image of 120 is 0.004.
    assert abs(report["accuracy"]["value"] - 0.825) < 0.02 and abs(report["zero_shot"]["accuracy"]["value"] - 0.817) < 0.02
    for figure in ("accuracy", "mean_auc"):
        gain = report["zero_shot"][f"{figure}_gain"]
        assert gain["low"] <= gain["value"] <= gain["high"] and gain["low"] < gain["high"]
        assert abs(gain["value"] - (report[figure]["value"] - report["zero_shot"][figure]["value"])) < 1e-9
    assert (report_folder / "report.html").stat().st_size > 10_000

    manifest = {row["file"]: row for row in csv.DictReader(open(SHARED / "manifest.csv", encoding="utf-8"))}
    rows = [json.loads(line) for line in brain.read_text().splitlines()]
    keys = ["images/" + row["path"].split("/images/")[1] for row in rows]
    x = np.array([row["embedding"] for row in rows])
    y = np.array([manifest[key]["label"] for key in keys])
    is_train = np.array([manifest[key]["split"] == "train" for key in keys])
    probe = LogisticRegression(tol=1e-10, max_iter=100_000).fit(x[is_train], y[is_train])
    wanted = roc_auc_score(y[~is_train], probe.predict_proba(x[~is_train]), multi_class="ovr")
    assert abs(report["mean_auc"]["value"] - wanted) < 0.01
    tensors = read_safetensors(tmp_path / "brain.safetensors")
    np.testing.assert_allclose(tensors["weight"], probe.coef_, atol=1e-3)

    # The adapter straight on images: the answers of its embeddings.
    pictures = [str(SHARED / key) for key, is_row in zip(keys, is_train) if not is_row][:3]
    direct = mi2.rows("adapter", "classify", "--head", str(tmp_path / "brain"), "--model", STARTER, "--format", "jsonl",
                      *pictures)
    by_path = {Path(path).name: found for path, found in scores(mi2, tmp_path / "brain", brain).items()}
    for row in direct:
        for score in row["labels"]:
            assert abs(by_path[Path(row["path"]).name][score["label"]] - score["score"]) < 1e-5


@needs_torch
@needs_images
def test_zero_shot_scores_from_a_file_are_those_of_the_model(mi2, brain, tmp_path):
    prompts = {row["label"]: row["prompt"] for row in csv.DictReader(open(SHARED / "classes.csv", encoding="utf-8"))}
    (tmp_path / "labels.txt").write_text("".join(prompts[label] + "\n" for label in BRAIN))
    # A few rows of each label and split are enough for both ways to be compared.
    split_of = {row["file"]: (row["label"], row["split"])
                for row in csv.DictReader(open(SHARED / "manifest.csv", encoding="utf-8"))}
    groups = {}
    for line in brain.read_text().splitlines():
        file = json.loads(line)["path"].split("/starter/")[-1]
        groups.setdefault(split_of[file], []).append(line)
    lines = [line for group in groups.values() for line in group[:6]]
    (tmp_path / "some.jsonl").write_text("\n".join(lines) + "\n")
    paths = [json.loads(line)["path"] for line in lines]
    zero_shot = tmp_path / "z.jsonl"
    mi2("classify", "--model", STARTER, "--labels-file", str(tmp_path / "labels.txt"), "--format", "jsonl", "--out",
        str(zero_shot), *paths)
    base = ["adapter", "train", "--embeddings", str(tmp_path / "some.jsonl"), "--labels", str(SHARED / "manifest.csv"),
            "--prompts", str(SHARED / "classes.csv"), "--format", "json", "--bootstrap", "20"]
    by_file = json.loads(mi2(*base, "--out", str(tmp_path / "a"), "--zero-shot", str(zero_shot)).stdout)["zero_shot"]
    by_model = json.loads(mi2(*base, "--out", str(tmp_path / "b"), "--model", STARTER).stdout)["zero_shot"]
    assert by_file == by_model


@needs_images
def test_neighbours_of_real_embeddings_have_their_labels(mi2, brain, tmp_path):
    done = mi2("knn", "--train", str(brain), "--labels", str(SHARED / "manifest.csv"), "--figures", str(tmp_path / "f.json"),
               "--out", str(tmp_path / "scores.txt"), str(brain))
    assert "120 queries of known label" in done.errors
    # One in four would be right by chance.
    assert json.loads((tmp_path / "f.json").read_text())["accuracy"] > 0.6
