#pragma once
// The vectors of an archive: files of unit f32 rows that only grow. Row numbers run on from file to file. Where erased
// rows were, a file may have holes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/format.hpp"
#include "base/files.hpp"

namespace mi2::archive {

inline constexpr std::uint64_t kSegmentRows = 262'144;
inline constexpr std::size_t kSegmentHeader = 64;

/// The header of segment `number` of an archive.
std::string segment_header(const Format& format, std::uint64_t number);
/// Where a row begins in the file of its segment.
std::uint64_t row_offset(std::uint64_t row, std::size_t dimensions);
/// @throws Error{kBadFile} naming what differs: no segment, damaged, of another archive, another number or other
///         dimensions; {kUnsupported} for another version.
void check_segment_header(std::span<const std::byte> bytes, const Format& format, std::uint64_t number,
                          std::string_view name);

/// @throws Error{kBadFile} naming the segment's file, if a row is not the one that was written.
void require_written(const std::filesystem::path& folder, std::uint64_t row, std::span<const float> numbers,
                     std::uint32_t crc);

/// Appends rows. Those past the last committed one, which a killed writer left, are overwritten.
class SegmentWriter {
 public:
  /// @param rows  committed so far.
  /// @throws Error{kBadFile} if a segment with committed rows is damaged or cut.
  SegmentWriter(std::filesystem::path folder, Format format, std::uint64_t rows);
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;
  ~SegmentWriter();

  /// Others have appended meanwhile, or what was appended is not committed: the next row gets this number.
  void restart(std::uint64_t rows) noexcept { next_ = rows; }
  /// The number that the next appended row gets.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  /// @throws Error{kBadFile} if the disk refuses.
  void append(std::span<const float> row);
  /// What was appended is on the disk. @throws Error{kBadFile}.
  void sync();
  /// Replaces a row, at once on the disk with the next sync(). @throws Error{kBadFile}.
  void overwrite(std::uint64_t row, std::span<const float> with);
  /// Empties rows [first, last) of one segment, and gives back what of the disk they take; done with the next sync().
  /// Nothing but erased rows: what they hold from then on is no vector. @throws Error{kBadFile} if the disk refuses.
  void give_back(std::uint64_t first, std::uint64_t last);
  /// @throws Error{kBadFile} if it cannot be read.
  [[nodiscard]] std::vector<float> read(std::uint64_t row);

 private:
  void open(std::uint64_t number);
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path folder_;
  Format format_;
  std::uint64_t next_;
  std::uint64_t number_ = 0;  ///< of the open one; 0: none
  int descriptor_ = -1;
  bool dirty_ = false;
};

/// The first rows of an archive, mapped.
class Segments {
 public:
  /// @throws Error{kNotFound}, {kBadFile} naming the segment that is missing, damaged, cut or another's.
  Segments(const std::filesystem::path& folder, const Format& format, std::uint64_t rows);

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t count() const noexcept { return files_.size(); }
  /// The rows of segment `i`, from 0: [rows, dimensions].
  [[nodiscard]] std::span<const float> block(std::size_t i) const noexcept;
  /// @param row  below rows().
  [[nodiscard]] std::span<const float> row(std::uint64_t row) const noexcept;
  /// @throws Error{kBadFile} if a file was cut while it is mapped.
  void check() const;
  /// When the file of segment `i` was written, in nanoseconds.
  [[nodiscard]] std::uint64_t stamp(std::size_t i) const;

 private:
  std::size_t dimensions_;
  std::uint64_t rows_;
  std::vector<base::MappedFile> files_;
};

}  // namespace mi2::archive
