#include "archive/given/facts_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/filter/dates.hpp"
#include "archive/filter/filter.hpp"
#include "archive/object_facts.hpp"
#include "base/blanks.hpp"
#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::given {
namespace {

constexpr std::size_t kLongestName = 4096;

/// What tells images apart that are no files.
constexpr std::array<std::string_view, 2> kIdentifiers{"id", "item"};

enum class Kind : std::uint8_t { kText, kDate, kNumber, kSex, kBirthYear };

/// Where a field of a filter is kept.
struct Field {
  std::string_view name;
  Kind kind = Kind::kText;
  std::string SeriesFacts::*series = nullptr;
  std::string StudyFacts::*study = nullptr;
  std::optional<double> SeriesFacts::*number = nullptr;
};

constexpr std::array kFields{
    Field{.name = "study", .study = &StudyFacts::uid},
    Field{.name = "series", .series = &SeriesFacts::uid},
    Field{.name = "date", .kind = Kind::kDate, .study = &StudyFacts::date},
    Field{.name = "site", .study = &StudyFacts::site},
    Field{.name = "study_description", .study = &StudyFacts::description},
    Field{.name = "modality", .series = &SeriesFacts::modality},
    Field{.name = "body_part", .series = &SeriesFacts::body_part},
    Field{.name = "laterality", .series = &SeriesFacts::laterality},
    Field{.name = "plane", .series = &SeriesFacts::plane},
    Field{.name = "protocol", .series = &SeriesFacts::protocol},
    Field{.name = "series_description", .series = &SeriesFacts::description},
    Field{.name = "contrast", .series = &SeriesFacts::contrast},
    Field{.name = "kernel", .series = &SeriesFacts::kernel},
    Field{.name = "image_type", .series = &SeriesFacts::image_type},
    Field{.name = "manufacturer", .series = &SeriesFacts::manufacturer},
    Field{.name = "model", .series = &SeriesFacts::model},
    Field{.name = "station", .series = &SeriesFacts::station},
    Field{.name = "software", .series = &SeriesFacts::software},
    Field{.name = "field_strength", .kind = Kind::kNumber, .number = &SeriesFacts::field_strength},
    Field{.name = "kvp", .kind = Kind::kNumber, .number = &SeriesFacts::kvp},
    Field{.name = "thickness", .kind = Kind::kNumber, .number = &SeriesFacts::thickness},
    Field{.name = "sex", .kind = Kind::kSex},
    Field{.name = "birth_year", .kind = Kind::kBirthYear},
};

}  // namespace

FactsTable::FactsTable(base::Table table) : table_(std::move(table)) {
  name_ = table_.find(base::kPathColumn);
  if (!name_) name_ = table_.find(kIdentifiers);
  patient_ = table_.find(base::kGroupColumn);
  frame_ = table_.find("frame");
  position_ = table_.find("position");
  study_ = table_.find("study");
  for (std::size_t column = 0; column < table_.header().size(); ++column) {
    const std::string called = base::lower_ascii(table_.header()[column]);
    const auto* const field = std::ranges::find(kFields, called, &Field::name);
    if (field != kFields.end()) {
      fields_.emplace_back(column, static_cast<std::size_t>(field - kFields.begin()));
    } else if (column != name_ && column != patient_ && column != frame_ && column != position_) {
      unused_.push_back(table_.header()[column]);
    }
  }
  if (table_.rows().empty()) throw Error(Code::kBadFile, fmt::format("{}: has no row", table_.name()));
  if (fields_.empty() && !name_ && !patient_) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected columns called as the fields of --where are, got none", table_.name()));
  }
}

FactsTable FactsTable::read(const std::filesystem::path& path) {
  FactsTable table(base::Table::read(path));
  table.folder_ = path.parent_path();
  return table;
}

FactsTable FactsTable::parse(std::string_view text, std::string_view name) {
  return FactsTable(base::Table::parse(text, name));
}

std::string_view FactsTable::value(std::size_t row, std::optional<std::size_t> column) const {
  return column ? base::without_blanks(table_.rows()[row].fields[*column]) : std::string_view();
}

void FactsTable::refuse(std::size_t row, std::size_t column, std::string_view expected) const {
  throw Error(Code::kBadFile, fmt::format("{}: line {}: {}: expected {}", table_.name(), line_of(row),
                                          base::printable(table_.header()[column]), expected));
}

const std::string& FactsTable::name_of(std::size_t row) const {
  const std::string& name = table_.rows()[row].fields[*name_];
  if (name.empty()) refuse(row, *name_, "a name, got an empty field");
  if (name.size() > kLongestName) {
    throw Error(Code::kTooLarge, fmt::format("{}: line {}: a name of {} bytes, the limit is {}", table_.name(),
                                             line_of(row), name.size(), kLongestName));
  }
  return name;
}

