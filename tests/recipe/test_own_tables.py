"""Private rows of the published table: a user's own images with its texts."""
import own
import pytest


@pytest.mark.parametrize("name, rows, label", [
    ("mgb-cxr", (775, 870), lambda text: text[len("x-ray chest anteroposterior "):-len(", priority diagnosis")]),
    ("exam-categories", (429, 450), lambda text: text),
    ("bing-echo", (964, 971), lambda text: text[len("Ultrasound Echocardiography (UE) "):])])
def test_every_published_text_can_be_a_label(prepare, tmp_path, texts, name, rows, label):
    published = texts[rows[0]:rows[1]]
    own.make(tmp_path / "own", [label(text) for text in published])
    found = prepare(name, tmp_path / "own")
    assert len(found.rows) == 3 * len(published) and list(found.prompts.values()) == published
    assert {row["label"]: row["caption"] for row in found.rows} == {label(text): text for text in published}
    assert found.counts("split") == {split: len(published) for split in ("train", "val", "test")}
    assert found.recipe["leaks"]["in_several_splits"] == len(published)


def test_a_label_without_a_published_text_is_left_out_by_name(prepare, tmp_path):
    own.make(tmp_path / "own", ["4 Chamber (4CH)", "Subcostal"])
    found = prepare("bing-echo", tmp_path / "own")
    assert len(found.rows) == 3 and found.recipe["excluded"] == {"no published text for the label 'Subcostal'": 3}


def test_two_images_of_one_name_and_size_are_none(prepare, tmp_path):
    own.make(tmp_path / "own", ["4 Chamber (4CH)"])
    path = tmp_path / "own" / "pictures" / "deep" / "0" / "1.png"
    other = tmp_path / "own" / "others" / "deep" / "0" / "1.png"
    other.parent.mkdir(parents=True)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    other.write_bytes(content)
    found = prepare("bing-echo", tmp_path / "own", out="a")
    assert found.recipe["excluded"] == {"several files of that name": 1} and len(found.rows) == 2
    other.write_bytes(path.read_bytes())
    assert len(prepare("bing-echo", tmp_path / "own", out="b").rows) == 3


def test_children_of_all_ages_are_drawn_and_those_of_no_sex_left_out(prepare, tmp_path):
    lines = ["image,label,sex,patient"]
    for i in range(30):
        lines.append(f"{i}.png,{12 * i}.0,{('F', 'male', 'unknown')[i % 3]},P{i}")
        own.write_png(tmp_path / "own" / f"{i}.png", i)
    (tmp_path / "own" / "labels.csv").write_text("\n".join(lines) + "\n")
    found = prepare("mgb-boneage", tmp_path / "own", "--protocol", "patient")
    assert found.recipe["excluded"] == {"no sex, which the text says": 10} and found.counts("split")["test"] == 4
    assert found.by_id["3.png"]["caption"] == "x-ray pediatric hand, age 36 months Female"
    assert len(found.prompts) == 256


def test_a_recipe_of_the_user_is_read(prepare, tmp_path):
    own.make(tmp_path / "own", ["fracture", "none"])
    recipe = tmp_path / "ours.yaml"
    recipe.write_text("""
title: Ours
about: Our own.
licence: ours
task: labels
rows: [{table: [labels.csv], columns: {image: image, label: label, patient: patient}}]
image: {key: image, by: path}
texts: {template: "x-ray wrist {label}"}
splits: {patient: {drawn: {test: 0.5}, together: patient}}
""")
    found = prepare(recipe, tmp_path / "own")
    assert found.prompts == {"fracture": "x-ray wrist fracture", "none": "x-ray wrist none"}
    assert len(found.rows) == 6 and found.recipe["dataset"] == "ours"
