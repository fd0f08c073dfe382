"""Archives with pandas: columns in, tables out."""
import shutil

import medimageinsight as mi2
import numpy as np
import pandas
import pytest

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Golden images that are no DICOM objects, as a column."""
    from conftest import IMAGES
    folder = tmp_path_factory.mktemp("pictures")
    chosen = sorted(path for path in IMAGES.iterdir() if path.suffix in (".png", ".jpg"))[:6]
    assert len(chosen) > 2
    return pandas.Series([str(shutil.copy(path, folder)) for path in chosen])


@pytest.fixture(scope="module")
def archive(pictures, model, tmp_path_factory):
    made = mi2.Archive.create(tmp_path_factory.mktemp("tables") / "archive", model=model)
    assert made.add(pictures).images == len(pictures)
    return made


def test_answers_are_tables(archive, pictures):
    found = archive.search(text=TEXT, by="image", k=100)
    table = found.to_frame()
    assert list(table.columns[:7]) == ["rank", "score", "percentile", "verdict", "agrees", "differs", "item"]
    assert list(table["rank"]) == list(range(1, len(pictures) + 1)) and set(table["path"]) == set(pictures)
    assert list(table["score"]) == [row.score for row in found]
    items = archive.items().to_frame()
    assert list(items.columns) == list(mi2.Item._fields) and set(items["path"]) == set(pictures)
    assert len(archive.items("modality=CT").to_frame()) == 0
    assert list(archive.items("modality=CT").to_frame().columns) == list(mi2.Item._fields)


def test_columns_are_asked_for(archive, model):
    items = archive.items().to_frame()
    table = mi2.to_frame(model.embed_images(items["path"]), paths=items["path"])
    by_vectors = archive.search(vector=table["embedding"], by="image")
    by_items = archive.search(item=items["item"], by="image", same_patient="include")
    assert [row.item for row in by_vectors] == [row.item for row in by_items]
    assert [row.score for row in by_vectors] == pytest.approx([row.score for row in by_items], abs=1e-6)
    assert len(archive.search(text=pandas.Series([TEXT, "a dog"]))) > 0
    assert len(archive.search(image=items["path"][:2])) > 0
    with pytest.raises(mi2.WrongType, match="DataFrame"):
        archive.search(item=items)
    with pytest.raises(mi2.WrongType, match=r"text\[1\]"):
        archive.search(text=pandas.Series([TEXT, None]))


def test_judgements_are_tables(archive, pictures):
    outliers = archive.outliers(f"path~{pictures[0].rsplit('/', 1)[1]} or path~{pictures[1].rsplit('/', 1)[1]}", pool="image", k=1,
                                threshold=0.1).to_frame()
    assert list(outliers.columns) == ["rank", "score", "outlier", "rarity", "images", *mi2.Item._fields, "nearest"]
    assert len(outliers) == len(pictures) - 2 and set(outliers["outlier"]) <= {True, False}
    drift = archive.drift(f"path~{pictures[0].rsplit('/', 1)[1]} or path~{pictures[1].rsplit('/', 1)[1]}", by="modality",
                          permutations=9, moved=1).to_frame()
    assert list(drift.columns) == ["modality", "images", "sampled", "patients", "distance", "p", "p_holm", "moved"]
    assert drift["images"].sum() == len(pictures) - 2
    assert np.isfinite(drift["distance"]).all()
    assert list(archive.tags("modality").to_frame().columns) == [
        "field", "tag", "suggested", "agreement", "same", "nearest", *mi2.Item._fields]
