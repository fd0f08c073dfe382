#include "archive/answers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "archive/windows.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTables{{{"modality", "count_modality"},
                                                                                {"body_part", "count_body_part"},
                                                                                {"site", "count_site"},
                                                                                {"station", "count_station"},
                                                                                {"month", "count_month"},
                                                                                {"spaces", "count_space"},
                                                                                {"sources", ""},
                                                                                {"refused_by", "count_refused"}}};

/// Bytes of all files below a folder of the archive.
std::uintmax_t bytes_below(const fs::path& folder) {
  std::error_code error;
  std::uintmax_t bytes = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

/// By what the program has always called them.
Stats::Counts counts_of(const std::vector<SourceFacts>& sources) {
  Stats::Counts counts;
  for (const SourceFacts& one : sources) counts.emplace_back(fmt::format("{} {}", one.kind, one.url), one.objects);
  return counts;
}

std::string source_json(const SourceFacts& source) {
  std::string text = fmt::format(R"({{"number": {}, "kind": {}, "url": {}, "objects": {})", source.id,
                                 base::json_string(source.kind), base::json_string(source.url), source.objects);
  if (!source.cursor.empty()) text += fmt::format(R"(, "cursor": {})", base::json_string(source.cursor));
  if (!source.last_error.empty()) text += fmt::format(R"(, "last_error": {})", base::json_string(source.last_error));
  return text + '}';
}

/// With a comma before it; empty without labels.
std::string labels_member(std::span<const ItemLabel> labels) {
  constexpr std::array<std::string_view, 4> kNames{"item", "image", "series", "study"};
  std::string text;
  for (const ItemLabel& label : labels) {
    text += fmt::format(R"({}{{"of": "{}", "key": {}, "value": {}, "by": {})", text.empty() ? R"(, "labels": [)" : ", ",
                        kNames.at(static_cast<std::size_t>(label.of)), base::json_string(label.key),
                        base::json_string(label.value), base::json_string(label.by));
    if (label.score && std::isfinite(*label.score)) {
      text += R"(, "score": )";
      base::append_number(text, *label.score);
    }
    text += '}';
  }
  return text.empty() ? text : text + ']';
}

std::string counts_json(const Stats::Counts& counts) {
  std::string text = "{";
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{}: {}", text.size() > 1 ? ", " : "", base::json_string(name), count);
  }
  return text + '}';
}

}  // namespace

std::string item_json(const ItemFacts& item, bool path) {
  std::string line = fmt::format(R"("item": {})", item.row);
  if (path) line += fmt::format(R"(, "path": {})", base::json_string(item.locator));
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) line += fmt::format(R"(, "{}": {})", name, base::json_string(value));
  };
  text("study", item.study_uid);
  text("series", item.series_uid);
  text("image", item.sop_uid);
  if (item.kind == "frame") line += fmt::format(R"(, "frame": {}, "frames": {})", item.frame, item.frames);
  text("window", item.window);
  if (item.tile) line += base::tile_member(FramePlace{1, 1, item.tile->place}, ", ");
  text("modality", item.modality);
  text("body_part", item.body_part);
  text("date", item.study_date);
  text("study_description", item.study_description);
  text("series_description", item.series_description);
  text("site", item.site);
  text("station", item.station);
  line += labels_member(item.labels);
  if (item.thumb) line += R"(, "thumb": true)";
  if (item.deleted) line += R"(, "deleted": true)";
  return line;
}

std::string found_json(const Found& found, std::size_t rank, bool path) {
  std::string line = fmt::format(R"("rank": {}, "score": )", rank);
  base::append_number(line, found.score);
  if (found.judgement) {
    line += R"(, "percentile": )";
    base::append_number(line, found.judgement->percentile);
    line += fmt::format(R"(, "verdict": "{}")", name_of(found.judgement->verdict));
  }
  for (const auto& [name, tags] : {std::pair("agrees", &found.agrees), std::pair("differs", &found.differs)}) {
    if (!tags->empty()) line += fmt::format(R"(, "{}": ["{}"])", name, fmt::join(*tags, R"(", ")"));
  }
  for (std::size_t i = 0; i < found.pairs.size(); ++i) {
    line += i == 0 ? R"(, "pairs": [{)" : ", {";
    if (found.pairs[i].asked) line += fmt::format(R"("asked": {}, )", *found.pairs[i].asked);
    line += fmt::format(R"("item": {}, "cosine": )", found.pairs[i].row);
    base::append_number(line, found.pairs[i].cosine);
    line += i + 1 == found.pairs.size() ? "}]" : "}";
  }
  return line + ", " + item_json(found.item, path);
}

