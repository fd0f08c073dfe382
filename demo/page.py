"""The demo's page: one HTML file without scripts or anything to load."""
import html
import string

import thumbnail

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --paper: #f6f7f9; --card: #fff; --line: #d8dee4;
  --bar: #1f6f8b; --warn: #fff4d6; --warn-line: #d4a017; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #9aa5b1; --paper: #101418; --card: #191f25;
  --line: #303a44; --bar: #4fb3d1; --warn: #33290c; --warn-line: #a67c00; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 2rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; } h2 { margin: 2.2rem 0 .25rem; font-size: 1.15rem; }
p { margin: .25rem 0 1rem; max-width: 75ch; color: var(--dim); }
.warn { max-width: none; padding: .7rem 1rem; border-left: 4px solid var(--warn-line); background: var(--warn);
  color: var(--ink); }
ul { list-style: none; margin: 0; padding: 0; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 1rem; }
.card { display: flex; flex-direction: column; overflow: hidden; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.card > img { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; background: #000; }
.card > div { padding: .7rem .8rem .8rem; display: flex; flex-direction: column; flex: 1; }
h3 { margin: 0 0 .4rem; font-size: .95rem; overflow-wrap: anywhere; }
.labels li { margin-bottom: .45rem; font-size: .82rem; line-height: 1.3; }
.labels span { display: flex; justify-content: space-between; gap: .6rem; }
.labels b { font-variant-numeric: tabular-nums; }
.bar { height: 5px; margin-top: 2px; border-radius: 3px; background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--bar); }
.near { display: flex; align-items: center; gap: .5rem; margin: auto 0 0; padding-top: .5rem; font-size: .8rem;
  color: var(--dim); border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.near img, .found img { width: 40px; height: 40px; object-fit: cover; border-radius: 4px; background: #000;
  flex: none; }
.found > li { display: grid; grid-template-columns: minmax(200px, 1.2fr) 3fr; gap: 1rem; align-items: center;
  padding: .6rem 0; border-top: 1px solid var(--line); }
.found ol { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; margin: 0; padding: 0; list-style: none; }
.found ol li { display: flex; align-items: center; gap: .5rem; font-size: .82rem; color: var(--dim); }
@media (max-width: 640px) { .found > li { grid-template-columns: 1fr; } }
"""

PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mi2: contact sheet</title>
<style>$style</style>
<body>
<header>
<h1>mi2: contact sheet</h1>
<p>Real images with a free licence, read, embedded and labelled by <code>build/mi2</code> with the starter model. It
knows 20 labels of nine modalities.</p>
<p class="warn"><strong>Not for care.</strong> The starter model is for trying the program, never for care, triage or
any decision about a person. The images' sources and licences: <code>build/examples/SOURCES.md</code>.</p>
</header>
<main>
<section aria-labelledby="found">
<h2 id="found">Images found by text</h2>
<p>Each text and the three images nearest to it, with their cosine.</p>
<ul class="found">
$answers
</ul>
</section>
<section aria-labelledby="sheet">
<h2 id="sheet">Labels without training</h2>
<p>How the image was made, by all labels together; the three most likely of 20 labels with their probabilities; and the
nearest other image with its cosine. An image that is farther from its nearest label than 98 % of that label's training
images is called none of the twenty; since the model is small, an image unlike all of them may still look near to one.</p>
<ul class="sheet">
$cards
</ul>
</section>
</main>
</body>
</html>
""")


def label_item(label, score):
    """One label with its probability as number and bar."""
    return (f'<li><span>{html.escape(label)} <b>{score:.0%}</b></span>'
            f'<div class="bar" aria-hidden="true"><i style="width:{100 * score:.1f}%"></i></div></li>')


def card(name, pictures, labels, nearest, modality, is_none):
    """One picture with its labels and its nearest neighbour. nearest: (cosine, name); modality: (name, probability)."""
    cosine, other = nearest
    items = "".join(label_item(row["label"], row["score"]) for row in labels)
    if is_none:
        items = "<li>none of the twenty labels</li>"
    items = f"<li><span>{html.escape(modality[0])} <b>{modality[1]:.0%}</b></span></li>{items}"
    return (f'<li class="card"><img src="{thumbnail.data_uri(pictures[name])}" alt="{html.escape(name)}"><div>'
            f'<h3>{html.escape(name)}</h3><ul class="labels">{items}</ul>'
            f'<p class="near"><img src="{thumbnail.data_uri(pictures[other], 80)}" alt="">'
            f'<span>nearest: {html.escape(other)}, {cosine:.2f}</span></p></div></li>')


def answer(text, near, pictures):
    """One text and the pictures nearest to it. near: [(cosine, name)]."""
    items = "".join(f'<li><img src="{thumbnail.data_uri(pictures[name], 80)}" alt=""><span>{html.escape(name)}, '
                    f'{cosine:.2f}</span></li>' for cosine, name in near[:3])
    return f"<li><span>{html.escape(text)}</span><ol>{items}</ol></li>"


def render(pictures, scores, neighbours, answers, modalities, nones):
    """The page. pictures: name -> path; scores: name -> [{label, score}]; neighbours, answers: name or text -> [(cosine,
    name)]; modalities: name -> (modality, probability); nones: names of those that are none of the labels."""
    return PAGE.substitute(
        style=STYLE,
        cards="\n".join(card(name, pictures, labels, neighbours[name][0], modalities[name], name in nones) for name, labels in scores.items()),
        answers="\n".join(answer(text, near, pictures) for text, near in answers.items()))
