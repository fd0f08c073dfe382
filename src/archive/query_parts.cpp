// The parts of a query that come from the archive, and the words for how it is searched.

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/search.hpp"
#include "base/numbers.hpp"

namespace mi2::archive {
namespace {

QueryPart mean_of(Reader& archive, std::vector<RowFacts> rows, const filter::Expr* visible, std::string_view what) {
  if (visible != nullptr) {
    std::erase_if(rows, [&](const RowFacts& row) { return !archive.catalog().allows(row.row, *visible); });
  }
  if (rows.empty()) {
    throw Error(Code::kNotFound, fmt::format("{}: no {} of this identifier", archive.folder().string(), what));
  }
  std::vector<scan::Part> vectors;
  QueryPart part;
  part.nature = Nature::kImage;
  for (const RowFacts& row : rows) {
    vectors.push_back({archive.row(row.row, row.crc), 1.0});
    part.subjects.push_back({row.patient, row.study, 0});
  }
  if (rows.size() == 1) part.facts = archive.catalog().item(rows.front().row);
  part.vector = scan::combine(vectors);
  return part;
}

}  // namespace

By parse_by(std::string_view name) {
  if (name == "study") return By::kStudy;
  if (name == "series") return By::kSeries;
  if (name == "patient") return By::kPatient;
  if (name == "image") return By::kImage;
  if (name == "tile") return By::kTile;
  throw Error(Code::kBadArgument, fmt::format("by: expected study, series, patient, image or tile, got '{}'", name));
}

Match parse_match(std::string_view name) {
  if (name == "best") return Match::kBest;
  if (name == "mean") return Match::kMean;
  if (name == "maxsim") return Match::kMaxSim;
  throw Error(Code::kBadArgument, fmt::format("match: expected best, mean or maxsim, got '{}'", name));
}

SamePatient parse_same_patient(std::string_view name) {
  if (name == "exclude") return SamePatient::kExclude;
  if (name == "include") return SamePatient::kInclude;
  if (name == "only") return SamePatient::kOnly;
  throw Error(Code::kBadArgument, fmt::format("same-patient: expected exclude, include or only, got '{}'", name));
}

MinScore parse_min_score(std::string_view text) {
  if (text == "auto") return {-1, true};
  const std::optional<double> score = base::parse_finite(text);
  if (score && *score >= -1 && *score <= 1) return {*score, false};
  throw Error(Code::kBadArgument, fmt::format("min-score: expected auto or a number from -1 to 1, got '{}'", text));
}

QueryPart part_of_item(Reader& archive, std::uint64_t row, const filter::Expr* visible) {
  const std::optional<ItemFacts> item = archive.find_item(row);
  if (!item || (visible != nullptr && !archive.catalog().allows(row, *visible))) {
    throw Error(Code::kNotFound, fmt::format("{}: no item {}", archive.folder().string(), row));
  }
  const std::span<const float> numbers = archive.row(row, item->crc);
  QueryPart part;
  part.nature = Nature::kImage;
  part.vector.assign(numbers.begin(), numbers.end());
  part.subjects.push_back({item->patient, item->study, item->instance});
  part.facts = item;
  part.origin.asked = Asked::kItem;
  part.origin.item = row;
  return part;
}

QueryPart part_of_series(Reader& archive, std::string_view uid, const filter::Expr* visible) {
  QueryPart part = mean_of(archive, archive.catalog().series_rows(uid, {}), visible, "series");
  part.origin.asked = Asked::kSeries;
  part.origin.uid = uid;
  return part;
}

QueryPart part_of_study(Reader& archive, std::string_view uid, const filter::Expr* visible) {
  QueryPart part = mean_of(archive, archive.catalog().series_rows({}, uid), visible, "study");
  part.origin.asked = Asked::kStudy;
  part.origin.uid = uid;
  return part;
}

std::vector<float> direction_of(std::span<const QueryPart> parts) {
  std::vector<scan::Part> vectors;
  for (const QueryPart& part : parts) vectors.push_back({part.vector, part.weight});
  return scan::combine(vectors);
}

}  // namespace mi2::archive
