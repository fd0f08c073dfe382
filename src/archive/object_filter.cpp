#include "archive/object_filter.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive {
namespace {

using filter::Value;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kUnknown{
    {{"slices", "the images of a series are counted once they are added"},
     {"kind", "an object is added whole; --slices chooses among its images"},
     {"frame", "an object is added whole; --slices chooses among its images"},
     {"position", "an object is added whole; --slices chooses among its images"},
     {"source", "a source has a number once something of it is added"},
     {"label", "labels are of what is in the archive"}}};

constexpr std::array<std::pair<std::string_view, std::string SeriesFacts::*>, 14> kOfSeries{
    {{"modality", &SeriesFacts::modality},
     {"body_part", &SeriesFacts::body_part},
     {"laterality", &SeriesFacts::laterality},
     {"plane", &SeriesFacts::plane},
     {"protocol", &SeriesFacts::protocol},
     {"series_description", &SeriesFacts::description},
     {"contrast", &SeriesFacts::contrast},
     {"kernel", &SeriesFacts::kernel},
     {"image_type", &SeriesFacts::image_type},
     {"manufacturer", &SeriesFacts::manufacturer},
     {"model", &SeriesFacts::model},
     {"station", &SeriesFacts::station},
     {"software", &SeriesFacts::software},
     {"series", &SeriesFacts::uid}}};

constexpr std::array<std::pair<std::string_view, std::optional<double> SeriesFacts::*>, 3> kNumbers{
    {{"field_strength", &SeriesFacts::field_strength},
     {"kvp", &SeriesFacts::kvp},
     {"thickness", &SeriesFacts::thickness}}};

constexpr std::array<std::pair<std::string_view, std::string StudyFacts::*>, 4> kOfStudy{
    {{"study_description", &StudyFacts::description},
     {"date", &StudyFacts::date},
     {"site", &StudyFacts::site},
     {"study", &StudyFacts::uid}}};

/// The catalog has no empty texts.
Value text_of(const std::string& text) { return text.empty() ? Value() : Value(text); }

template <typename Table>
auto row_of(const Table& table, std::string_view field) {
  return std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == field; });
}

Value value_of(std::string_view field, const ObjectFacts& facts, const std::string& path) {
  if (const auto row = row_of(kOfSeries, field); row != kOfSeries.end()) return text_of(facts.series.*row->second);
  if (const auto row = row_of(kOfStudy, field); row != kOfStudy.end()) return text_of(facts.study.*row->second);
  if (const auto row = row_of(kNumbers, field); row != kNumbers.end()) {
    const std::optional<double>& number = facts.series.*row->second;
    return number ? Value(*number) : Value();
  }
  if (field == "sex") return text_of(facts.patient.sex);
  if (field == "birth_year") {
    return facts.patient.birth_year ? Value(static_cast<double>(*facts.patient.birth_year)) : Value();
  }
  if (field == "image") return text_of(facts.instance.sop_uid);
  if (field == "path") return text_of(path);
  throw Error(Code::kInternal, fmt::format("filter: the field {} is not of objects", field));
}

std::string series_of(const std::string& study, const std::string& series) { return study + '/' + series; }

}  // namespace

void require_of_objects(const filter::Expr& where) {
  for (const auto& [field, why] : kUnknown) {
    if (!filter::uses(where, field)) continue;
    throw Error(Code::kBadArgument,
                fmt::format("where: the field {} is not known before an object is added: {}", field, why));
  }
}

bool lets_by(const filter::Expr& where, const ObjectFacts& facts, const std::string& path) {
  return filter::lets_by(where, [&](const filter::Expr& compare) { return value_of(compare.field, facts, path); });
}

void LeftOut::add(const std::string& locator, const ObjectFacts& facts) {
  const std::lock_guard lock(mutex_);
  if (!locators_.insert(locator).second) return;
  ++counts_[facts.study.uid];
  ++counts_[series_of(facts.study.uid, facts.series.uid)];
}

bool LeftOut::has(const std::string& locator) const {
  const std::lock_guard lock(mutex_);
  return locators_.contains(locator);
}

std::uint64_t LeftOut::below(const std::string& locator) const {
  const std::lock_guard lock(mutex_);
  // '0' is what comes after '/'.
  return static_cast<std::uint64_t>(
      std::distance(locators_.lower_bound(locator + '/'), locators_.lower_bound(locator + '0')));
}

std::uint64_t LeftOut::of(const std::string& study, const std::string& series) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(series.empty() ? study : series_of(study, series));
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace mi2::archive
