#include "dataset/source.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "dataset/table.hpp"

namespace mi2::dataset {
namespace {

/// Files beside a manifest.
class FileStore final : public PictureStore {
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

 private:
  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
  std::vector<std::string> files_;
};

}  // namespace

void for_each_label(const DataSource& source, const std::filesystem::path& csv,
                    const std::function<void(const TableLabel&)>& each) {
  const std::string path = csv.string();
  const base::CsvTable table = base::parse_csv(base::read_text_file(csv, base::kMaxCsvBytes), path);
  const std::size_t file = required_column(table, source.file_column, path);
  const std::optional<std::size_t> caption = find_column(table, source.caption_column);
  // Pairs of pictures and texts need no labels: equal texts are one class.
  std::optional<std::size_t> label = find_column(table, source.label_column);
  if (!label && caption) label = caption;
  if (!label) label = required_column(table, source.label_column, path);
  std::optional<std::size_t> split;
  if (!source.split.empty()) split = required_column(table, "split", path);
  for (const base::CsvRow& row : table.rows) {
    if (split && row.fields[*split] != source.split) continue;
    const std::string where = fmt::format("{}: line {}", path, row.line);
    each({where, row.fields[file], row.fields[*label],
          caption ? std::string_view(row.fields[*caption]) : std::string_view()});
  }
}

std::unique_ptr<PictureStore> open_manifest(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink) {
  auto store = std::make_unique<FileStore>(source.path.parent_path(), max_file_bytes);
  for_each_label(source, source.path, [&](const TableLabel& row) {
    if (row.file.empty() || row.class_name.empty()) {
      sink.broken({std::string(row.where), Code::kBadFile, "its file or its label is empty"});
      return;
    }
    sink.record(store->add(row.file), row.class_name, row.caption);
  });
  return store;
}

}  // namespace mi2::dataset
