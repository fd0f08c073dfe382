#pragma once
// The file of a segment's codes: a header, a table of checksums, and the blocks as they lie in memory. Little-endian.
//
//   0   "MI2CODES"           8   version 1 (u32), dimensions (u32)    16  rows (u64)
//   24  RowsId: key, stamp   48  XXH3 of the table                    56  XXH3 of bytes 0 to 55
//   64  for each block: XXH3 of its rows, XXH3 of its codes (u64 each); zeros up to a multiple of 64
//   ..  for each block: block_memory.hpp

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "archive/scan/codes.hpp"
#include "base/files.hpp"

namespace mi2::archive::scan {

struct CodesHeader {
  std::uint64_t rows = 0;
  std::uint32_t dimensions = 0;
  RowsId id;
};

/// The header of a file, and whether the file is as long as it says.
/// @throws Error{kBadFile} for any bytes that are not those of a whole file, whose codes may still be damaged;
///         {kUnsupported} for another version.
CodesHeader parse_codes_header(std::span<const std::byte> file);

class CodesFile {
 public:
  /// @returns null if there is none, or one whose header or table is no good.
  static std::shared_ptr<const CodesFile> open(const std::filesystem::path& path);

  [[nodiscard]] const RowsId& id() const noexcept { return header_.id; }

  /// A block for each of the rows' blocks; without codes where the file has none that are certainly codes of these
  /// rows.
  [[nodiscard]] std::vector<CodeBlock> believable(std::span<const float> rows, std::size_t dimensions, const RowsId& id,
                                                  base::ThreadPool& pool) const;

  /// @throws Error{kBadFile} if the file was cut or written since it was opened.
  void check() const { file_.check(); }

 private:
  explicit CodesFile(const std::filesystem::path& path);
  [[nodiscard]] CodeBlock block(std::size_t number) const;

  base::MappedFile file_;
  CodesHeader header_;
};

/// @throws Error{kBadFile}.
void write_codes(const std::filesystem::path& path, const Codes& codes);

}  // namespace mi2::archive::scan
