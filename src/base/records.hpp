#pragma once
// The records of a text file of any size, one after the other, in little memory.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace mi2::base {

enum class RecordRule {
  kLine,  ///< a record is a line
  kCsv,   ///< a line, but for line breaks inside of quotes (RFC 4180)
};

struct Record {
  std::string text;        ///< without its line break
  bool too_large = false;  ///< over the limit: passed over, `text` is empty
};

class RecordReader {
 public:
  /// @param most  bytes of one record.
  /// @throws Error{kNotFound}, {kBadFile} if it is not a file that can be read.
  RecordReader(const std::filesystem::path& path, RecordRule rule, std::size_t most);

  /// The next record that is not empty; nothing at the end. A byte order mark at the start is dropped.
  /// @throws Error{kBadFile} if the disk refuses.
  std::optional<Record> next();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  bool fill();
  Record read_record();

  std::filesystem::path path_;
  std::ifstream file_;
  RecordRule rule_;
  std::size_t most_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool started_ = false;
};

}  // namespace mi2::base
