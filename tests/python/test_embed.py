"""load and embed_*: the program's bits, every form of input, errors, order, threads."""
import gc
import os
import subprocess
import threading
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest


def test_images_have_the_bits_of_the_program(model, program, images):
    vectors = model.embed_images(images)
    assert vectors.dtype == np.float32 and vectors.shape == (len(images), model.dimensions)
    assert vectors.flags["C_CONTIGUOUS"] and vectors.flags["WRITEABLE"]
    assert vectors.tobytes() == program(*images).tobytes()


def test_texts_have_the_bits_of_the_program(model, program):
    texts = ["chest x-ray", "", "brain MRI axial", "x " * 300]
    options = [part for text in texts for part in ("--text", text)]
    assert model.embed_texts(texts).tobytes() == program(*options).tobytes()
    assert model.embed_texts("chest x-ray").tobytes() == program("--text", "chest x-ray").tobytes()


@pytest.mark.parametrize("options", [{"profile": "azure"}, {"dtype": "bf16"}, {"threads": 1}])
def test_options_are_the_programs(model_path, program, images, options):
    arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    vectors = mi2.load(model_path, **options).embed_images(images[:3])
    assert vectors.tobytes() == program(*arguments, *images[:3]).tobytes()


def test_every_form_of_encoded_image_is_the_same_image(model, images):
    wanted = model.embed_images(str(images[0]))
    assert wanted.shape == (1, model.dimensions)
    content = images[0].read_bytes()
    for form in (images[0], content, bytearray(content), memoryview(content), [content], iter([images[0]])):
        assert model.embed_images(form).tobytes() == wanted.tobytes()


def test_any_batch_gives_the_same_bits_in_order(model, images):
    wanted = model.embed_images(images, batch=1)
    for batch in (2, 5, 100):
        assert model.embed_images((path for path in images), batch=batch).tobytes() == wanted.tobytes()


def test_nothing_in_gives_no_rows(model):
    assert model.embed_images([]).shape == model.embed_texts([]).shape == (0, model.dimensions)


def test_the_array_owns_its_numbers_without_a_copy_of_the_interpreters(model, images):
    vectors = model.embed_images(images[:5], batch=2)
    assert not vectors.flags["OWNDATA"] and vectors.base is not None
    kept = vectors[1].copy()
    view = vectors[1]
    del vectors
    gc.collect()
    np.testing.assert_array_equal(view, kept)


def test_other_threads_run_while_the_model_computes(model, images):
    """The main thread counts on while a worker embeds; with the lock held it could not."""
    done = threading.Event()
    turns = 0

    def work():
        for _ in range(3):
            model.embed_images(images)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.wait(0.001):
        turns += 1
    worker.join()
    assert turns > 10


def test_many_threads_get_their_own_vectors(model, images):
    wanted = [model.embed_images(path).tobytes() for path in images[:6]]
    found = [None] * 6

    def work(i):
        found[i] = model.embed_images(images[i]).tobytes()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def test_a_bad_image_is_named(model, images, cut_picture, tmp_path):
    with pytest.raises(mi2.BadFile, match="cut.png") as caught:
        model.embed_images([images[0], cut_picture])
    assert caught.value.code == "bad_file" and isinstance(caught.value, mi2.Error)
    with pytest.raises(FileNotFoundError, match="none.png") as missing:
        model.embed_images([tmp_path / "none.png"])
    assert isinstance(missing.value, mi2.NotFound) and missing.value.code == "not_found"
    with pytest.raises(mi2.Error, match=r"images\[1\]"):
        model.embed_images([images[0].read_bytes(), b"not a picture"])


def test_with_on_error_the_others_are_done(model, images, cut_picture):
    told = []
    mixed = [images[0], cut_picture, b"", images[1], np.zeros((5, 3, 9), np.uint8)]
    vectors = model.embed_images(mixed, batch=2, on_error=lambda index, error: told.append((index, error.code)))
    assert [index for index, _ in told] == [1, 2, 4] and told[0][1] == "bad_file" and told[2][1] == "bad_argument"
    assert np.isnan(vectors[[1, 2, 4]]).all()
    assert vectors[[0, 3]].tobytes() == model.embed_images(images[:2]).tobytes()


def test_what_a_callers_function_raises_leaves(model, images, cut_picture):
    class Mine(Exception):
        pass

    def fail(*_):
        raise Mine

    def source():
        yield from images[:3]
        raise Mine

    for call in (lambda: model.embed_images(source(), batch=2), lambda: model.embed_images(images, progress=fail),
                 lambda: model.embed_images([images[0], cut_picture], on_error=fail)):
        with pytest.raises(Mine):
            call()
    assert model.embed_images(images[:1]).shape == (1, model.dimensions)


def test_an_iterable_runs_on_the_callers_thread(model, images):
    threads = set()

    def source():
        for path in images[:5]:
            threads.add(threading.get_ident())
            yield path

    model.embed_images(source(), batch=2)
    assert threads == {threading.get_ident()}


def test_what_is_no_image_is_a_type_error(model):
    for wrong in (None, 3, [None], object()):
        with pytest.raises(TypeError):
            model.embed_images(wrong)


def test_options_that_make_no_sense_are_refused(model_path, tmp_path):
    for options in ({"dtype": "f8"}, {"profile": "other"}, {"azure_quality": 0}, {"intensity": "loud"},
                    {"window": "a"}):
        with pytest.raises(ValueError) as caught:
            mi2.load(model_path, **options)
        assert isinstance(caught.value, mi2.BadArgument)
    with pytest.raises(mi2.NotFound):
        mi2.load(tmp_path / "nowhere")
    (tmp_path / "config.yaml").write_text("not: a model\n")
    with pytest.raises(mi2.Error):
        mi2.load(tmp_path)


