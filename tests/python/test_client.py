"""Client: the vectors of the model behind the URL, in parallel, through refusals and failures."""
import base64
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import medimageinsight as mi2
import numpy as np
import pytest
import urllib3
from PIL import Image

from score_server import served, serving


@pytest.fixture
def server(model, azure_model):
    with serving({"raw": model, "azure": azure_model}) as running:
        yield running


def client_of(server, **options):
    return mi2.Client(server.url, **{"profile": "raw", "retries": 3, "max_wait": 0.2, **options})


def test_vectors_have_the_bits_of_the_model(server, model, azure_model, images):
    texts = ["chest x-ray", "brain MRI", "a"]
    with client_of(server, rows=2) as client:
        assert client.embed_images(images[:5]).tobytes() == model.embed_images(images[:5]).tobytes()
        assert client.embed_texts(texts).tobytes() == model.embed_texts(texts).tobytes()
    with client_of(server, profile=None) as client:
        assert client.embed_images(images[0]).tobytes() == azure_model.embed_images(images[0]).tobytes()


def test_requests_are_as_the_contract_says(server, images):
    client_of(server, profile=None, rows=2, workers=1, azure_size=480, azure_quality=95,
              api_key="k").embed_images(images[:3])
    headers, first = server.requests[0]
    assert headers["authorization"] == "Bearer k" and headers["content-type"] == "application/json"
    assert first["input_data"]["columns"] == ["image", "text"] and first["input_data"]["index"] == [0, 1]
    assert first["params"] == {"get_scaling_factor": True, "image_standardization_image_size": 480,
                               "image_standardization_jpeg_compression_ratio": 95}
    assert sorted(len(body["input_data"]["data"]) for _, body in server.requests) == [1, 2]


def test_pictures_in_memory_are_sent_without_loss(server, model, images):
    grey = np.arange(600, dtype=np.uint8).reshape(20, 30)
    pictures = [grey, grey > 100, grey.astype(np.uint16) * 77, grey.astype(np.int32) - 300, grey.astype(np.float32) / 7,
                np.stack([grey] * 3, axis=2)]
    for path in images:
        with Image.open(path) as opened:
            opened.load()
            pictures.append(opened)
    assert client_of(server).embed_images(pictures).tobytes() == model.embed_images(pictures).tobytes()


@pytest.mark.parametrize("options", [
    {"url": None}, {"url": 5001}, {"rows": "8"}, {"rows": 0}, {"rows": True}, {"workers": 2.5}, {"workers": -1},
    {"timeout": None}, {"timeout": "120"}, {"timeout": 0}, {"timeout": float("nan")}, {"retries": "5"}, {"retries": -1},
    {"max_wait": None}, {"profile": 3}, {"azure_size": "512"}, {"azure_quality": 7.5}, {"ca_certs": 3}, {"api_key": 3}])
def test_arguments_that_make_no_sense_are_named(options):
    name, = options
    with pytest.raises(mi2.BadArgument, match=name):
        mi2.Client(**{"url": "http://127.0.0.1:1", **options})


def test_unordered_results_carry_their_position(server, model, images):
    """The first image is held up until another one's answer is here."""
    held, first = threading.Event(), base64.b64encode(images[0].read_bytes()).decode()
    server.before = lambda rows: held.wait(60) if rows[0][0] == first else None
    found = []
    for index, vector in client_of(server, rows=1, workers=3).embed_images(iter(images[:6]), ordered=False):
        found.append((index, vector))
        held.set()
    assert sorted(index for index, _ in found) == list(range(6)) and found[0][0] != 0
    wanted = model.embed_images(images[:6])
    for index, vector in found:
        assert vector.tobytes() == wanted[index].tobytes()


def test_requests_are_sent_at_once_and_no_more_than_workers(server, images):
    """None is answered before three are there, which would never be if they came one after the other."""
    three = threading.Barrier(3, timeout=60)
    server.before = lambda rows: three.wait()
    client_of(server, rows=1, workers=3).embed_images(images[:9])
    assert server.busiest == 3


