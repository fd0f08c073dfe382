"""The package as Python users write it: their containers, names and mistakes."""
import copy
import io
import math
import pickle
import socket
import subprocess
import sys
import time

import medimageinsight as mi2
import numpy as np
import pytest
from PIL import Image

from score_server import serving

LABELS = ["chest x-ray", "brain MRI", "a dog"]


class Tensor:
    """What torch and others hand over: an array behind DLPack."""

    def __init__(self, array, fault=None):
        self.array, self.fault = array, fault

    def __dlpack__(self, **options):
        if self.fault:
            raise self.fault
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Series(list):
    """A pandas column, without pandas: it is looped over, has a length, and looks values up by label."""

    def __getitem__(self, key):
        raise KeyError(key)


class Frame:
    columns, iloc = ["path"], None

    def __iter__(self):
        return iter(self.columns)


@pytest.fixture
def colour():
    return np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_vectors_are_not_taken_for_an_image(model, images):
    vectors = model.embed_images(images[:3])
    tensors = [Tensor(vector) for vector in vectors]
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for wrong in (vectors, vectors[:1], [vectors], list(vectors), vectors.astype(np.float64), Tensor(vectors),
                      [Tensor(vectors)], tensors):
            for one in (model, client):
                with pytest.raises(mi2.BadArgument, match="vectors of this model"):
                    one.embed_images(wrong)
    grey = np.random.default_rng(1).random((4, model.dimensions)).astype(np.float32)
    assert model.embed_images(grey).shape == (1, model.dimensions)


def test_vectors_that_are_not_of_length_1_are_not_taken_for_an_image(model, images):
    """Means of vectors and multiples of them: an image of as many columns would have much longer rows."""
    vectors = model.embed_images(images[:4])
    means = np.stack([vectors[:2].mean(axis=0), vectors.mean(axis=0)])
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for wrong in (means, means[:1], list(means), 0.9 * vectors, (1.2 * vectors).astype(np.float64), Tensor(means)):
            for api in (model, client):
                for call in (api.embed_images, lambda images, api=api: api.classify(images, LABELS)):
                    with pytest.raises(mi2.BadArgument, match=r"classify_vectors\(\) takes vectors of any length"):
                        call(wrong)
    assert len(model.classify_vectors(means, LABELS)) == 2
    # An image keeps its shades when it is multiplied, and others stay what they were.
    assert model.embed_images(100 * means).shape == (1, model.dimensions)
    for image in (np.abs(means), 100 * vectors, vectors[:, :-1] * 0.9, 0.01 * vectors):
        assert model.embed_images(image).shape == (1, model.dimensions)


def test_what_is_no_vectors_is_one_of_our_errors(model, images):
    vectors = model.embed_images(images[:2])
    wants_gradients = Tensor(vectors, RuntimeError("Can't export tensors that require gradient"))
    wrong = {"a tensor with gradients": wants_gradients, "tensors with gradients": [wants_gradients] * 2,
             "ragged": [[0.5, 0.5], [0.5]], "texts": ["1"] * model.dimensions, "a text": "0.5", "none": None, "a number": 3,
             "a table": Frame(), "objects": [object()], "complex": vectors.astype(complex), "width": np.ones((2, 3))}
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for what, given in wrong.items():
            for call in (lambda: model.classify_vectors(given, LABELS), lambda: client.classify_vectors(given, LABELS),
                         lambda: model.embed_patches(given)):
                with pytest.raises(mi2.BadArgument):
                    raise SystemExit(f"{what} was taken: {call()}")
    for what, given in wrong.items():
        if what != "width":
            with pytest.raises((mi2.BadArgument, mi2.Unsupported)):
                raise SystemExit(f"{what} was taken: {mi2.to_frame(given)}")


def test_a_column_of_vectors_is_classified_with_what_is_missing(model, images):
    vectors = model.embed_images(images[:2])
    wanted = model.classify_vectors(vectors, LABELS)
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for api in (model, client):
            first, second, third = api.classify_vectors(Series([vectors[0], None, vectors[1]]), LABELS)
            assert [[score.label for score in row] for row in (first, third)] == [[s.label for s in row] for row in wanted]
            assert all(math.isnan(score.score) for score in second)


