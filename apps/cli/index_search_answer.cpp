#include "index_search_answer.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "archive/answers.hpp"
#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"
#include "index_results.hpp"

namespace mi2::cli {
namespace {

std::string verdict_of(const archive::Found& found) {
  return found.judgement ? std::string(archive::name_of(found.judgement->verdict)) : std::string("-");
}

/// Of whose background that share is below the score; empty: nobody knows.
std::string percentile_of(const archive::Found& found) {
  std::string text;
  if (found.judgement) base::append_number(text, found.judgement->percentile);
  return text;
}

/// With a comma before each.
std::string tile_columns(const archive::ItemFacts& item) {
  std::optional<FramePlace> frame;
  if (item.tile) frame = FramePlace{1, 1, item.tile->place};
  std::string fields = base::tile_fields(frame);
  fields.pop_back();  // the comma behind the last
  return ',' + fields;
}

/// Of an index nobody knows what it left out; of what it gave, that is known.
std::string near_json(const archive::SearchAnswer& answer) {
  std::string text = fmt::format(R"("exact": false, "approximate": true, "snapshot": {}, "candidates": {})",
                                 answer.snapshot, answer.searched);
  if (!answer.min_score) return text;
  return text +
         fmt::format(R"(, "excluded": {{"score": {}}}{})", answer.excluded.score, archive::min_score_json(answer));
}

std::string json_line(const archive::SearchAnswer& answer, std::size_t rank, Searched what,
                      const archive::Format& format) {
  return fmt::format(R"({{{}, {}, "archive": "{}", "weights_sha256": {}}})",
                     found_json(answer.found[rank], rank + 1, true),
                     what == Searched::kAll ? searched_json(answer) : near_json(answer), format.id,
                     base::json_string(format.space.weights_sha256)) +
         '\n';
}

void write_table(const archive::SearchAnswer& answer, Output& output) {
  output.write(fmt::format("{:>4}  {:>7}  {:>10}  {:<7}  {:<8}  {:<10}  {:>8}  {}\n", "rank", "score", "percentile",
                           "verdict", "modality", "date", "item", "image"));
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    const archive::Found& found = answer.found[i];
    const archive::ItemFacts& item = found.item;
    const std::string percentile = found.judgement ? fmt::format("{:.1f}", found.judgement->percentile) : "-";
    output.write(fmt::format("{:>4}  {:>7.4f}  {:>10}  {:<7}  {:<8}  {:<10}  {:>8}  {}\n", i + 1, found.score,
                             percentile, verdict_of(found), or_dash(item.modality), or_dash(item.study_date), item.row,
                             name_of(item)));
  }
}

void write_csv(const archive::SearchAnswer& answer, Output& output) {
  // Scripts read columns by their place: those of tiles and windows are there only where there are some, and what came
  // later stands behind them.
  const bool tiles = std::any_of(answer.found.begin(), answer.found.end(),
                                 [](const archive::Found& found) { return found.item.tile.has_value(); });
  const bool windows = std::any_of(answer.found.begin(), answer.found.end(),
                                   [](const archive::Found& found) { return !found.item.window.empty(); });
  output.write(
      fmt::format("rank,score,verdict,item,path,frame,study,series,image,modality,date,exact,snapshot{}{},"
                  "percentile,agrees,differs\n",
                  tiles ? ",level,x,y,width,height,mpp" : "", windows ? ",window" : ""));
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    const archive::Found& found = answer.found[i];
    const archive::ItemFacts& item = found.item;
    std::string line = fmt::format("{},", i + 1);
    base::append_number(line, found.score);
    line += fmt::format(",{},{},{},{},{},{},{},{},{},{},{}", verdict_of(found), item.row, base::csv_field(item.locator),
                        item.frame, base::csv_field(item.study_uid), base::csv_field(item.series_uid),
                        base::csv_field(item.sop_uid), base::csv_field(item.modality), base::csv_field(item.study_date),
                        answer.exact, answer.snapshot);
    if (tiles) line += tile_columns(item);
    if (windows) line += ',' + item.window;
    line +=
        fmt::format(",{},{},{}\n", percentile_of(found), fmt::join(found.agrees, " "), fmt::join(found.differs, " "));
    output.write(line);
  }
}

/// What --min-score left out; empty: nothing.
std::string left_by_score(const archive::SearchAnswer& answer) {
  const std::size_t out = answer.excluded.score;
  if (!answer.min_score || out == 0) return {};
  return fmt::format("; {} of the {} nearest left out: they score less than {:.4f}", out, out + answer.found.size(),
                     answer.min_score->score);
}

void note_verdict(const archive::SearchAnswer& answer, Progress& progress) {
  const bool none = !answer.found.empty() && answer.found.front().judgement &&
                    answer.found.front().judgement->verdict == archive::Verdict::kNone;
  const bool all_out = answer.found.empty() && answer.excluded.score > 0 && answer.min_score->automatic;
  if (none || all_out) progress.note("nothing here matches well");
}

}  // namespace

void write_answer(const archive::SearchAnswer& answer, Searched what, const archive::Format& of,
                  std::string_view format, Output& output) {
  if (format == "table") write_table(answer, output);
  if (format == "csv") write_csv(answer, output);
  for (std::size_t i = 0; format == "jsonl" && i < answer.found.size(); ++i) {
    output.write(json_line(answer, i, what, of));
  }
}

void note_answer(const archive::SearchAnswer& answer, Progress& progress) {
  const archive::Excluded& out = answer.excluded;
  std::string line =
      fmt::format("{} rows searched{}, snapshot {}", answer.searched, answer.exact ? ", exact" : "", answer.snapshot);
  const auto also = [&](std::size_t count, std::string_view why) {
    if (count > 0) line += fmt::format("; {} {}", count, why);
  };
  also(out.same_patient, "of the same patient left out");
  also(out.linked_patients, "of patients with the same pictures left out");
  also(out.other_patients, "of other patients left out");
  also(out.filter, "left out by the filter");
  also(out.deleted, "deleted");
  also(out.erased, "of the snapshot erased since");
  progress.note(line + left_by_score(answer));
  if (answer.crowded_patient) {
    progress.warn(
        "the patient left out has more than 5 % of the studies: probably a placeholder for an identifier; "
        "--same-patient include searches them");
  }
  note_verdict(answer, progress);
}

void note_near(const archive::SearchAnswer& answer, Progress& progress) {
  progress.note(
      fmt::format("approximate: {} candidates of pgvector compared, snapshot {}; what is nearer may be missing{}",
                  answer.searched, answer.snapshot, left_by_score(answer)));
  note_verdict(answer, progress);
}

}  // namespace mi2::cli
