#include "dataset/source.hpp"

#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/table.hpp"

namespace mi2::dataset {
namespace {

/// Files beside a manifest.
class FileStore final : public ImageStore {
 public:
  FileStore(std::filesystem::path folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  std::uint32_t add(std::string_view file) {
    files_.emplace_back(file);
    return static_cast<std::uint32_t>(files_.size() - 1);
  }

  [[nodiscard]] std::string name(std::uint32_t row) const override { return files_[row]; }
  [[nodiscard]] std::string read(std::uint32_t row) const override {
    return base::read_text_file(folder_ / files_[row], max_bytes_);
  }
  [[nodiscard]] Entry entry(std::uint32_t row) const override {
    std::error_code missing;
    const std::uintmax_t bytes = std::filesystem::file_size(folder_ / files_[row], missing);
    return {files_[row], missing ? std::nullopt : std::optional<std::uint64_t>(bytes)};
  }

 private:
  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
  std::vector<std::string> files_;
};

/// A column that the settings name; empty if they leave it to the table.
std::string_view chosen(std::string_view column, std::string_view by_default) {
  return column == by_default ? std::string_view{} : column;
}

/// The columns of captions that the table has, with their weights.
std::vector<std::pair<std::size_t, double>> caption_columns(const base::Table& table, const DataSource& source) {
  std::vector<std::pair<std::size_t, double>> columns;
  for (const CaptionColumn& column : source.captions) columns.emplace_back(table.need(column.name, {}), column.weight);
  if (!columns.empty()) return columns;
  if (const auto caption = table.find(source.caption_column)) columns.emplace_back(*caption, 1.0);
  return columns;
}

}  // namespace

void for_each_label(const DataSource& source, const std::filesystem::path& csv,
                    const std::function<void(const TableLabel&)>& each) {
  const std::string path = csv.string();
  const base::Table table = base::Table::read(csv);
  const std::size_t file = table.need(chosen(source.file_column, "file"), base::kPathColumn);
  const std::vector<std::pair<std::size_t, double>> columns = caption_columns(table, source);
  const std::optional<std::size_t> caption = columns.empty() ? std::nullopt : std::optional(columns.front().first);
  // Pairs of images and texts need no labels: equal texts are one class.
  const std::string_view label_column = chosen(source.label_column, "label");
  std::optional<std::size_t> label = label_column.empty() ? table.find(base::kLabelColumn) : table.find(label_column);
  const bool by_text = !label && columns.size() > 1;
  if (!label && caption) label = caption;
  if (!label) label = table.need(label_column, base::kLabelColumn);
  const std::optional<std::size_t> group =
      source.group_column.empty() ? table.find(base::kGroupColumn) : table.need(source.group_column, {});
  std::optional<std::size_t> split;
  if (!source.split.empty()) split = table.need(base::kSplitColumn);
  std::vector<Caption> captions;
  for (const base::CsvRow& row : table.rows()) {
    if (split && row.fields[*split] != source.split) continue;
    captions.clear();
    for (const auto& [column, weight] : columns) {
      if (!row.fields[column].empty()) captions.push_back({row.fields[column], weight, by_text});
    }
    const std::string where = fmt::format("{}: line {}", path, row.line);
    const std::string_view class_name = by_text && !captions.empty() ? captions.front().text : row.fields[*label];
    each({where, row.fields[file], class_name, captions,
          group ? base::without_blanks(row.fields[*group]) : std::string_view()});
  }
}

std::unique_ptr<ImageStore> open_manifest(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink) {
  auto store = std::make_unique<FileStore>(source.path.parent_path(), max_file_bytes);
  for_each_label(source, source.path, [&](const TableLabel& row) {
    if (row.file.empty() || row.class_name.empty()) {
      sink.broken({std::string(row.where), Code::kBadFile, "its path or label is empty"});
      return;
    }
    sink.record(store->add(row.file), row.class_name, row.captions, row.group);
  });
  return store;
}

}  // namespace mi2::dataset