std::string results_json(const SearchAnswer& answer, std::size_t shown, bool path) {
  std::string text = R"("results": [)";
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    text += fmt::format("{}{{{}}}", i > 0 ? ", " : "", found_json(answer.found[i], shown + i + 1, path));
  }
  return text + ']';
}

std::string min_score_json(const SearchAnswer& answer) {
  std::string text;
  if (!answer.min_score) return text;
  text = R"(, "min_score": )";
  base::append_number(text, answer.min_score->score);
  return text;
}

std::string searched_json(const SearchAnswer& answer) {
  const Excluded& out = answer.excluded;
  return fmt::format(R"("exact": {}, "snapshot": {}, "searched": {}, "excluded": {{"same_patient": {}, )"
                     R"("linked_patients": {}, "other_patients": {}, "filter": {}, "deleted": {}{}{}}}{})",
                     answer.exact, answer.snapshot, answer.searched, out.same_patient, out.linked_patients,
                     out.other_patients, out.filter, out.deleted,
                     out.erased > 0 ? fmt::format(R"(, "erased": {})", out.erased) : "",
                     answer.min_score ? fmt::format(R"(, "score": {})", out.score) : "", min_score_json(answer));
}

Stats read_stats(Reader& archive, bool sources) {
  Catalog& catalog = archive.catalog();
  Stats stats;
  stats.bytes = bytes_below(archive.folder());
  stats.newest = catalog.counts("newest").front().first;
  stats.totals = catalog.counts("count_totals");
  stats.totals.emplace_back("tiles", catalog.tiles());
  stats.totals.emplace_back("thumbnails", catalog.thumbs());
  if (!several_windows(archive.format().space).empty()) stats.totals.emplace_back("image_rows", catalog.image_rows());
  stats.totals.emplace_back("without_pixel_hashes", catalog.unhashed());
  for (const auto& [name, query] : kTables) {
    if (name != "sources") {
      stats.tables.emplace_back(name, catalog.counts(query));
    } else if (sources) {
      stats.sources = catalog.sources();
      stats.tables.emplace_back(name, counts_of(*stats.sources));
    }
  }
  stats.energy = read_energy(catalog);
  return stats;
}

std::string archive_json(Reader& archive) {
  const Format& format = archive.format();
  return fmt::format(R"("id": "{}", "created": {}, "dimensions": {}, "weights_sha256": {}, "profile": {}, )"
                     R"("windows": {}, "snapshot": {})",
                     format.id, base::json_string(format.created), format.dimensions,
                     base::json_string(format.space.weights_sha256), base::json_string(format.space.profile),
                     base::json_string(format.space.windows), archive.sequence());
}

std::string stats_json(Reader& archive, const Stats& stats) {
  std::string text =
      fmt::format(R"({{{}, "rows": {}, "bytes": {}, "newest_study": {}, "totals": {})", archive_json(archive),
                  archive.segments().rows(), stats.bytes, base::json_string(stats.newest), counts_json(stats.totals));
  for (const auto& [name, counts] : stats.tables) text += fmt::format(R"(, "{}": {})", name, counts_json(counts));
  if (stats.sources) {
    text += R"(, "source_details": [)";
    for (const SourceFacts& one : *stats.sources) text += (text.ends_with('[') ? "" : ", ") + source_json(one);
    text += ']';
  }
  return text + fmt::format(R"(, "energy": {}}})", stats.energy ? to_json(*stats.energy) : "null");
}

std::string facet_json(std::string_view by, std::span<const ValueCount> counts, std::size_t most) {
  std::string text = fmt::format(R"("{}": {{"values": [)", by);
  for (const ValueCount& count : counts.first(std::min(most, counts.size()))) {
    text += fmt::format(R"({}{{"value": {}, "images": {}}})", text.ends_with('[') ? "" : ", ",
                        count.value ? base::json_string(*count.value) : "null", count.images);
  }
  return text + fmt::format(R"(], "more": {}}})", counts.size() > most);
}

std::string totals_json(const Totals& totals) {
  return fmt::format(R"("patients": {}, "studies": {}, "series": {}, "instances": {}, "images": {})", totals.patients,
                     totals.studies, totals.series, totals.instances, totals.images);
}

}  // namespace mi2::archive
