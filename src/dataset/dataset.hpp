#pragma once
// The records of all sources of a run, as one list.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataset/classes.hpp"
#include "dataset/options.hpp"
#include "dataset/source.hpp"

namespace mi2::dataset {

/// Immutable after construction; safe to use from several threads. Memory: 24 bytes per record, names of files in
/// manifests, and each different caption and group once.
class Dataset {
 public:
  /// Reads all labels; images are read later. Labels that cannot be used are in broken().
  /// @param classes         shared with other data sets of the run; new classes are added.
  /// @param max_file_bytes  of one encoded image.
  /// @throws Error as open_source; {kBadFile} for a source without a single record; {kBadArgument} without sources.
  Dataset(std::span<const DataSource> sources, std::shared_ptr<ClassTable> classes, std::uint64_t max_file_bytes);

  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  [[nodiscard]] const ClassTable& classes() const noexcept { return *classes_; }
  [[nodiscard]] std::int64_t class_of(std::size_t record) const { return records_[record].class_id; }
  /// The class that the record is trained as beside the text of the same `choice`: where no column names labels, that
  /// of the text, so that equal texts are never taken for different ones.
  [[nodiscard]] std::int64_t class_of(std::size_t record, std::uint64_t choice) const;
  /// The text trained against: one of the record's captions, or of its class's prompts.
  /// @param choice  any number: which of the prompts, all alike, or of the captions, by their weights; 0: the first.
  [[nodiscard]] const std::string& text(std::size_t record, std::uint64_t choice) const;
  /// Where text() chooses among captions: which list of them, the same for all records that have the same texts.
  [[nodiscard]] std::optional<std::size_t> captions_of(std::size_t record) const {
    const std::uint32_t caption = records_[record].caption;
    return caption < kSeveral ? std::nullopt : std::optional<std::size_t>(caption - kSeveral);
  }
  /// The source that a record is of, by its place among the sources.
  [[nodiscard]] std::size_t source_of(std::size_t record) const { return records_[record].source; }
  /// Whose record it is, a patient's; empty if the source does not say.
  [[nodiscard]] const std::string& group(std::size_t record) const { return groups_[records_[record].group]; }
  /// How many different ones are named.
  [[nodiscard]] std::size_t groups() const noexcept { return groups_.size() - 1; }
  /// What messages call a record.
  [[nodiscard]] std::string name(std::size_t record) const;
  /// The encoded image. @throws Error{kNotFound}, {kBadFile}, {kTooLarge}, {kBadArgument} (not base64).
  [[nodiscard]] std::string read(std::size_t record) const;
  /// What the data is, whatever folder it lies in: a hash of every record's name, size, class, captions and group, in
  /// order, and of how often sources are drawn from where that is said. Looks up the size of every image, and reads
  /// none.
  struct Identity {
    std::string sha256;
    std::size_t records = 0;
    std::size_t missing = 0;  ///< images that are not there
    /// "48 records, sha256 0123456789abcdef": what two are compared by.
    [[nodiscard]] std::string text() const;
  };
  [[nodiscard]] Identity identity() const;
  /// Labels that were passed over.
  [[nodiscard]] const std::vector<BrokenRecord>& broken() const noexcept { return broken_; }

 private:
  struct Record {
    std::int64_t class_id = 0;
    std::uint32_t source = 0;
    std::uint32_t row = 0;
    std::uint32_t caption = 0;  ///< in captions_; 0: none; from kSeveral: that much less, in several_
    std::uint32_t group = 0;    ///< in groups_; 0: none
  };
  /// A caption, and the weights of all up to it.
  struct Chance {
    static constexpr std::int64_t kOfRecord = -1;
    std::uint32_t caption = 0;
    double up_to = 0;
    std::int64_t class_id = kOfRecord;
  };
  static constexpr std::uint32_t kSeveral = std::uint32_t{1} << 31;
  class Collector;

  /// The caption that is drawn of several; null if there are none.
  [[nodiscard]] const Chance* drawn(const Record& record, std::uint64_t choice) const;

  std::shared_ptr<ClassTable> classes_;
  std::vector<std::unique_ptr<ImageStore>> stores_;
  std::vector<std::optional<double>> weights_;  ///< of the sources
  std::vector<Record> records_;
  std::vector<std::string> captions_{""};
  std::vector<std::vector<Chance>> several_;
  std::vector<std::string> groups_{""};
  std::vector<BrokenRecord> broken_;
};

}  // namespace mi2::dataset
