"""Archives in Python: searched, added to and read, and held to NumPy on their own vectors and to the answers of mi2 index."""
import fcntl
import io
import shutil
import signal
import threading
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest
from PIL import Image

from archive_support import TEXT, images_of, index, rows_of_index, uid, write_study


def test_what_was_added_is_passed_over(hospital, growing, tmp_path):
    again = growing.add([hospital[0]])
    assert (again.images, again.unchanged) == (0, 18)
    write_study(tmp_path / "more", "new", slices=2)
    before = growing.search(text=TEXT).snapshot
    more = growing.add(tmp_path / "more")
    assert (more.images, more.studies) == (2, 1) and images_of(growing) == 20
    assert growing.search(text=TEXT).snapshot > before


def test_a_filter_leaves_out_what_a_later_call_adds(model, hospital, tmp_path):
    with mi2.Archive.create(tmp_path / "a", model=model) as chosen:
        first = chosen.add(hospital[0], where="modality=CT")
        assert (first.images, first.left_out, first.refused) == (9, 9, 0)
        again = chosen.add(hospital[0], where="modality=CT")
        assert (again.images, again.unchanged, again.left_out) == (0, 9, 9)
        with pytest.raises(mi2.BadArgument, match="slices"):
            chosen.add(hospital[0], where="slices>1")
        assert chosen.add(hospital[0]).images == 9


FILTERS = {
    None: lambda study, modality: True,
    "modality=CT": lambda study, modality: modality == "CT",
    "modality in (MR) and date<2023": lambda study, modality: modality == "MR" and study < 3,
    "modality=US": lambda study, modality: False,
}


@pytest.mark.parametrize("where", FILTERS)
@pytest.mark.parametrize("by", ["image", "series", "study", "patient"])
@pytest.mark.parametrize("k", [1, 3, 100])
def test_a_search_is_numpys_under_any_filter_and_grouping(archive, model, hospital, where, by, k):
    vectors, items = archive.vectors()
    asked = model.embed_texts(TEXT)[0].astype(np.float64)
    scores = vectors.astype(np.float64) @ (asked / np.linalg.norm(asked))
    best, let_by = {}, 0
    for item, score in zip(items, scores):
        study, patient, modality = hospital[1][item.path]
        if FILTERS[where](study, modality):
            let_by += 1
            group = {"image": item.path, "series": study, "study": study, "patient": patient}[by]
            best[group] = max(best.get(group, -2), score)
    found = archive.search(text=TEXT, where=where, by=by, k=k)
    assert [row.score for row in found] == pytest.approx(sorted(best.values(), reverse=True)[:k], abs=1e-6)
    assert [row.rank for row in found] == list(range(1, len(found) + 1))
    assert found.exact and found.searched == let_by and found.excluded["filter"] == 18 - let_by
    for row in found:
        assert row.score == pytest.approx(scores[[item.item for item in items].index(row.item.item)], abs=1e-6)


def test_a_search_is_the_programs(archive, model_path, filled, hospital):
    path = next(iter(hospital[1]))
    item = archive.search(text=TEXT)[0].item
    for options, arguments in (
            ({"text": TEXT}, ["--text", TEXT]),
            ({"text": [TEXT, "a dog"], "not_text": "brain MRI", "k": 4}, ["--text", TEXT, "--text", "a dog", "--not-text", "brain MRI", "-k", "4"]),
            ({"image": path, "by": "image", "site": "north"}, ["--image", path, "--by", "image", "--site", "north"]),
            ({"item": item, "by": "series"}, ["--item", item.item, "--by", "series"]),
            ({"study": uid("study", 2), "match": "mean", "same_patient": "include"},
             ["--study", uid("study", 2), "--match", "mean", "--same-patient", "include"]),
            ({"series": [uid("series", 1, 0), uid("series", 3, 0)], "by": "patient"},
             ["--series", uid("series", 1, 0), "--series", uid("series", 3, 0), "--by", "patient"])):
        found = archive.search(**options)
        wanted = rows_of_index(model_path, "search", filled, *arguments)
        assert len(found) == len(wanted) > 0
        for row, peer in zip(found, wanted):
            assert (row.rank, row.score, row.percentile, row.verdict) == (peer["rank"], peer["score"], peer.get("percentile"), peer.get("verdict"))
            assert (list(row.agrees), list(row.differs)) == (peer.get("agrees", []), peer.get("differs", []))
            assert (row.item.item, row.item.path, row.item.study, row.item.date) == (peer["item"], peer["path"], peer["study"], peer["date"])
            assert (found.exact, found.snapshot, found.searched) == (peer["exact"], peer["snapshot"], peer["searched"])
            assert found.excluded == peer["excluded"]