@pytest.mark.parametrize("word", ["False", "no", 0, 1, None])
def test_yes_and_no_are_not_texts_or_numbers(model, images, word):
    """Every text but the empty one is true."""
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for call in (lambda: model.classify(images[0], LABELS, multilabel=word),
                     lambda: model.classify_vectors(np.ones(model.dimensions), LABELS, multilabel=word),
                     lambda: client.classify(images[0], LABELS, multilabel=word),
                     lambda: model.embed_images(images[0], return_tokens=word), lambda: client.embed_texts("a", ordered=word),
                     lambda: model.embed_texts("a", normalize=word), lambda: model.encode("a", normalize_embeddings=word),
                     lambda: model.encode("a", convert_to_tensor=word)):
            with pytest.raises(mi2.WrongType, match="expected True or False"):
                call()


def test_a_files_name_as_a_text_is_warned_of_and_taken_as_it_is(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = ["a finding", "scan.png", "report.txt"]
    wanted = model.embed_texts(texts)
    for name in texts[1:]:
        (tmp_path / name).write_bytes(b"")
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for api in (model, client):
            with pytest.warns(UserWarning, match=r"texts\[1\]: is the name of a file.*embed_images\(\)") as told:
                assert api.embed_texts(texts).tobytes() == wanted.tobytes()
            texts_of_this_call = [str(one.message) for one in told if "texts[1]" in str(one.message)]
            assert len(texts_of_this_call) == 1 and "scan" not in texts_of_this_call[0]


def test_stored_vectors_are_classified_as_their_images_are(model, images):
    vectors = model.embed_images(images[:3])
    wanted = model.classify(images[:3], LABELS)
    for given in (vectors, list(vectors), tuple(vectors), vectors.astype(np.float64), Tensor(vectors)):
        assert model.classify(given, LABELS) == wanted
    assert model.classify_vectors(vectors.tolist(), LABELS) == wanted
    assert model.classify(vectors[0], LABELS) == model.classify_vectors(vectors[0], LABELS) == wanted[:1]
    with pytest.raises(mi2.BadArgument, match="dimensions|expected"):
        model.classify_vectors(np.ones((2, 3)), LABELS)
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for found in (client.classify(vectors, LABELS), client.classify_vectors(vectors, LABELS)):
            assert [[row.label for row in rows] for rows in found] == [[row.label for row in rows] for rows in wanted]


@pytest.mark.parametrize("labels,message", [("chest x-ray, brain MRI", "one text"), (["chest x-ray"], "one label"),
                                            ([["a"], "b"], r"labels\[0\]"), (["a", None], r"labels\[1\]: is missing"),
                                            (None, "labels|texts")])
def test_labels_that_are_no_list_of_texts_are_refused(model, images, labels, message):
    with pytest.raises(mi2.BadArgument, match=message):
        model.classify(images[0], labels)


def test_one_template_is_one_template(model, images):
    assert model.classify(images[0], LABELS, templates="a {}") == model.classify(images[0], LABELS, templates=["a {}"])


def test_the_names_of_other_libraries_work(model, images):
    wanted = model.embed_images(images[:3])
    assert model.embed_images(images[:3], batch_size=2, show_progress_bar=False, normalize=True).tobytes() == wanted.tobytes()
    assert model.encode_image(images[:3]).tobytes() == model.encode(images[:3], batch_size=2).tobytes() == wanted.tobytes()
    texts = ["chest x-ray", "brain MRI"]
    assert model.encode(texts).tobytes() == model.encode_text(texts).tobytes() == model.embed_texts(texts).tobytes()
    assert model.encode("chest x-ray").shape == model.encode(images[0]).shape == (model.dimensions,)
    mixed = model.encode(["chest x-ray", images[0]])
    assert mixed[0].tobytes() == model.embed_texts(texts[:1])[0].tobytes() and mixed[1].tobytes() == wanted[0].tobytes()
    assert model.get_sentence_embedding_dimension() == model.dimensions
    for call in (lambda: model.embed_images(images[0], normalize=False), lambda: model.encode(texts, normalize_embeddings=False),
                 lambda: model.embed_images(images[0], batch=2, batch_size=2), lambda: model.embed_images(images[0], batch=0),
                 lambda: model.encode(str(images[0]))):
        with pytest.raises(mi2.BadArgument):
            call()


def test_a_column_is_many_inputs(model, images):
    paths = Series(str(path) for path in images[:3])
    assert model.embed_images(paths).tobytes() == model.embed_images(images[:3]).tobytes()
    assert model.embed_texts(Series(["a", "b"])).tobytes() == model.embed_texts(["a", "b"]).tobytes()
    for values in (np.array([str(path) for path in images[:3]]), np.array(images[:3], dtype=object)):
        assert model.embed_images(values).tobytes() == model.embed_images(images[:3]).tobytes()
    assert model.encode(np.array(LABELS)).tobytes() == model.embed_texts(LABELS).tobytes()
    for call in (model.embed_images, model.embed_texts):
        with pytest.raises(mi2.WrongType, match=r"df\['path'\]"):
            call(Frame())
        with pytest.raises(mi2.WrongType, match="values"):
            call({"a": "b"})


def test_pandas_itself(model, images):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"path": [str(path) for path in images[:2]], "text": ["a", None]}, index=[7, 9])
    assert model.embed_images(table["path"]).tobytes() == model.embed_images(images[:2]).tobytes()
    assert np.isnan(model.embed_texts(table["text"], on_error="nan")[1]).all()
    with pytest.raises(mi2.WrongType):
        model.embed_images(table)


