#include "archive/cards/card_html.hpp"

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/html.hpp"
#include "report/page.hpp"

namespace mi2::archive::cards {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; }
.hits { list-style: none; padding: 0; display: grid; gap: 0.8rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.hits > li { border: 1px solid #ccc; border-radius: 4px; padding: 0.6rem; break-inside: avoid; }
.hits img, .hits .none { display: flex; align-items: center; justify-content: center; width: 100%; height: 12rem;
  object-fit: contain; background: #000; color: #aaa; font-size: 0.9rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.3rem; }
.hits .pinned { border-width: 3px; border-color: #06c; } .said { white-space: pre-wrap; overflow-wrap: anywhere; }
.hits p { margin: 0.4rem 0; } .score { font-size: 1.2rem; font-weight: bold; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.8rem; margin: 0.4rem 0; font-size: 0.85rem; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
@media screen and (prefers-color-scheme: dark) {
  body { background: #15171a; color: #ddd; } .research { background: #3b3214; border-color: #7d6a2a; }
  .hits > li { border-color: #444; } dt, .note { color: #a5a5a5; } th, td { border-color: #444; }
}
@media print { .hits { grid-template-columns: repeat(3, 1fr); } .hits img { height: 8rem; } }
)";

constexpr std::size_t kMostThumbBytes = 1U << 20;

/// Rows of a list of names and values; empty values are left out.
class Facts {
 public:
  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    rows_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, base::escape_html(value));
  }
  [[nodiscard]] std::string html() const { return fmt::format("<dl>\n{}</dl>\n", rows_); }

 private:
  std::string rows_;
};

/// @param what  "thumbnail" or "map".
std::string image_of(const std::string& file, std::string_view what) {
  const bool webp =
      file.size() > 12 && file.size() <= kMostThumbBytes && file.starts_with("RIFF") && file.compare(8, 4, "WEBP") == 0;
  if (!webp) return fmt::format("<div class=\"none\">no {}</div>\n", what);
  return fmt::format("<img alt=\"{}\" src=\"data:image/webp;base64,{}\">\n", what,
                     base::base64_encode(std::as_bytes(std::span(file))));
}

/// A result's thumbnail, and beside it its map, if maps were made.
std::string images_of(const std::string& thumbnail, const ResultMap* map) {
  if (map == nullptr) return image_of(thumbnail, "thumbnail");
  return fmt::format("<div class=\"pair\">\n{}{}</div>\n<p class=\"note\">{}</p>\n", image_of(thumbnail, "thumbnail"),
                     image_of(map->picture, "map"), base::escape_html(map->note));
}

std::string provenance_text(const Provenance& made) {
  return fmt::format("{} in {} on {}, mi2 {}, weights {}", made.profile, made.dtype, made.instructions, made.version,
                     made.weights_sha256);
}

std::string verdict_text(const Result& result) {
  if (result.verdict.empty()) return "no verdict";
  std::string text = result.verdict;
  if (result.percentile) text += fmt::format(", above {:.1f} % of the background", *result.percentile);
  return text;
}

/// What a person wrote.
std::string said_html(const std::string& note) {
  return note.empty() ? std::string() : fmt::format("<p class=\"said\">{}</p>\n", base::escape_html(note));
}

std::string result_html(const Result& result, const std::string& thumbnail, const ResultMap* map) {
  Facts facts;
  facts.add("modality", result.modality);
  facts.add("body part", result.body_part);
  facts.add("date", result.date);
  facts.add("study", result.study_description);
  facts.add("series", result.series_description);
  facts.add("site", result.site);
  facts.add("station", result.station);
  facts.add("agrees", fmt::format("{}", fmt::join(result.agrees, ", ")));
  facts.add("differs", fmt::format("{}", fmt::join(result.differs, ", ")));
  if (result.kind == "series") facts.add("mean of", fmt::format("{} images", result.frames));
  if (result.frames > 1 && result.frame > 0) facts.add("frame", fmt::format("{} of {}", result.frame, result.frames));
  facts.add("window", result.window);
  if (result.tile) {
    const TilePlace& tile = *result.tile;
    facts.add("tile",
              fmt::format("{},{},{},{} of level 0, read from level {}{}", tile.x, tile.y, tile.width, tile.height,
                          tile.level, tile.mpp > 0 ? fmt::format(", {:.4g} um per pixel", tile.mpp) : ""));
  }
  facts.add("item", std::to_string(result.item));
  facts.add("score", fmt::format("{}", result.score));
  facts.add("study UID", result.study_uid);
  facts.add("series UID", result.series_uid);
  facts.add("SOP class", result.sop_class_uid);
  facts.add("SOP instance", result.sop_uid);
  facts.add("file SHA-256", result.file_sha256);
  facts.add("path", result.path);
  facts.add("vector", provenance_text(result.provenance));
  const std::string_view open = result.pinned ? "<li class=\"pinned\">" : "<li>";
  return fmt::format("{}\n{}<p><span class=\"score\">{}. {:.4f}</span> {}</p>\n{}{}{}</li>\n", open,
                     images_of(thumbnail, map), result.rank, result.score, base::escape_html(verdict_text(result)),
                     result.pinned ? "<p><strong>pinned</strong></p>\n" : "", said_html(result.note), facts.html());
}

/// What the person gave.
std::string asked_text(const Part& part) {
  const Origin& origin = part.origin;
  switch (origin.asked) {
    case Asked::kText:
      return fmt::format("\"{}\"", origin.text);
    case Asked::kImage:
      if (origin.sha256.empty()) return "an image that was no file";
      if (!origin.region.empty())
        return fmt::format("the region {} of the image with SHA-256 {}", origin.region, origin.sha256);
      return fmt::format("the image with SHA-256 {}", origin.sha256);
    case Asked::kItem:
      return fmt::format("item {} of the archive", origin.item);
    case Asked::kSeries:
      return fmt::format("series {}", origin.uid);
    case Asked::kStudy:
      return fmt::format("study {}", origin.uid);
    case Asked::kVector:
      break;
  }
  if (origin.sha256.empty()) return fmt::format("vector {} of those that were given", origin.place + 1);
  return fmt::format("vector {} of the file with SHA-256 {}", origin.place + 1, origin.sha256);
}

std::string_view compared(Match match) {
  if (match == Match::kMean) return "the means of series";
  return match == Match::kMaxSim ? "images, each that was asked for with the nearest of a result" : "images";
}

std::string asked_html(const Card& card) {
  std::string rows;
  for (const Part& part : card.parts) {
    rows += fmt::format("<li>{}{}</li>\n", part.weight < 0 ? "away from " : "", base::escape_html(asked_text(part)));
  }
  Facts facts;
  facts.add("results", fmt::format("{} at most, one per {}", card.k, name_of(card.by)));
  facts.add("compared", compared(card.match));
  facts.add("filter", card.where.empty() ? "none" : card.where);
  facts.add("same patient", name_of(card.same_patient));
  if (card.min_score) {
    facts.add("least score",
              fmt::format("{}{}", *card.min_score, card.min_score_auto ? ", where the verdict none ends" : ""));
  }
  return fmt::format("<h2>What was asked</h2>\n<ul>\n{}</ul>\n{}", rows, facts.html());
}

/// Rows that were not searched and why, as a caption of the results.
std::string caption_of(const Card& card) {
  const Excluded& out = card.excluded;
  std::string text =
      fmt::format("{} rows of the archive were searched{}, as of snapshot {}.", card.searched,
                  card.exact ? ", and none of them is nearer than those shown (proven)" : "", card.snapshot);
  const std::vector<std::pair<std::size_t, std::string_view>> reasons{
      {out.same_patient, "of the query's own patient"},
      {out.linked_patients, "of patients with the same pictures"},
      {out.other_patients, "of other patients than the query's"},
      {out.filter, "that the filter leaves out"},
      {out.deleted, "that had been deleted"},
      {out.erased, "that had been erased since the snapshot"}};
  std::string missing;
  for (const auto& [count, why] : reasons) {
    if (count > 0) missing += fmt::format("{}{} {}", missing.empty() ? "" : ", ", count, why);
  }
  text += missing.empty() ? " Nothing in it was left out." : fmt::format(" Not searched: {}.", missing);
  if (out.score > 0) {
    text += fmt::format(" Of the {} nearest, {} are not shown: they score less than was asked for.",
                        card.results.size() + out.score, out.score);
  }
  text += " Images that are not in the archive were not searched either.";
  if (card.crowded_patient) {
    text += " The patient left out has more than 5 % of the studies: probably a placeholder for an identifier.";
  }
  return text;
}

std::string results_html(const Card& card, std::span<const std::string> thumbnails, std::span<const ResultMap> maps) {
  static const std::string kNone;
  std::string rows;
  for (std::size_t i = 0; i < card.results.size(); ++i) {
    rows += result_html(card.results[i], i < thumbnails.size() ? thumbnails[i] : kNone,
                        i < maps.size() ? &maps[i] : nullptr);
  }
  const std::string none =
      !card.results.empty() && card.results.front().verdict == "none" ? "<p>Nothing here matches well.</p>\n" : "";
  return fmt::format("<h2>What was found</h2>\n{}<ol class=\"hits\">\n{}</ol>\n<p class=\"note\">{}</p>\n", none,
                     card.results.empty() ? "<li>nothing</li>\n" : rows, base::escape_html(caption_of(card)));
}

std::string origin_html(const Card& card) {
  Facts facts;
  facts.add("card", card.id);
  facts.add("card before", card.previous.empty() ? "none: the first of its folder" : card.previous);
  facts.add("made at", card.made_at);
  facts.add("made by", fmt::format("mi2 {}", card.version));
  facts.add("archive", fmt::format("{} of {}", card.archive_id, card.archive_created));
  facts.add("weights", card.space.weights_sha256);
  facts.add("prepared", fmt::format("profile {}, windows {}, intensity {}, plane {}", card.space.profile,
                                    card.space.windows, card.space.intensity, card.space.plane));
  if (card.model) facts.add("query by", provenance_text(*card.model));
  facts.add("background", card.background_sha256.empty() ? "none" : card.background_sha256);
  return fmt::format(
      "<h2>Where it comes from</h2>\n{}<p class=\"note\">Search again and compare to the last bit: "
      "<code>mi2 index replay ARCHIVE {}.json</code></p>\n",
      facts.html(), base::escape_html(card.id));
}

}  // namespace

std::string to_html(const Card& card, std::span<const std::string> thumbnails, std::span<const ResultMap> maps) {
  const std::string note = card.note.empty() ? std::string() : "<h2>Note</h2>\n" + said_html(card.note);
  const std::string body = note + asked_html(card) + results_html(card, thumbnails, maps) + origin_html(card);
  report::PageExtras extras;
  extras.policy = kPagePolicy;
  extras.style = kStyle;
  return report::page(fmt::format("Evidence card {:.12}", card.id), body, extras);
}

}  // namespace mi2::archive::cards
