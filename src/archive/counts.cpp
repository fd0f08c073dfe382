#include "archive/counts.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "archive/column.hpp"
#include "archive/windows.hpp"

namespace mi2::archive {
namespace {

/// Different ones; 0 is none.
class Distinct {
 public:
  void put(Id id) {
    if (id != 0) ids_.insert(id);
  }
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

 private:
  std::unordered_set<Id> ids_;
};

struct Counting {
  std::uint64_t images = 0;
  std::unordered_set<std::uint64_t> pictures;  ///< where images may have several rows
  Distinct series, studies, patients;
};

constexpr std::string_view kLabelPrefix = "label.";

bool is_label(std::string_view field) {
  return field.starts_with(kLabelPrefix) && filter::is_key(field.substr(kLabelPrefix.size()));
}

void check_count_fields(const std::vector<std::string>& by) {
  std::vector<std::string_view> known(kCountFields.begin(), kCountFields.end());
  for (const std::string& field : by) {
    if (is_label(field) && std::find(known.begin(), known.end(), field) == known.end()) known.push_back(field);
  }
  check_by(by, known);
}

/// Labels of an image, its series and its study, and of several who give them, may differ: then it has all of them.
Column labels_column(Reader& archive, std::string_view key) {
  std::unordered_map<std::uint64_t, std::string> values;
  archive.catalog().each_label_value(key, [&](std::uint64_t row, std::string value) {
    std::string& known = values[row];
    known = known.empty() ? std::move(value) : fmt::format("{} | {}", known, value);
  });
  return {archive.segments().rows(), [&](std::uint64_t row) {
            const auto found = values.find(row);
            return found == values.end() ? std::string() : found->second;
          }};
}

}  // namespace

std::vector<CountedGroup> count_by(Reader& archive, const std::vector<std::string>& by,
                                   const std::optional<filter::Expr>& where) {
  check_count_fields(by);
  const std::shared_ptr<const scan::Bitmap> allowed = where ? archive.allowed(*where) : nullptr;
  std::vector<Column> columns;
  columns.reserve(by.size());
  for (const std::string& field : by) {
    columns.push_back(is_label(field) ? labels_column(archive, field.substr(kLabelPrefix.size()))
                                      : Column(archive.catalog(), field, archive.segments().rows()));
  }
  const bool several = !several_windows(archive.format().space).empty();
  std::map<std::vector<std::string>, Counting> groups;
  std::vector<std::string> values(by.size());
  for (const RowFacts& row : archive.rows()) {
    if (row.deleted || row.kind != RowFacts::Kind::kFrame) continue;
    if (allowed && !allowed->test(static_cast<std::size_t>(row.row))) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) values[i] = columns[i].of(row.row);
    Counting& group = groups[values];
    if (!several || group.pictures.insert(row.picture).second) ++group.images;
    group.series.put(row.series);
    group.studies.put(row.study);
    group.patients.put(row.patient);
  }
  archive.check();
  std::vector<CountedGroup> counted;
  counted.reserve(groups.size());
  for (const auto& [key, group] : groups) {
    counted.push_back({key, group.images, group.series.size(), group.studies.size(), group.patients.size()});
  }
  return counted;
}

}  // namespace mi2::archive
