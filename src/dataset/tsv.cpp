#include "dataset/source.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "dataset/label_row.hpp"
#include "dataset/tsv_file.hpp"

namespace mi2::dataset {
namespace {

std::string where_of(const TsvFile& file, std::size_t row) {
  return fmt::format("{}: row {}", file.path().string(), row + 1);
}

/// Rows `name<TAB>base64` beside rows `name<TAB>label`.
class TsvStore final : public ImageStore {
 public:
  TsvStore(const DataSource& source, std::uint64_t max_bytes)
      : images_(source.path), labels_(source.labels), max_bytes_(max_bytes) {
    if (images_.rows() != labels_.rows()) {
      throw Error(Code::kBadFile,
                  fmt::format("{} has {} rows, {} has {}; expected one label per image", source.path.string(),
                              images_.rows(), source.labels.string(), labels_.rows()));
    }
  }

  [[nodiscard]] const TsvFile& labels() const noexcept { return labels_; }

  [[nodiscard]] std::string name(std::uint32_t row) const override { return where_of(images_, row); }

  [[nodiscard]] std::string read(std::uint32_t row) const override {
    const std::string where = name(row);
    const auto [image, encoded] = split_row(images_.row(row), where);
    if (image != split_row(labels_.row(row), where_of(labels_, row)).name) {
      throw Error(Code::kBadFile, where + ": its label, in the same row of the other file, is of another name");
    }
    if (encoded.size() / 4 * 3 > max_bytes_) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: {} bytes of base64, the limit is {} decoded", where, encoded.size(), max_bytes_));
    }
    std::string bytes = base::base64_decode(encoded, where);
    images_.release(row);
    return bytes;
  }

  [[nodiscard]] Entry entry(std::uint32_t row) const override {
    // The label's name: that of the image is a page of a file far larger, and reading it compares the two.
    return {std::string(split_row(labels_.row(row), where_of(labels_, row)).name), images_.row_bytes(row)};
  }

 private:
  TsvFile images_;
  TsvFile labels_;
  std::uint64_t max_bytes_;
};

}  // namespace

std::unique_ptr<ImageStore> open_tsv(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink) {
  auto store = std::make_unique<TsvStore>(source, max_file_bytes);
  for (std::size_t row = 0; row < store->labels().rows(); ++row) {
    const std::string where = where_of(store->labels(), row);
    try {
      sink.record(static_cast<std::uint32_t>(row), parse_label_row(store->labels().row(row), where).class_name, {}, {});
    } catch (const Error& error) {
      sink.broken({where, error.code(), error.what()});
    }
  }
  return store;
}

}  // namespace mi2::dataset
