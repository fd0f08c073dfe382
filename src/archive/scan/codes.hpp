#pragma once
// q8: the rows of a segment as bytes, a quarter of their size, with what is lost by it. Derived from the rows: a file
// of codes can be deleted at any time, and one that is stale or damaged is never believed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "archive/scan/bitmap.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::scan {

class CodesFile;

/// Rows of a block: what one task scans, and what one checksum is of.
inline constexpr std::size_t kBlockRows = 1024;
/// The most dimensions a row may have.
inline constexpr std::size_t kMaxDimensions = 16384;
/// How far from 1 the length of a row or of a query may be.
inline constexpr double kUnitTolerance = 1e-3;

/// Which rows codes are of. The caller chooses both; they are compared, never interpreted.
struct RowsId {
  /// Of this segment of this archive and of no other: a hash of the archive's id, the segment's number and how often it
  /// was rewritten. Appending rows does not change it.
  std::array<std::uint64_t, 2> key{};
  /// Changes whenever the file of rows is written (its time in nanoseconds). 0: not known. While key, stamp and number
  /// of rows are those of the file of codes, the rows are not read to compare their checksums.
  std::uint64_t stamp = 0;
};

/// Codes of some rows. A row x [dimensions] is scale * (byte - 128) and a rest, whose length is the residual.
struct CodeBlock {
  std::size_t rows = 0;                 ///< kBlockRows; fewer in the last block
  const std::uint8_t* codes = nullptr;  ///< [rows up to a multiple of 32, stride()], 64-byte aligned
  const float* scale = nullptr;         ///< [rows]
  const float* residual = nullptr;      ///< [rows]: at least the length of the rest, in the numbers as they are stored
  std::uint64_t rows_hash = 0;          ///< XXH3 of the rows
  std::uint64_t codes_hash = 0;         ///< XXH3 of codes, scales and residuals as they lie in memory
};

/// What making and loading have in common.
struct CodesOptions {
  base::OnProgress progress;  ///< stage "codes", in rows
  std::stop_token stop;
  /// Rows that no search may look at, of which nothing is expected: there may be no vectors any more. Null: none.
  const Bitmap* gone = nullptr;
};

/// Immutable, so that any number of threads may search with one. Copies share the memory.
class Codes {
 public:
  /// Codes of rows [count, dimensions], which may be none.
  /// @throws Error{kBadFile} naming the first row that is not a finite unit vector; {kBadArgument} for dimensions that
  ///         are 0, over kMaxDimensions, or no divisor of rows.size(); {kInternal} if stopped.
  static Codes make(std::span<const float> rows, std::size_t dimensions, const RowsId& id, base::ThreadPool& pool,
                    const CodesOptions& options = {});

  /// Codes from a file, as far as they are codes of these rows, and the others made. No file is as good as an empty
  /// one, and so is one that is damaged, of another version, of other rows or dimensions: encoded() says how many rows
  /// had to be encoded. The file stays mapped.
  /// @throws as make().
  static Codes load(const std::filesystem::path& path, std::span<const float> rows, std::size_t dimensions,
                    const RowsId& id, base::ThreadPool& pool, const CodesOptions& options = {});

  /// Codes of rows that begin with those of `old` and go on: only the new ones are encoded.
  /// @throws as make(); {kBadArgument} for other dimensions, another key or fewer rows than `old` has.
  static Codes grown(const Codes& old, std::span<const float> rows, const RowsId& id, base::ThreadPool& pool,
                     const CodesOptions& options = {});

  /// Writes the file, whole or not at all. @throws Error{kBadFile}.
  void save(const std::filesystem::path& path) const;

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] const RowsId& id() const noexcept { return id_; }
  /// Bytes from a row's codes to the next one's: dimensions up to a multiple of 64.
  [[nodiscard]] std::size_t stride() const noexcept { return (dimensions_ + 63) / 64 * 64; }
  /// Rows that were encoded in the call that made this, not read from a file or taken from older codes: with 0, what is
  /// on disk need not be written again.
  [[nodiscard]] std::size_t encoded() const noexcept { return encoded_; }
  /// Whether the rows had to be read because the file of codes has another stamp: once it is written again, they need
  /// not be.
  [[nodiscard]] bool stale() const noexcept { return stale_; }
  [[nodiscard]] std::span<const CodeBlock> blocks() const noexcept { return blocks_; }
  /// Blocks that memory is kept of, beside a mapped file.
  [[nodiscard]] std::size_t kept_blocks() const noexcept { return memory_.size(); }
  /// @throws Error{kBadFile} if a file that codes were read from was cut or written while it is mapped.
  void check() const;

 private:
  Codes(std::size_t rows, std::size_t dimensions, const RowsId& id) : rows_(rows), dimensions_(dimensions), id_(id) {}
  /// Makes the blocks that have no codes.
  void encode(std::span<const float> rows, base::ThreadPool& pool, const CodesOptions& options);

  std::size_t rows_;
  std::size_t dimensions_;
  RowsId id_;
  std::size_t encoded_ = 0;
  bool stale_ = false;
  std::vector<CodeBlock> blocks_;
  std::vector<std::shared_ptr<const void>> memory_;  ///< what the blocks point into
  std::shared_ptr<const CodesFile> file_;            ///< the mapped file, or none
};

}  // namespace mi2::archive::scan