std::uint64_t FactsTable::frame_of(std::size_t row) const {
  if (value(row, frame_).empty()) return 0;
  const std::optional<double> frame = base::parse_finite(value(row, frame_));
  if (!frame || *frame < 1 || *frame > static_cast<double>(kMostFrames) || *frame != std::floor(*frame)) {
    refuse(row, *frame_, fmt::format("a number from 1 to {}", kMostFrames));
  }
  return static_cast<std::uint64_t>(*frame);
}

std::optional<double> FactsTable::position_of(std::size_t row) const {
  if (value(row, position_).empty()) return std::nullopt;
  return number(row, *position_);
}

std::string FactsTable::study_of(std::size_t row) const {
  return fmt::format("{}\n{}", value(row, study_), value(row, patient_));
}

std::string FactsTable::text_of(std::size_t row) const {
  return fmt::format("{}\n{}", value(row, position_), facts_of(row));
}

std::string FactsTable::facts_of(std::size_t row) const {
  // Headers too: a value in another column is another fact. Columns that nobody looks at do not count.
  std::string text = fmt::format("{}\n", value(row, patient_));
  for (const auto& [column, field] : fields_) text += fmt::format("{}={}\n", kFields[field].name, value(row, column));
  return text;
}

std::string FactsTable::checked(std::size_t row, std::size_t column) const {
  const std::string_view text = value(row, column);
  const bool plain =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (text.size() > filter::kMaxValueBytes || !plain) {
    refuse(row, column, fmt::format("at most {} bytes of text", filter::kMaxValueBytes));
  }
  return std::string(text);
}

std::optional<double> FactsTable::number(std::size_t row, std::size_t column) const {
  const std::optional<double> number = base::parse_finite(value(row, column));
  if (!number) refuse(row, column, "a number");
  return number;
}

void FactsTable::fill_patient(std::size_t row, const SurveyOptions& options, const std::string& key,
                              ObjectFacts& facts) const {
  if (facts.patient.key.empty() && patient_) {
    const PatientFacts patient = patient_of(checked(row, *patient_), facts.study.site, options, key);
    facts.patient.key = patient.key;
    facts.patient.identifier = patient.identifier;
  }
  if (facts.patient.key.empty()) return;  // of nobody nothing is kept
  constexpr double kFirst = 1850;
  constexpr double kLast = 2200;
  for (const auto& [column, place] : fields_) {
    const std::string_view text = value(row, column);
    if (text.empty()) continue;
    if (kFields[place].kind == Kind::kSex && facts.patient.sex.empty()) {
      const std::string sex = base::lower_ascii(text.substr(0, 1));
      if (sex != "m" && sex != "f" && sex != "o") refuse(row, column, "M, F or O");
      facts.patient.sex = sex == "m" ? "M" : sex == "f" ? "F" : "O";
    }
    if (kFields[place].kind == Kind::kBirthYear && !facts.patient.birth_year) {
      const double year = *number(row, column);
      if (year < kFirst || year > kLast || year != std::floor(year)) refuse(row, column, "a year");
      facts.patient.birth_year = static_cast<std::int64_t>(year);
    }
  }
}

bool FactsTable::fill(std::size_t row, const SurveyOptions& options, const std::string& key, ObjectFacts& facts) const {
  bool any = false;
  const bool has_patient = !facts.patient.key.empty();
  for (const auto& [column, place] : fields_) {
    const Field& field = kFields[place];
    if (value(row, column).empty()) continue;
    // Its pseudonym is made with that of --site already: with another one here a patient would have two.
    if (field.study == &StudyFacts::site && has_patient && value(row, column) != options.site) {
      refuse(row, column, "the site of --site, since the image's header names its patient");
    }
    std::string* text = nullptr;
    if (field.series != nullptr) text = &(facts.series.*field.series);
    if (field.study != nullptr) text = &(facts.study.*field.study);
    if (field.number != nullptr && !(facts.series.*field.number)) facts.series.*field.number = number(row, column);
    any = any || text != nullptr || field.number != nullptr;
    if (text == nullptr || !text->empty()) continue;
    *text = checked(row, column);
    if (field.kind != Kind::kDate) continue;
    const std::optional<std::string> date = filter::normal_date(*text);
    constexpr std::size_t kWhole = 10;
    if (!date || date->size() != kWhole) refuse(row, column, "a day as 2020-05-17");
    *text = *date;
  }
  if (facts.study.site.empty()) facts.study.site = options.site;
  if (facts.study.uid.empty() && !facts.series.uid.empty()) {
    // All images of a series are of one study.
    facts.study.uid = "none:" + base::sha256_hex(std::as_bytes(std::span(facts.series.uid))).substr(0, 16);
  }
  fill_patient(row, options, key, facts);
  return any || !facts.patient.key.empty();
}

}  // namespace mi2::archive::given
