// Any bytes as a file of codes: taken for good as far as they fit the rows, made again where they do not, and searched.
// Checksums would stop almost every input at the door, so it gets the ones it needs.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <mi2/error.hpp>

#include "archive/scan/block_memory.hpp"
#include "archive/scan/codes_file.hpp"
#include "archive/scan/scan.hpp"
#include "base/hash.hpp"

namespace {

using namespace mi2::archive::scan;

constexpr std::size_t kHeader = 64;
constexpr RowsId kId{{1, 2}, 3};

/// Writes the checksum of [from, to) to `at`, where there are so many bytes.
void put_hash(std::string& bytes, std::size_t at, std::size_t from, std::size_t to) {
  if (to > bytes.size() || at + 8 > bytes.size()) return;
  const std::uint64_t hash = mi2::base::xxh3(std::as_bytes(std::span(bytes)).subspan(from, to - from));
  std::memcpy(bytes.data() + at, &hash, sizeof hash);
}

std::string with_right_checksums(std::string bytes) {
  if (bytes.size() < kHeader) return bytes;
  std::uint64_t rows = 0;
  std::uint32_t dimensions = 0;
  std::memcpy(&rows, bytes.data() + 16, sizeof rows);
  std::memcpy(&dimensions, bytes.data() + 12, sizeof dimensions);
  if (rows > 4096 || dimensions > 256) return bytes;
  const std::size_t stride = (dimensions + 63) / 64 * 64;
  const std::size_t blocks_at = (kHeader + 16 * blocks_of(rows) + 63) / 64 * 64;
  for (std::size_t block = 0; block < blocks_of(rows); ++block) {
    const std::size_t at = blocks_at + block * block_bytes(kBlockRows, stride);
    put_hash(bytes, kHeader + 16 * block + 8, at, at + block_bytes(rows_of_block(block, rows), stride));
  }
  put_hash(bytes, 48, kHeader, blocks_at);
  put_hash(bytes, 56, 0, 56);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static mi2::base::ThreadPool pool(1);
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("mi2_codes_" + std::to_string(::getpid()))).string();
  static const int removed_at_exit = std::atexit([] { ::unlink(path.c_str()); });
  static_cast<void>(removed_at_exit);
  try {
    const std::string bytes = with_right_checksums({reinterpret_cast<const char*>(data), size});
    const CodesHeader header = parse_codes_header(std::as_bytes(std::span(bytes)));
    if (header.rows > 4096 || header.dimensions > 256) return 0;
    ::unlink(path.c_str());
    std::ofstream(path, std::ios::binary) << bytes;
    std::vector<float> rows(header.rows * header.dimensions);
    for (std::size_t r = 0; r < header.rows; ++r) rows[r * header.dimensions + r % header.dimensions] = 1;
    const auto codes = std::make_shared<const Codes>(Codes::load(path, rows, header.dimensions, kId, pool));
    if (codes->rows() != header.rows) std::abort();
    const Scan scan(std::vector<Segment>{{rows.data(), codes}});
    Query query{std::vector<float>(header.dimensions), 3, {}};
    query.vector[0] = 1;
    static_cast<void>(scan.search(std::span(&query, 1), {}, pool));
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