def test_an_endless_source_is_read_only_as_fast_as_answers_come(server):
    read = 0

    def texts():
        nonlocal read
        while True:
            read += 1
            yield f"text {read}"

    results = client_of(server, rows=2, workers=2).embed_texts(texts(), ordered=False)
    for _ in range(10):
        next(results)
    results.close()
    assert read <= 10 + 2 * 2 * 2 + 2


def test_results_may_be_dropped_while_a_thread_starts(server):
    """The garbage collector may end them there, where the lock is held that joining a thread takes."""
    lock = getattr(threading, "_shutdown_locks_lock", None)  # CPython 3.8 to 3.12
    if lock is None:
        pytest.skip("this Python joins threads without that lock")
    results = client_of(server, rows=1, workers=2).embed_texts(["a", "b", "c", "d"], ordered=False)
    next(results)
    ended = []

    def end():
        with lock:
            results.close()
        ended.append(True)

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ended


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that urllib3 would sleep between tries."""
    slept = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=slept.append, time=time.time))
    return slept


def test_refusals_for_load_are_tried_again_after_retry_after(server, model, images, pauses):
    server.refusals = [(429, {"retry-after": "17"}), (503, {}), "drop"]
    vectors = client_of(server, workers=1, max_wait=30).embed_images(images[:2])
    assert pauses[0] == 17 and all(0 <= pause <= 30 for pause in pauses)
    assert vectors.tobytes() == model.embed_images(images[:2]).tobytes() and len(server.requests) == 4


class OlderRetry(urllib3.Retry):
    """As urllib3 2.0 has it, which pyproject.toml allows: without retry_after_max."""

    def __init__(self, *arguments, **options):
        if options.pop("retry_after_max", self.DEFAULT_RETRY_AFTER_MAX) != self.DEFAULT_RETRY_AFTER_MAX:
            raise TypeError("unexpected keyword argument 'retry_after_max'")
        super().__init__(*arguments, **options)


@pytest.mark.parametrize("retry", [urllib3.Retry, OlderRetry])
def test_retry_after_is_capped(server, images, pauses, monkeypatch, retry):
    monkeypatch.setattr(urllib3, "Retry", retry)
    server.refusals = [(429, {"retry-after": "86400"})]
    client_of(server, max_wait=9).embed_images(images[0])
    assert pauses == [9] and len(server.requests) == 2


def test_a_server_that_stays_full_is_overloaded(server, images, pauses):
    server.refusals = [(429, {"retry-after": "0"})] * 4
    with pytest.raises(mi2.Overloaded, match="429.*not now"):
        client_of(server).embed_images(images[0])
    assert len(server.requests) == 4


def test_a_wrong_key_is_told_and_not_repeated(model, images):
    with serving({"azure": model}, key="right") as server:
        with pytest.raises(PermissionError) as caught:
            client_of(server, profile=None, api_key="a-secret-of-mine").embed_images(images[:3])
        assert isinstance(caught.value, mi2.Unauthorized) and "secret" not in str(caught.value)
        assert len(server.requests) == 1
        client = client_of(server, profile=None, api_key="right")
        assert client.embed_texts("a").shape == (1, model.dimensions) and "right" not in repr(client)


@pytest.mark.parametrize("key", ["a-secret\nof-mine", "a secret of mine", "a-secret-\u2026"], ids=ascii)
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key):
    with pytest.raises(mi2.BadArgument, match="api_key") as caught:
        mi2.Client("http://127.0.0.1:1", api_key=key).embed_texts("a")
    assert "secret" not in str(caught.value)


def test_the_end_of_the_line_that_held_a_key_is_not_part_of_it(model):
    with serving({"azure": model}, key="right") as server:
        assert client_of(server, profile=None, api_key="right\n").embed_texts("a").shape == (1, model.dimensions)


def test_a_bad_row_does_not_cost_its_neighbours(server, model, images, cut_picture):
    told = []
    mixed = [images[0], cut_picture, images[1], images[0].parent / "none.png", images[2]]
    vectors = client_of(server).embed_images(mixed, on_error=lambda i, error: told.append((i, type(error))))
    assert told == [(1, mi2.BadFile), (3, mi2.NotFound)]
    assert vectors[[0, 2, 4]].tobytes() == model.embed_images(images[:3]).tobytes()
    assert np.isnan(vectors[[1, 3]]).all()
    with pytest.raises(mi2.BadFile, match=r"images\[1\]"):
        client_of(server).embed_images(mixed)


def test_no_server_is_an_error_that_names_the_url(images):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(mi2.Internal, match=str(port)):
        mi2.Client(f"http://127.0.0.1:{port}", retries=1, max_wait=0.01).embed_texts("a")
    with pytest.raises(mi2.BadArgument):
        mi2.Client("localhost:5001")


def test_a_server_that_does_not_speak_tls_is_told_at_once(pauses):
    def answer():
        with listener.accept()[0] as connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(mi2.Internal, match="SSL"):
            mi2.Client(f"https://127.0.0.1:{listener.getsockname()[1]}", retries=1).embed_texts("a")
        thread.join(10)
    assert pauses == []


def test_what_a_client_tells_is_the_servers(server, model):
    client = client_of(server)
    assert client.dimensions == model.dimensions and client.logit_scale == pytest.approx(model.logit_scale)
    assert client.provenance == model.provenance
    assert len(server.requests) == 1


def test_a_scaling_factor_may_be_a_whole_number(model):
    class Whole:
        logit_scale = 4

        def __getattr__(self, name):
            return getattr(model, name)

    with serving({"raw": Whole()}) as server:
        assert client_of(server).logit_scale == 4


@pytest.mark.parametrize("options", [{}, {"multilabel": True}, {"templates": ["a {}", "an image of {}"]}], ids=str)
def test_classify_scores_as_the_model_does(server, model, images, options):
    labels = ["chest x-ray", "brain MRI", "a dog"]
    found = client_of(server).classify(images[:4], labels, **options)
    wanted = model.classify(images[:4], labels, **options)
    assert [[row.label for row in rows] for rows in found] == [[row.label for row in rows] for rows in wanted]
    # exp(logit_scale) is rounded to 32 bits by another library, and a logit may be 100.
    np.testing.assert_allclose([[row.score for row in rows] for rows in found],
                               [[row.score for row in rows] for rows in wanted], rtol=1e-4)


@pytest.mark.parametrize("labels,templates", [
    ([], ["{}"]), (["a", ""], ["{}"]), (["a", "b", "a"], ["{}"]), (["a"], []), (["a"], ["{}", "no slot"])])
def test_labels_are_refused_in_the_models_words(server, model, images, labels, templates):
    messages = []
    for classifier in (model, client_of(server)):
        with pytest.raises(mi2.BadArgument) as caught:
            classifier.classify(images[0], labels, templates=templates)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_progress_and_empty_inputs(server, images):
    told = []
    client_of(server, rows=2).embed_images(images[:3], progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]
    assert client_of(server).embed_images([]).shape == (0, client_of(server).dimensions)
    with pytest.raises(mi2.BadArgument, match=r"texts\[1\]: empty"):
        client_of(server).embed_texts(["a", ""])


def test_the_real_server_answers_with_the_models_bits(model_path, model, images):
    with served(model_path) as url, mi2.Client(url, profile="raw", rows=3) as client:
        assert client.embed_images(images).tobytes() == model.embed_images(images).tobytes()
        assert client.embed_texts(["a", "b c"]).tobytes() == model.embed_texts(["a", "b c"]).tobytes()
        assert client.provenance == model.provenance


def test_without_urllib3_the_client_says_what_to_install():
    code = ("import sys; sys.modules['urllib3'] = None\nimport medimageinsight\n"
            "try: medimageinsight.Client('http://127.0.0.1:1')\nexcept medimageinsight.NotInstalled as e: print(e)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "medimageinsight[client]" in done.stdout


def test_without_pillow_an_array_for_a_server_says_what_to_install():
    code = ("import sys; sys.modules['PIL'] = None\nimport medimageinsight, numpy\n"
            "client, image = medimageinsight.Client('http://127.0.0.1:1'), numpy.zeros((8, 8, 3), numpy.uint8)\n"
            "try: client.embed_images([image], on_error='nan')\n"
            "except medimageinsight.NotInstalled as e: print(e)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "medimageinsight[images]" in done.stdout
