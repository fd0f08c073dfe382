"""Archives in Python: models, pickles, mistakes, judgements, and what keeps an archive sound."""
import copy
import importlib.util
import os
import pickle
import shutil
import subprocess

import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import TEXT, images_of, rows_of_index, uid


def test_the_model_is_found_and_held_to_the_archive(filled, model, model_path, azure_model, hospital, monkeypatch, tmp_path):
    monkeypatch.delenv("MI2_MODEL", raising=False)
    wanted = mi2.Archive(filled).search(text=TEXT, model=model)
    with mi2.Archive(filled) as archive:
        assert len(archive.search(study=uid("study", 0))) > 0  # takes no model
        with pytest.raises(mi2.BadArgument, match="MI2_MODEL"):
            archive.search(text=TEXT)
        assert archive.search(text=TEXT, model=model_path) == wanted
        monkeypatch.setenv("MI2_MODEL", model_path)
        assert archive.search(text=TEXT) == wanted
        for call in (lambda: archive.search(text=TEXT, model=azure_model), lambda: archive.add(hospital[0], model=azure_model)):
            with pytest.raises(mi2.BadArgument, match="profile"):
                call()
    assert mi2.Archive(filled, model=model_path).search(text=TEXT) == wanted
    azure = mi2.Archive.create(tmp_path / "azure", model=azure_model)
    azure.add(hospital[0])
    # A path is opened with the options that the archive was made with.
    path = next(iter(hospital[1]))
    first = mi2.Archive(tmp_path / "azure", model=model_path).search(image=path, by="image", same_patient="include")[0]
    assert first.item.path == path and first.score == pytest.approx(1, abs=1e-5)


def test_a_pickle_opens_the_archive_again(archive):
    wanted = archive.search(text=TEXT)
    for other in (pickle.loads(pickle.dumps(archive)), copy.copy(archive)):
        assert other.search(text=TEXT) == wanted
        other.close()
    assert archive.search(text=TEXT) == wanted  # which is still open
    for same in (pickle.loads(pickle.dumps(wanted)), copy.copy(wanted), copy.deepcopy(wanted)):
        assert same == wanted and type(same) is mi2.Results
        assert (same.exact, same.searched, same.excluded) == (wanted.exact, wanted.searched, wanted.excluded)


def test_a_closed_archive_says_so(filled):
    with mi2.Archive(filled) as archive:
        items = archive.items()
    for call in (lambda: archive.search(vector=[1.0]), archive.stats, lambda: list(items), archive.verify, lambda: archive.add("x"),
                 archive.__enter__, archive.vectors):
        with pytest.raises(mi2.BadArgument, match="closed"):
            call()
    archive.close()


@pytest.mark.parametrize("options, error, match", [
    ({}, mi2.BadArgument, "got none"),
    ({"not_text": "x"}, mi2.BadArgument, "got none"),
    ({"text": 3}, mi2.WrongType, "text"),
    ({"text": ["x", None]}, mi2.WrongType, r"text\[1\]"),
    ({"text": ""}, mi2.BadArgument, "empty"),
    ({"text": "x", "not_text": "x"}, mi2.BadArgument, "cancel"),
    ({"text": "x", "k": 0}, mi2.BadArgument, "1 to 100000"),
    ({"text": "x", "k": 2.5}, mi2.WrongType, "whole number"),
    ({"text": "x", "k": True}, mi2.WrongType, "whole number"),
    ({"text": "x", "by": "slice"}, mi2.BadArgument, "study, series, patient, image or tile"),
    ({"text": "x", "match": "worst"}, mi2.BadArgument, "best, mean"),
    ({"text": "x", "same_patient": "no"}, mi2.BadArgument, "exclude, include or only"),
    ({"text": "x", "same_patient": "only"}, mi2.BadArgument, "only"),
    ({"text": "x", "where": "modlity=CT"}, mi2.BadArgument, "modality"),
    ({"text": "x", "where": 3}, mi2.WrongType, "where"),
    ({"text": "x", "model": 3}, mi2.WrongType, "neither a model"),
    ({"item": "3"}, mi2.WrongType, "whole number"),
    ({"item": -1}, mi2.BadArgument, "expected 0"),
    ({"item": 10**6}, mi2.NotFound, "no item 1000000"),
    ({"item": [None]}, mi2.WrongType, "missing"),
    ({"study": "1.2.3"}, mi2.NotFound, "no study"),
    ({"series": ["1.2.3"]}, mi2.NotFound, "no series"),
    ({"vector": [1.0, 2.0]}, mi2.BadArgument, "expected"),
    ({"vector": "abc"}, mi2.WrongType, "numbers"),
    ({"vector": 3}, mi2.WrongType, "numbers"),
    ({"image": "none.dcm"}, mi2.NotFound, "none.dcm"),
    ({"image": b"nothing"}, mi2.Error, r"image\[0\]"),
    ({"image": 3}, mi2.WrongType, "neither an image"),
])
def test_wrong_arguments_of_a_search_are_named(archive, options, error, match):
    with pytest.raises(error, match=match):
        archive.search(**options)