def test_studies_that_are_excluded_are_left_out_as_by_a_filter(archive):
    first, second = (row.item.study for row in list(archive.search(text=TEXT))[:2])
    for excluded, where in ((first, f"not study={first}"), ([first, second], f"not study in ({first},{second})")):
        found = archive.search(text=TEXT, exclude_study=excluded, card=True)
        filtered = archive.search(text=TEXT, where=where)
        assert list(found) == list(filtered) and found.excluded == filtered.excluded
        assert archive.replay(found.card).same
    with pytest.raises(mi2.BadArgument, match="exclude_study"):
        archive.search(text=TEXT, exclude_study="")
    with pytest.raises(mi2.WrongType, match="exclude_study"):
        archive.search(text=TEXT, exclude_study=[7])


def test_what_scores_less_is_left_out_and_counted(archive):
    everything = archive.search(text=TEXT, by="image", k=100)
    assert everything.min_score is None and "score" not in everything.excluded
    least = everything[5].score
    found = archive.search(text=TEXT, by="image", k=100, min_score=least)
    assert list(found) == [row for row in everything if row.score >= least]
    assert found.min_score == least and found.excluded == {**everything.excluded, "score": 18 - len(found)}
    auto = archive.search(text=TEXT, by="image", k=100, min_score="auto", card=True)
    assert list(auto) == [row for row in everything if row.verdict != "none"]
    assert archive.replay(auto.card).same
    for score in (float("nan"), float("inf"), 1.01, "0.5", ""):
        with pytest.raises(mi2.BadArgument, match="min_score"):
            archive.search(text=TEXT, min_score=score)
    with pytest.raises(mi2.WrongType, match="min_score"):
        archive.search(text=TEXT, min_score=[0.5])
    with pytest.raises(mi2.BadArgument, match="no verdict"):
        archive.search(text=TEXT, item=0, min_score="auto")


