#include "dicomweb/qido.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "dicom/names.hpp"
#include "dicomweb/dicom_json.hpp"

namespace mi2::dicomweb {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kStudyDate = "00080020";
constexpr std::string_view kSopInstance = "00080018";
constexpr std::string_view kModality = "00080060";
constexpr std::string_view kModalitiesInStudy = "00080061";
constexpr std::string_view kStudy = "0020000D";
constexpr std::string_view kSeries = "0020000E";
constexpr std::string_view kStudyObjects = "00201208";
constexpr std::string_view kSeriesObjects = "00201209";

template <typename Row, typename Read>
Page<Row> parse(std::string_view json, const Read& read) {
  Page<Row> page;
  if (base::without_blanks(json, " \t\r\n").empty()) return page;
  base::JsonRules rules;
  rules.name = "the answer";
  rules.fault = Code::kBadFile;
  const Json all = base::parse_json(base::replace_invalid_utf8(json), rules);
  if (!all.is_array()) throw Error(Code::kBadFile, "the answer: expected an array of DICOM JSON");
  for (const Json& one : all) {
    if (!one.is_object()) throw Error(Code::kBadFile, "the answer: expected an array of objects");
    ++page.size;
    if (std::optional<Row> row = read(one)) page.rows.push_back(std::move(*row));
  }
  return page;
}

std::optional<StudyRow> read_study(const Json& json) {
  StudyRow row;
  row.uid = first_text(json, kStudy);
  if (!is_uid(row.uid)) return std::nullopt;
  row.date = first_text(json, kStudyDate);
  if (!day_of(row.date)) row.date.clear();
  if (const Json* values = values_of(json, kModalitiesInStudy)) {
    constexpr std::size_t kMost = 64;
    for (std::size_t i = 0; i < std::min(values->size(), kMost); ++i) row.modalities.push_back(text_of((*values)[i]));
  }
  row.objects = count_of(json, kStudyObjects);
  return row;
}

std::optional<SeriesRow> read_series(const Json& json) {
  SeriesRow row{first_text(json, kSeries), first_text(json, kModality), count_of(json, kSeriesObjects)};
  return is_uid(row.uid) ? std::optional(std::move(row)) : std::nullopt;
}

std::optional<ObjectRow> read_object(const Json& json) {
  ObjectRow row{first_text(json, kSeries), first_text(json, kSopInstance)};
  if (!is_uid(row.series)) row.series.clear();
  return is_uid(row.uid) ? std::optional(std::move(row)) : std::nullopt;
}

}  // namespace

std::string row_text(std::string_view value) {
  constexpr std::size_t kMost = 256;
  // Values of odd length are padded, with zeros or blanks.
  const std::string_view text = base::without_blanks(value, std::string_view(" \t\0", 3));
  if (text.size() <= kMost) return std::string(text);
  return std::string(text.substr(0, base::utf8_prefix(text.substr(0, kMost))));
}

bool is_uid(std::string_view text) noexcept {
  constexpr std::size_t kMost = 128;
  return dicom::is_uid(text, kMost);
}

std::optional<std::chrono::sys_days> day_of(std::string_view text) noexcept {
  if (text.size() != 8 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) value = 10 * value + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(6, 2))));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

Page<StudyRow> parse_studies(std::string_view json) { return parse<StudyRow>(json, read_study); }
Page<SeriesRow> parse_series(std::string_view json) { return parse<SeriesRow>(json, read_series); }
Page<ObjectRow> parse_objects(std::string_view json) { return parse<ObjectRow>(json, read_object); }

}  // namespace mi2::dicomweb