def test_vectors_are_finite_and_go_where_vectors_go(archive, model):
    vector = model.embed_texts(TEXT)[0]
    with pytest.raises(mi2.BadArgument, match="vector="):
        archive.search(image=vector)
    for wrong in (0 * vector, np.full_like(vector, np.nan)):
        with pytest.raises(mi2.BadArgument, match="finite"):
            archive.search(vector=wrong)


@pytest.mark.parametrize("call, error, match", [
    (lambda a: a.items("modlity=CT").__iter__().__next__(), mi2.BadArgument, "modality"),
    (lambda a: a.items(kind="studies"), mi2.BadArgument, "images, series"),
    (lambda a: a.item(999), mi2.NotFound, "no item 999"),
    (lambda a: a.thumbnail(999), mi2.NotFound, "no item 999"),
    (lambda a: a.facets("color"), mi2.BadArgument, "modality"),
    (lambda a: a.add(3), mi2.WrongType, "neither a path"),
    (lambda a: a.add("x", slices="some"), mi2.BadArgument, "every:N"),
    (lambda a: a.add("x", identifiers="some"), mi2.BadArgument, "hash"),
    (lambda a: a.add("x", thumbnails=8), mi2.BadArgument, "32 to 1024"),
    (lambda a: a.add("x", on_refused="raise"), mi2.WrongType, "not a function"),
    (lambda a: a.outliers("modality=US"), mi2.BadArgument, ""),
    (lambda a: a.outliers("modality=CT", pool="max"), mi2.BadArgument, "stats7"),
    (lambda a: a.outliers("modality=CT", quantile=2), mi2.BadArgument, "0 to 1"),
    (lambda a: a.drift("modality=CT", by="color"), mi2.BadArgument, ""),
    (lambda a: a.tags("color"), mi2.BadArgument, ""),
    (lambda a: a.remove(), mi2.BadArgument, "got none"),
    (lambda a: a.remove(study="1", patient="2"), mi2.BadArgument, "study and patient"),
    (lambda a: a.remove(study=""), mi2.BadArgument, "empty"),
    (lambda a: a.remove(study="1.2.3"), mi2.NotFound, "nothing that this chooses"),
    (lambda a: a.backup(a.path), mi2.BadArgument, ""),
    (lambda a: mi2.Archive.create(a.path, model=a._given), mi2.BadArgument, "already exists"),
])
def test_other_wrong_arguments_are_named(growing, call, error, match):
    with pytest.raises(error, match=match):
        call(growing)


def test_what_is_no_archive_is_not_opened(tmp_path, filled, model):
    with pytest.raises(mi2.NotFound, match="no archive"):
        mi2.Archive(tmp_path)
    with pytest.raises(mi2.WrongType, match="not a path"):
        mi2.Archive(3)
    (tmp_path / "file").write_text("x")
    with pytest.raises(mi2.BadArgument):
        mi2.Archive.create(tmp_path, model=model)
    shutil.copytree(filled, tmp_path / "broken")
    (tmp_path / "broken" / "archive.json").write_text("{")
    with pytest.raises(mi2.BadFile, match="archive.json"):
        mi2.Archive(tmp_path / "broken")


def test_a_build_without_archives_says_so(filled, model, tmp_path, monkeypatch):
    monkeypatch.delattr("medimageinsight._core.Archive")
    for call in (lambda: mi2.Archive(filled), lambda: mi2.Archive.create(tmp_path / "a", model=model)):
        with pytest.raises(mi2.Unsupported, match="MI2_WITH_ARCHIVE"):
            call()


def test_outliers_are_the_programs(archive, model_path, filled):
    for options, arguments in (({"pool": "image", "k": 1}, ["--pool", "image", "-k", "1"]),
                               ({"pool": "stats7", "threshold": 0.5, "k": 1, "test": "date>=2023"},
                                ["--pool", "stats7", "--threshold", "0.5", "-k", "1", "--test", "date>=2023"])):
        found = archive.outliers("date<2024", **options)
        wanted = rows_of_index(model_path, "outliers", filled, "--reference", "date<2024", *arguments)
        assert len(found) == len(wanted) > 0
        for row, peer in zip(found, wanted):
            assert (row.rank, row.score, row.outlier, row.rarity, row.images) == tuple(
                peer[key] for key in ("rank", "score", "outlier", "rarity", "images"))
            assert (row.item.item, row.nearest.item, found.threshold) == (peer["item"], peer["nearest"]["item"], peer["threshold"])
        assert pickle.loads(pickle.dumps(found)) == found


