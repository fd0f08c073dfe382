#pragma once
// What the kinds of sources have in common: labels row by row, and an image's encoded bytes by its row.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "dataset/options.hpp"

namespace mi2::dataset {

/// A record that cannot be used. Its reason never holds what is in it.
struct BrokenRecord {
  std::string name;  ///< of the image, or where its label is
  Code code = Code::kBadFile;
  std::string reason;
};

/// Encoded images. Safe to use from several threads.
class ImageStore {
 public:
  virtual ~ImageStore() = default;
  [[nodiscard]] virtual std::string name(std::uint32_t row) const = 0;
  /// @throws Error if the bytes are not to be had: kNotFound, kBadFile, kTooLarge.
  [[nodiscard]] virtual std::string read(std::uint32_t row) const = 0;
  /// What the source itself calls an image, wherever the source lies, and how many bytes it has there, without reading
  /// it; no size if it is not there.
  struct Entry {
    std::string name;
    std::optional<std::uint64_t> bytes;
  };
  [[nodiscard]] virtual Entry entry(std::uint32_t row) const = 0;
};

/// A text, and how often it is drawn beside the record's others.
struct Caption {
  std::string_view text;
  double weight = 1;
  /// Without a label column: an image is of the class of the text that is drawn for it, equal texts being one.
  bool is_class = false;
};

/// Receives the records of a source in its order.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// @param row  of the source's ImageStore.     @param captions, group  empty if there is none. No caption is empty.
  virtual void record(std::uint32_t row, std::string_view class_name, std::span<const Caption> captions,
                      std::string_view group) = 0;
  virtual void broken(BrokenRecord record) = 0;
};

/// Reads a source's labels into `sink`.
/// @param max_file_bytes  of one encoded image.
/// @throws Error{kNotFound}, {kBadFile}, {kTooLarge} for files that are wrong as a whole: a table that is not CSV, a
///         column missing, TSV files of different lengths, not a zip.
std::unique_ptr<ImageStore> open_source(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink);

// The kinds.
std::unique_ptr<ImageStore> open_manifest(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink);
std::unique_ptr<ImageStore> open_tsv(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink);
std::unique_ptr<ImageStore> open_zip(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink);

/// A row of a CSV of labels. Views are valid during the call.
struct TableLabel {
  std::string_view where;  ///< "labels.csv: line 3"
  std::string_view file;
  std::string_view class_name;  ///< the label; without a label column the first caption that there is
  std::span<const Caption> captions;
  std::string_view group;  ///< the patient; empty: the table does not say
};

/// Calls `each` for the rows of a CSV that are of the source's split.
void for_each_label(const DataSource& source, const std::filesystem::path& csv,
                    const std::function<void(const TableLabel&)>& each);

}  // namespace mi2::dataset
