#include "dataset/source.hpp"

#include <utility>

#include <fmt/format.h>

#include "dataset/label_row.hpp"
#include "dataset/tsv_file.hpp"
#include "zip/zip_file.hpp"

namespace mi2::dataset {
namespace {

/// Rows are the zip's entries.
class ZipStore final : public ImageStore {
 public:
  ZipStore(const std::filesystem::path& path, std::uint64_t max_bytes) : zip_(path), max_bytes_(max_bytes) {}

  /// The record of one label: the entry of its name.
  void add(std::string_view where, std::string_view file, std::string_view class_name,
           std::span<const Caption> captions, std::string_view group, RecordSink& sink) const {
    const auto entry = zip_.find(file);
    if (entry && !class_name.empty()) {
      sink.record(static_cast<std::uint32_t>(*entry), class_name, captions, group);
    } else {
      sink.broken({std::string(where), entry ? Code::kBadFile : Code::kNotFound,
                   entry ? "its label is empty" : "the zip has no entry of its name"});
    }
  }

  [[nodiscard]] std::string name(std::uint32_t row) const override { return zip_.name(row); }
  [[nodiscard]] std::string read(std::uint32_t row) const override { return zip_.read(row, max_bytes_); }
  [[nodiscard]] Entry entry(std::uint32_t row) const override { return {zip_.name(row), zip_.size(row)}; }

 private:
  zip::ZipFile zip_;
  std::uint64_t max_bytes_;
};

void add_rows(const TsvFile& labels, const ZipStore& store, RecordSink& sink) {
  for (std::size_t i = 0; i < labels.rows(); ++i) {
    const std::string where = fmt::format("{}: row {}", labels.path().string(), i + 1);
    try {
      const LabelRow row = parse_label_row(labels.row(i), where);
      store.add(where, row.name, row.class_name, {}, {}, sink);
    } catch (const Error& error) {
      sink.broken({where, error.code(), error.what()});
    }
  }
}

}  // namespace

std::unique_ptr<ImageStore> open_zip(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink) {
  auto store = std::make_unique<ZipStore>(source.path, max_file_bytes);
  if (source.has_table()) {
    for_each_label(source, source.labels, [&](const TableLabel& row) {
      store->add(row.where, row.file, row.class_name, row.captions, row.group, sink);
    });
  } else {
    add_rows(TsvFile(source.labels), *store, sink);
  }
  return store;
}

}  // namespace mi2::dataset