def test_drift_is_the_programs(archive, model_path, filled):
    found = archive.drift("date<2023", by=["modality", "month"], permutations=99, moved=2, seed=3)
    wanted = rows_of_index(model_path, "drift", filled, "--reference", "date<2023", "--by", "modality,month", "--permutations", "99",
                           "--moved", "2", "--seed", "3")
    assert len(found) == len(wanted) == 3
    for row, peer in zip(found, wanted):
        assert row.values == {"modality": peer["modality"], "month": peer["month"]}
        assert (row.images, row.patients, row.distance, row.p, row.p_holm) == tuple(
            peer[key] for key in ("images", "patients", "distance", "p", "p_holm"))
        assert [(one.by, one.item.item) for one in row.moved] == [(one["by"], one["item"]) for one in peer["moved"]]


def test_a_head_is_asked_for_tags_in_place_of_neighbours(archive, model_path, filled, tmp_path):
    vectors, items = archive.vectors(kind="series")
    path, labels = tmp_path / "v.npy", tmp_path / "labels.txt"
    np.save(path, vectors)
    labels.write_text("\n".join(["ct" if item.modality == "CT" else "mr" for item in items]) + "\n")
    trained = subprocess.run([os.environ["MI2_BIN"], "adapter", "train", "--embeddings", path, "--labels", labels, "--out",
                              tmp_path / "head"], capture_output=True, check=False, timeout=300)
    if trained.returncode == 4:
        pytest.skip("built without libtorch")
    assert trained.returncode == 0, trained.stderr.decode()
    found = archive.tags("modality", head=tmp_path / "head", min_agreement=0.5)
    assert found.judged == len(items) and all(row.nearest == () for row in found)
    with pytest.raises(mi2.BadArgument, match="got both"):
        archive.tags("modality", head=tmp_path / "head", k=3)
    with pytest.raises(mi2.NotFound):
        archive.tags("modality", head=tmp_path / "none")


def test_tags_are_the_programs(archive, model_path, filled):
    found = archive.tags("modality", k=2, min_agreement=0.5)
    wanted = rows_of_index(model_path, "tags", filled, "--field", "modality", "-k", "2", "--min-agreement", "0.5")
    assert found.judged == 6 and len(found) == len(wanted)
    assert [(row.item.series, row.tag, row.suggested, row.agreement, list(row.nearest)) for row in found] == [
        (peer["series"], peer["tag"], peer["suggested"], peer["agreement"], peer["nearest"]) for peer in wanted]


def test_what_is_removed_is_no_longer_found(growing):
    removed = growing.remove(study=uid("study", 0))
    assert removed == (3, 3, True) and len(growing.search(text=TEXT, k=100)) == 5
    assert growing.remove(patient="P1", site="north", erase=True).images == 6
    found = growing.search(text=TEXT, k=100)
    assert {row.item.study for row in found} == {uid("study", study) for study in (1, 4, 5)}
    assert growing.remove(where="modality=MR").images == 6 and images_of(growing) == 3
    assert growing.verify(deep=True).sound


def test_some_images_are_embedded_again_and_compared(growing, model, azure_model, hospital):
    again = growing.verify(deep=True, model=model)
    assert again.sound and again.embedded_again == 18 and again.left_out == {}
    assert growing.verify(deep=True).embedded_again == 0
    with pytest.raises(mi2.BadArgument, match="deep"):
        growing.verify(model=model)
    with pytest.raises(mi2.BadArgument, match="profile"):
        growing.verify(deep=True, model=azure_model)


def test_a_backup_is_the_same_archive(archive, model, tmp_path):
    done = archive.backup(tmp_path / "copy")
    assert done.rows == 24
    with mi2.Archive(tmp_path / "copy", model=model) as other:
        assert other.search(text=TEXT) == archive.search(text=TEXT) and list(other.items()) == list(archive.items())


def test_damage_is_found_and_never_handed_out(growing):
    file = f"{growing.path}/vectors/000001.f32"
    growing.close()
    with open(file, "r+b") as vectors:
        vectors.seek(64)
        vectors.write(b"\0\0\xc0\x7f")
    with mi2.Archive(growing.path) as damaged:
        found = damaged.verify(deep=True)
        assert not found.sound and found.problems
        with pytest.raises(mi2.BadFile):
            damaged.vectors()


def test_a_table_takes_pandas(archive):
    if importlib.util.find_spec("pandas") is not None:
        pytest.skip("pandas is installed")
    for answer in (archive.search(text=TEXT), archive.items(), archive.tags("modality", k=2)):
        with pytest.raises(mi2.Unsupported, match="pip install pandas"):
            answer.to_frame()