@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan"), np.float32("nan")])
def test_what_is_missing_is_one_clear_error_and_costs_only_itself(model, images, missing):
    for call, good in ((model.embed_images, images[0]), (model.embed_texts, "a")):
        with pytest.raises(mi2.WrongType, match=r"\[1\]: is missing"):
            call([good, missing])
        rows = call([good, missing, good], on_error="nan")
        assert np.isnan(rows[1]).all() and rows[[0, 2]].tobytes() == call([good, good]).tobytes()
        assert call([good, missing, good], on_error="skip").tobytes() == call([good, good]).tobytes()
        told = []
        call([good, missing], on_error=lambda index, error: told.append((index, error.code)))
        assert told == [(1, "bad_argument")]


def test_on_error_is_the_same_everywhere(model, images, cut_picture):
    mixed = [images[0], cut_picture, images[1]]
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for one in (model, client):
            with pytest.raises(mi2.BadFile):
                one.embed_images(mixed, on_error="raise")
            assert np.isnan(one.embed_images(mixed, on_error="nan")[1]).all()
            assert one.embed_images(mixed, on_error="skip").shape[0] == 2
            scores = one.classify(mixed, iter(LABELS), on_error="nan")
            assert len(scores) == 3 and all(math.isnan(row.score) for row in scores[1])
            assert [row.label for row in scores[1]] == LABELS
            assert len(one.classify(mixed, LABELS, on_error="skip")) == 2
            for call in (one.embed_images, one.encode):
                with pytest.raises(mi2.BadArgument, match="on_error"):
                    call(mixed, on_error="ignore")
            with_text = ["chest x-ray", cut_picture, images[1]]
            with pytest.raises(mi2.BadFile):
                one.encode(with_text)
            rows = one.encode(with_text, on_error="nan")
            assert np.isnan(rows).all(axis=1).tolist() == [False, True, False]
            assert one.encode(with_text, on_error="skip").tobytes() == rows[[0, 2]].tobytes()
            assert one.encode(cut_picture, on_error="skip").shape == (0, one.dimensions)
            told = []
            one.encode(with_text, on_error=lambda index, error: told.append((index, error.code)))
            assert told == [(1, "bad_file")]
    found = model.embed_frames(mixed, on_error="skip")
    assert found.image.tolist() == [0, 2] and found.vectors.shape[0] == 2


def test_an_open_file_is_its_content(model, images):
    wanted = model.embed_images(images[0]).tobytes()
    with open(images[0], "rb") as file:
        assert model.embed_images(file).tobytes() == wanted
    assert model.embed_images([io.BytesIO(images[0].read_bytes())]).tobytes() == wanted
    with open(__file__, encoding="utf-8") as text, pytest.raises(mi2.WrongType, match="'rb'"):
        model.embed_images(text)


def test_a_picture_that_pillow_cannot_read_costs_only_itself(model, images, cut_picture):
    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for one in (model, client):
            with pytest.raises(mi2.BadFile, match=r"images\[1\]"):
                one.embed_images([Image.open(images[0]), Image.open(cut_picture)])
            rows = one.embed_images([Image.open(path) for path in (images[0], cut_picture, images[1])], on_error="nan")
            assert np.isnan(rows[1]).all() and rows[[0, 2]].tobytes() == one.embed_images(images[:2]).tobytes()


def test_a_loop_may_close_or_overwrite_an_image_when_it_is_asked_for_the_next(model, images):
    frames = np.random.default_rng(3).integers(0, 256, (8, 20, 30, 3), dtype=np.uint8)

    def overwritten():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    def closed():
        for path in images[:3]:
            with Image.open(path) as picture:
                yield picture

    with serving({"raw": model}) as server, mi2.Client(server.url) as client:
        for one in (model, client):
            assert one.embed_images(overwritten()).tobytes() == model.embed_images(frames).tobytes()
            assert one.embed_images(closed()).tobytes() == model.embed_images(images[:3]).tobytes()