class Tensor:
    """What torch and others hand over: an array behind DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_a_vector_comes_in_any_form_and_length(archive, model):
    vector = model.embed_texts(TEXT)[0]
    wanted = [(row.item.item, row.score) for row in archive.search(vector=vector)]
    assert len(wanted) == 6
    for form in (vector[None], vector.tolist(), [vector], vector.astype(np.float64), Tensor(vector), Tensor(vector[None]), [Tensor(vector)]):
        assert [(row.item.item, row.score) for row in archive.search(vector=form)] == wanted
    longer = archive.search(vector=7 * vector)
    assert [row.item.item for row in longer] == [item for item, _ in wanted]
    assert [row.score for row in longer] == pytest.approx([score for _, score in wanted], abs=1e-6)
    both = archive.search(vector=np.stack([vector, model.embed_texts("a dog")[0]]))
    assert [row.score for row in both] == pytest.approx([row.score for row in archive.search(text=[TEXT, "a dog"])], abs=1e-6)


def test_images_of_the_same_patient_are_left_out(archive, hospital):
    path, (_, patient, _) = next(iter(hospital[1].items()))
    whose = {of: facts[1] for of, facts in hospital[1].items()}
    content = Path(path).read_bytes()
    for image in (path, content, io.BytesIO(content)):
        found = archive.search(image=image, by="image", k=100, site="north")
        assert len(found) == 12 and found.excluded["same_patient"] == 6
        assert patient not in {whose[row.item.path] for row in found}
    only = archive.search(image=path, by="image", k=100, site="north", same_patient="only")
    assert {whose[row.item.path] for row in only} == {patient} and only.excluded["other_patients"] == 12
    first = archive.search(image=path, by="image", same_patient="include")[0]
    assert first.item.path == path and first.score == pytest.approx(1, abs=1e-5)
    by_item = archive.search(item=first, by="patient")
    assert len(by_item) == 2 and by_item.excluded["same_patient"] == 6
    assert archive.search(item=first.item.item, by="patient") == by_item


def test_a_decoded_image_is_nobodys_and_the_same_image(archive, images, model, tmp_path):
    picture = Image.open(images[0])
    found = archive.search(image=picture, k=100)
    assert found.excluded["same_patient"] == 0 and len(found) == 6
    by_path = archive.search(image=images[0], k=100)
    assert [(row.item.item, row.score) for row in found] == [(row.item.item, row.score) for row in by_path]
    assert [row.verdict for row in found] == [row.verdict for row in by_path]
    assert len(archive.search(image=[images[0], np.zeros((9, 9), np.uint8)])) == 6


def test_items_vectors_and_thumbnails_are_those_of_the_files(archive, model, hospital):
    items = list(archive.items())
    assert {item.path for item in items} == set(hospital[1]) and len(items) == 18
    assert all((item.frame, item.frames, item.thumb, item.site) == (1, 1, True, "north") for item in items)
    vectors, of = archive.vectors()
    assert vectors.dtype == np.float32 and vectors.shape == (18, model.dimensions) and of == items
    assert vectors.tobytes() == model.embed_images([item.path for item in items]).tobytes()
    assert archive.item(items[3].item) == items[3] == archive.item(items[3])
    file = archive.thumbnail(items[0])
    assert isinstance(file, bytes) and file[:4] == b"RIFF" and file[8:12] == b"WEBP"
    chosen = list(archive.items("modality=CT"))
    assert {hospital[1][item.path][2] for item in chosen} == {"CT"} and len(chosen) == 9
    some, of = archive.vectors("modality=CT")
    assert of == chosen and some.tobytes() == vectors[[item in chosen for item in items]].tobytes()
    none, of = archive.vectors("modality=US")
    assert none.shape == (0, model.dimensions) and of == []


def test_a_series_is_the_unit_mean_of_its_slices(archive):
    vectors, items = archive.vectors()
    means, series = archive.vectors(kind="series")
    assert len(series) == 6 and series == list(archive.items(kind="series"))
    for mean, one in zip(means, series):
        assert (one.frame, one.path) == (0, "")
        total = vectors[[item.series == one.series for item in items]].astype(np.float64).sum(0)
        assert np.abs(mean - total / np.linalg.norm(total)).max() < 1e-7
    assert archive.thumbnail(series[0]) is not None


def test_more_items_than_fit_a_page_come_whole_and_in_order(archive, monkeypatch):
    wanted = list(archive.items("modality=MR"))
    vectors, _ = archive.vectors("modality=MR")
    for page in (1, 2, 9, 10):
        monkeypatch.setattr("medimageinsight._archive._PAGE", page)
        assert list(archive.items("modality=MR")) == wanted
        assert archive.vectors("modality=MR").vectors.tobytes() == vectors.tobytes()


def test_facets_and_stats_count(archive, model):
    assert archive.facets() == [("CT", 9), ("MR", 9)]
    assert [row.images for row in archive.facets("month", where="modality=CT")] == [3, 3, 3]
    assert archive.facets("station") == [(None, 18)] and len(archive.facets("month", most=2)) == 2
    stats = archive.stats()
    assert stats["totals"]["studies"] == 6 and stats["rows"] == 24 and stats["energy"]["runs"] == 1
    assert archive.dimensions == model.dimensions and archive.space["weights_sha256"] == model.provenance.weights_sha256


def test_many_threads_ask_while_one_adds(growing, tmp_path):
    for study in range(8):
        write_study(tmp_path / "new", f"n{study}", slices=2, patient=f"N{study}")
    failures, snapshots, stop = [], [], threading.Event()

    def ask():
        try:
            last = 0
            while not stop.is_set():
                found = growing.search(text=TEXT, by="image", k=1000)
                assert found.exact and found.snapshot >= last and len(found) == found.searched
                last = found.snapshot
                vectors, items = growing.vectors()
                assert len(vectors) == len(items) >= len(found)
                assert growing.thumbnail(items[-1]) is not None
                snapshots.append(last)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for study in range(8):
            assert growing.add(tmp_path / "new" / f"n{study}", batch=1).images == 2
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    assert not failures and snapshots
    assert len(growing.search(text=TEXT, by="image", k=1000)) == 18 + 16


def test_what_another_process_adds_is_found_at_once(growing, model_path, tmp_path):
    assert len(growing.search(text=TEXT, k=100)) == 6
    write_study(tmp_path / "new", "other")
    index(model_path, "add", growing.path, tmp_path / "new")
    assert len(growing.search(text=TEXT, k=100)) == 7
    index(model_path, "rm", growing.path, "--study", uid("study", "other"), "--yes")
    assert len(growing.search(text=TEXT, k=100)) == 6


def test_one_process_writes_at_a_time(growing, hospital):
    with open(f"{growing.path}/lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for write in (lambda: growing.add(hospital[0]), lambda: growing.remove(study=uid("study", 0))):
            with pytest.raises(mi2.Overloaded, match="another process writes"):
                write()
        assert len(growing.search(text=TEXT)) == 6


def test_ctrl_c_ends_adding_and_the_same_call_goes_on(hospital, model, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    calls = []

    def interrupt(done, total):
        calls.append((done, total))
        if len(calls) == 8:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        archive.add(hospital[0], batch=1, progress=interrupt)
    assert len(calls) == 8
    kept = images_of(archive)
    assert 0 < kept < 18 and kept % 3 == 0 and archive.verify(deep=True).sound
    assert archive.stats()["energy"]["runs"] == 1
    rest = archive.add(hospital[0])
    assert rest.images == 18 - kept and images_of(archive) == 18


def test_what_progress_raises_ends_adding(hospital, model, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    with pytest.raises(ZeroDivisionError):
        archive.add(hospital[0], progress=lambda done, total: 1 / 0)
    assert images_of(archive) == 0 and archive.add(hospital[0]).images == 18


def test_what_cannot_be_read_is_told_and_counted(model, images, cut_picture, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    refused = []
    added = archive.add([images[0], cut_picture], on_refused=lambda path, error: refused.append((path, error)))
    assert (added.images, added.refused) == (1, 1)
    (path, error), = refused
    assert path == str(cut_picture) and isinstance(error, mi2.BadFile)
    assert sum(archive.stats()["refused_by"].values()) == 1
    with pytest.raises(ZeroDivisionError):
        archive.add(cut_picture, on_refused=lambda path, error: 1 / 0)


def test_an_archive_without_images_answers(model, tmp_path):
    with mi2.Archive.create(tmp_path / "a", model=model) as archive:
        found = archive.search(text=TEXT)
        assert found == [] and found.exact and found.searched == 0
        assert archive.vectors().vectors.shape == (0, model.dimensions) and list(archive.items()) == []
        assert archive.facets() == [] and images_of(archive) == 0 and archive.verify(deep=True).sound


def test_the_images_of_a_zip_are_added(hospital, model, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", hospital[0])
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    assert archive.add(packed).images == 18
    assert all(item.path.startswith(f"{packed}/") for item in archive.items())
    names = sorted(name.removeprefix(f"{hospital[0]}/") for name in hospital[1])
    assert sorted(item.path.removeprefix(f"{packed}/") for item in archive.items()) == names


def test_options_of_adding_are_the_programs(hospital, model, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    added = archive.add(hospital[0], slices="max:1", identifiers="none", thumbnails=0, threads=1, batch=2)
    assert added.images == 6
    assert archive.thumbnail(next(iter(archive.items()))) is None
    assert archive.stats()["totals"]["patients"] == 0
