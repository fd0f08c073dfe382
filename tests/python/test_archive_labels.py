"""Labels of studies, series and images, from Python."""
import json

import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import index, uid


def found(archive, where):
    return {item.image for item in archive.items(where)}


def images(*studies, slices=(0, 1, 2)):
    return {uid("sop", study, 0, number) for study in studies for number in slices}


def test_dicts_are_labels_that_filters_find(growing, model_path, tmp_path):
    rows = [{"study": uid("study", 0), "key": "finding", "value": "pneumonia", "score": np.float32(0.5)},
            {"image": uid("sop", 1, 0, 2), "side": "left", "grade": np.int64(2), "sure": True, "other": None},
            {"study": "1.2.3", "finding": "mass"}]
    labelled = growing.add_labels(rows, by="reader")
    assert labelled[:4] == (4, 0, 0, 1) and labelled.unknown_rows == [3] and labelled.refused == 0
    assert found(growing, "label.finding=pneumonia") == images(0)
    assert found(growing, "label.side=left and label.grade=2 and label.sure=true") == images(1, slices=[2])
    assert dict(growing.facets("label")) == {"finding=pneumonia": 3, "grade=2": 1, "side=left": 1, "sure=true": 1}
    assert [row.item.study for row in growing.search(item=0, same_patient="include", where="label.finding=pneumonia")] == [uid("study", 0)]
    again = growing.add_labels(row for row in rows)
    assert again.added == 4  # another one says so: "user"
    assert growing.add_labels(rows, by="reader").same == 4
    table = index(model_path, "stats", tmp_path / "growing", "--by", "label.finding", "--format", "json")
    assert {row["label.finding"]: row["images"] for row in json.loads(table)["groups"]} == {"pneumonia": 3, None: 15}


def test_tables_and_files_are_labels_too(growing, hospital, tmp_path):
    path = sorted(hospital[1])[3]  # of the second study
    assert growing.add_labels({"path": [path], "finding": ["normal"]}).added == 1
    assert found(growing, "label.finding=normal") == images(1, slices=[0])
    (tmp_path / "l.csv").write_text(f"series,finding\n{uid('series', 2, 0)},mass\n")
    assert growing.add_labels(tmp_path / "l.csv").added == 1
    (tmp_path / "l.jsonl").write_text(json.dumps({"study": uid("study", 3), "finding": "cyst"}) + "\n")
    assert growing.add_labels(str(tmp_path / "l.jsonl")).added == 1
    assert found(growing, "label.finding in (mass, cyst)") == images(2, 3)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"study": [uid("study", 4), uid("study", 5)], "grade": [1, float("nan")]})
    assert growing.add_labels(frame).added == 1
    assert found(growing, "label.grade=1") == images(4)


def test_another_value_is_refused_or_replaces_and_labels_are_removed(growing):
    row = {"study": uid("study", 0), "q": "a"}
    growing.add_labels([row])
    refused = growing.add_labels([{**row, "q": "b"}])
    assert (refused.added, refused.refused, refused.refused_rows) == (0, 1, [1])
    assert growing.add_labels([{**row, "q": "b"}], replace=True).replaced == 1
    growing.add_labels([row], by="other")
    assert growing.remove_labels("q", where=f"study={uid('study', 1)}") == 0
    assert growing.remove_labels("q", by="other") == 1 and growing.remove_labels("q") == 1
    assert found(growing, "label.q=a or label.q=b") == set()


@pytest.mark.parametrize("labels, options, error, match", [
    (3, {}, mi2.WrongType, "neither a table"), (b"x", {}, mi2.WrongType, "neither a table"), ([3], {}, mi2.WrongType, "expected dicts"),
    ([{"study": "1.2", "q": [1]}], {}, mi2.WrongType, "neither a text"), ([], {}, mi2.BadArgument, "no row"),
    ([{"q": "x"}], {}, mi2.BadArgument, "expected one of the columns"), ([{"study": "1.2"}], {}, mi2.BadArgument, "line 1"),
    ([{"study": "1.2", "q": "x"}], {"by": ""}, mi2.BadArgument, "by: expected"),
    ([{"study": "1.2", "q": "x"}], {"by": 3}, mi2.WrongType, "by"),
    ([{"study": "1.2", "q": "x"}], {"replace": 1}, mi2.WrongType, "replace"),
    ("none.csv", {}, mi2.NotFound, "none.csv"),
])
def test_mistakes_are_named(archive, labels, options, error, match):
    with pytest.raises(error, match=match):
        archive.add_labels(labels, **options)


def test_another_key_is_no_mistake_of_the_archive(growing):
    with pytest.raises(mi2.BadArgument, match="key"):
        growing.remove_labels("a b")
    with pytest.raises(mi2.BadArgument, match="modality"):
        growing.remove_labels("a", where="modlity=CT")
