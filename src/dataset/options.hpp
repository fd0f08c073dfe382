#pragma once
// Where training images and their labels come from.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mi2::dataset {

enum class DataFormat : std::uint8_t {
  kManifest,  ///< CSV with a header; images are files beside it
  kTsv,       ///< a TSV of base64 images and a TSV of JSON labels, paired by row
  kZip,       ///< a zip of images and a label file
};

/// A column of texts, and how often it is drawn from beside the others.
struct CaptionColumn {
  std::string name;
  double weight = 1;  ///< above 0

  friend bool operator==(const CaptionColumn&, const CaptionColumn&) = default;
};

/// What is drawn equally often inside a source, if not its records.
enum class Balance : std::uint8_t { kNone, kLabel, kGroup };

/// One source of images. Several make one data set; a class of the same name in two sources is one class.
struct DataSource {
  DataFormat format = DataFormat::kManifest;
  std::filesystem::path path;    ///< the manifest, the image TSV, or the zip
  std::filesystem::path labels;  ///< the label TSV or file; unused for a manifest
  std::string split;             ///< CSV: rows whose `split` column says so; empty: all rows
  std::string file_column = "file";
  std::string label_column = "label";
  std::string caption_column = "caption";  ///< the text trained against; if absent, a class's prompt
  std::vector<CaptionColumn> captions{};   ///< several columns in place of that one, of which each epoch draws one
  std::optional<double> weight{};          ///< how often it is drawn from beside the others, above 0; of all or of none
  std::string group_column{};              ///< whose rows stay together; empty: base::kGroupColumn, if there is one

  /// Whether its labels are a table, which alone has columns and splits.
  [[nodiscard]] bool has_table() const {
    return format == DataFormat::kManifest || (format == DataFormat::kZip && labels.extension() == ".csv");
  }

  friend bool operator==(const DataSource&, const DataSource&) = default;
};

struct DataOptions {
  std::vector<DataSource> train;
  std::vector<DataSource> validation;
  Balance balance = Balance::kNone;
  std::filesystem::path prompts;   ///< CSV label,prompt (further columns ignored): the texts of zero-shot evaluation
  unsigned loader_threads = 0;     ///< 0: one per available core
  unsigned prefetch_batches = 2;   ///< batches made ready ahead of the trainer
  unsigned cache_megabytes = 512;  ///< decoded images kept in memory, as many as fit; 0: none
  std::uint64_t seed = 0;
};

}  // namespace mi2::dataset