NEEDS_LIBTORCH = "built without libtorch; build it with MI2_WITH_TORCH=ON"
TORCH_LIBRARY = Path(os.environ["MI2_BIN"]).resolve().parents[2] / "src" / "models" / "torch" / "libmi2-torch.so"


def test_a_device_is_the_cpu_unless_chosen_and_auto_says_why(model, model_path):
    assert model.device == "cpu" and model.why_cpu == ""
    chosen = mi2.load(model_path, device="auto")
    assert chosen.device in ("cpu", "cuda:0") and bool(chosen.why_cpu) == (chosen.device == "cpu")
    assert np.array_equal(mi2.load(model_path, device="cpu").embed_texts("a"), model.embed_texts("a"))


def test_a_device_that_is_not_there_is_refused_in_one_sentence(model_path):
    with pytest.raises(mi2.Unsupported, match=NEEDS_LIBTORCH):
        mi2.load(model_path, device="torch")
    if not Path("/dev/nvidia0").exists():
        with pytest.raises(mi2.Unsupported, match="this machine has no GPU that CUDA can use"):
            mi2.load(model_path, device="cuda:1")
    for name in ("", "gpu", "cuda:x", "cuda:0,cuda:1"):
        with pytest.raises(mi2.BadArgument, match="expected auto, cpu, cuda"):
            mi2.load(model_path, device=name)


@pytest.mark.skipif(not TORCH_LIBRARY.exists(), reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
def test_libtorch_is_loaded_when_a_device_needs_it(model, model_path, images, monkeypatch):
    monkeypatch.setenv("MI2_TORCH_LIBRARY", str(TORCH_LIBRARY))
    torch = mi2.load(model_path, device="torch")
    assert torch.device == "torch" and torch.provenance.instructions == "torch"
    # Both sum in f32, in unlike orders.
    assert abs(torch.embed_images(images[:3]) - model.embed_images(images[:3])).max() <= 2e-5
    assert abs(torch.embed_texts(["chest x-ray", "ct"]) - model.embed_texts(["chest x-ray", "ct"])).max() <= 2e-5


def test_limits_hold(model_path, images):
    with pytest.raises(mi2.TooLarge):
        mi2.load(model_path, max_pixels=100).embed_images(images[0])
    with pytest.raises(mi2.TooLarge):
        mi2.load(model_path, max_file_bytes=10).embed_images(images[0])


def test_progress_is_told(model, images):
    told = []
    model.embed_images(images[:5], batch=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]
    model.embed_texts((text for text in ("a", "b")), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, None)


def test_progress_bar_is_drawn_where_tqdm_is(model, images, capsys):
    model.embed_images(images[:2], progress=True)
    assert "2/2" in capsys.readouterr().err


def test_what_a_model_tells(model, model_path, starter_path):
    import subprocess, os, json
    told = json.loads(subprocess.run([os.environ["MI2_BIN"], "embed", "--model", model_path, "--provenance", "--text", "a"],
                                     capture_output=True, check=True).stdout)["provenance"]
    assert model.provenance._asdict() == told
    assert (model.dtype, model.profile) == ("f32", "raw") and model.logit_scale > 0
    assert str(model.dimensions) in repr(model)
    assert mi2.__version__ == told["version"]
    assert {"f32", "bf16", "int8"} <= set(mi2.supported_dtypes())


def test_classify_is_the_programs(starter_path, images):
    import subprocess, os, json
    labels = ["chest x-ray", "brain MRI", "a dog"]
    for options, arguments in (({}, []), ({"multilabel": True}, ["--multilabel"]),
                               ({"templates": ["a {}", "an image of {}"]},
                                ["--template", "a {}", "--template", "an image of {}"])):
        done = subprocess.run([os.environ["MI2_BIN"], "classify", "--model", starter_path, "--format", "jsonl",
                               "--labels", ",".join(labels), *arguments, *map(str, images[:4])],
                              capture_output=True, check=True)
        wanted = [json.loads(line)["labels"] for line in done.stdout.decode().splitlines()]
        found = mi2.load(starter_path).classify(images[:4], labels, **options)
        assert [[row.label for row in rows] for rows in found] == [[row["label"] for row in rows] for rows in wanted]
        np.testing.assert_allclose([[row.score for row in rows] for rows in found],
                                   [[row["score"] for row in rows] for rows in wanted], rtol=1e-5)


def test_classify_refuses_labels_that_make_no_sense(model, images):
    for labels, templates in (([], ("{}",)), (["a", "a"], ("{}",)), (["a"], ("no slot",)), (["a"], ())):
        with pytest.raises(mi2.BadArgument):
            model.classify(images[0], labels, templates=templates)


def test_tokenize_is_the_programs(model_path):
    ids, = mi2.tokenize(model_path, ["pleural effusion"])
    assert ids[0] == 49406 and ids[-1] == 49407 and len(ids) > 3


def test_a_packed_file_that_is_cut_meanwhile_is_an_error_and_not_the_end(model_path, images, tmp_path):
    path = tmp_path / "model.mi2"
    subprocess.run([os.environ["MI2_BIN"], "pack", "--model", model_path, "--dtype", "f32", path], check=True, timeout=120,
                   capture_output=True)
    content = path.read_bytes()
    model = mi2.load(path)
    wanted = model.embed_images(images[0]).tobytes()
    os.truncate(path, 4096)
    for call in (lambda: model.embed_images(images[0]), lambda: model.embed_texts("a"),
                 lambda: model.classify(images[0], ["a", "b"]), lambda: model.embed_images(images[:2], on_error="nan")):
        with pytest.raises(mi2.BadFile, match="was cut or written"):
            call()
    path.write_bytes(content)
    assert mi2.load(path).embed_images(images[0]).tobytes() == wanted