def test_tensors_and_channels_first_are_the_same_image(model, colour):
    wanted = model.embed_images(colour).tobytes()
    first = np.ascontiguousarray(np.moveaxis(colour, 2, 0))
    shares = (first / 255).astype(np.float32)  # as torchvision's ToTensor
    for form in (first, Tensor(colour), Tensor(first), shares, Tensor(shares), [Tensor(shares)], first[None],
                 Tensor(shares[None]), colour[None], np.moveaxis(shares, 0, 2)):
        assert model.embed_images(form).tobytes() == wanted
    assert model.embed_images(np.stack([first, first])).shape[0] == 2
    grey = colour[:, :, 0]
    assert model.embed_images(grey[None]).tobytes() == model.embed_images(grey).tobytes()


@pytest.mark.parametrize("fault", [BufferError("on cuda"), RuntimeError("requires grad"), TypeError("bfloat16")])
def test_a_tensor_that_numpy_cannot_read_says_what_to_do(model, colour, fault):
    with pytest.raises(mi2.BadArgument, match="detach"):
        model.embed_images(Tensor(colour, fault))


def test_normalised_colours_are_refused(model, colour):
    with pytest.raises(mi2.BadArgument, match="undo a normalisation"):
        model.embed_images((colour / 127.5 - 1).astype(np.float32))


def test_every_error_is_one_of_ours(model, model_path, images):
    for call in (lambda: mi2.load(model_path, threads="two"), lambda: mi2.load(3), lambda: mi2.load(model_path, lora=3),
                 lambda: model.embed_images(3),
                 lambda: model.embed_images([object()]), lambda: model.embed_texts(3), lambda: model.embed_texts([b"a"]),
                 lambda: model.embed_texts(["\ud800"]), lambda: model.embed_images(images[0], frames=1.5),
                 lambda: model.embed_images(images[0], batch="4"), lambda: mi2.tokenize(model_path, [None]),
                 lambda: model.classify(images[0], LABELS, templates=[3]), lambda: mi2.Client("http://h", rows=0)):
        with pytest.raises(mi2.BadArgument):
            call()


def test_load_takes_the_model_from_the_environment(model_path, monkeypatch):
    monkeypatch.setenv("MI2_MODEL", model_path)
    assert mi2.load().dimensions > 0
    monkeypatch.delenv("MI2_MODEL")
    with pytest.raises(mi2.BadArgument, match="MI2_MODEL"):
        mi2.load()


@pytest.mark.parametrize("dtype,name", [("float32", "f32"), (np.float32, "f32"), ("BF16", "bf16"), ("torch.bfloat16", "bf16")])
def test_dtypes_may_be_called_as_others_call_them(model_path, dtype, name):
    assert mi2.load(model_path, dtype=dtype).dtype == name


def test_a_model_and_a_client_go_through_pickle(model_path, images):
    model = mi2.load(model_path, dtype="bf16")
    again = pickle.loads(pickle.dumps(model))
    assert again.dtype == "bf16" and again.embed_images(images[0]).tobytes() == model.embed_images(images[0]).tobytes()
    client = copy.copy(mi2.Client("http://127.0.0.1:1", rows=3))
    assert repr(client) == "<medimageinsight.Client http://127.0.0.1:1/score>"


def test_a_server_that_is_down_is_told_at_once():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    begin = time.monotonic()
    with pytest.raises(mi2.Internal, match="is mi2 serve running"):
        mi2.Client(f"http://127.0.0.1:{port}").embed_texts("a")
    assert time.monotonic() - begin < 2


def test_load_and_client_prepare_images_alike_by_default(model, azure_model, images):
    large = next(path for path in images if path.name == "large.jpg")
    with serving({"raw": model, "azure": azure_model}) as server:
        assert mi2.Client(server.url).embed_images(large).tobytes() == model.embed_images(large).tobytes()
        assert server.requests[0][1]["params"]["profile"] == "raw"
    with serving({"raw": azure_model, "azure": azure_model}) as server, pytest.raises(mi2.Unsupported, match="profile='azure'"):
        mi2.Client(server.url).embed_images(large)


def test_importing_the_package_imports_neither_torch_nor_pandas():
    code = "import sys, medimageinsight; print([m for m in ('torch', 'pandas', 'PIL', 'urllib3') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
