#include "archive/scan/codes_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/block_memory.hpp"
#include "base/hash.hpp"
#include "base/little_endian.hpp"

namespace mi2::archive::scan {
namespace {

static_assert(std::endian::native == std::endian::little, "the file holds numbers as they lie in memory");

constexpr std::string_view kMagic = "MI2CODES";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kTableHashAt = 48;
constexpr std::size_t kHeaderHashAt = 56;
constexpr std::size_t kEntryBytes = 16;
/// More rows than a Scan takes.
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 32;

std::size_t stride_of(std::size_t dimensions) { return (dimensions + 63) / 64 * 64; }

/// Bytes of header and table.
std::uint64_t blocks_at(std::uint64_t rows) { return (kHeaderBytes + blocks_of(rows) * kEntryBytes + 63) / 64 * 64; }

std::uint64_t file_bytes(std::uint64_t rows, std::size_t dimensions) {
  const std::uint64_t full = rows / kBlockRows;
  const std::uint64_t rest = rows % kBlockRows;
  return blocks_at(rows) + full * block_bytes(kBlockRows, stride_of(dimensions)) +
         block_bytes(rest, stride_of(dimensions));
}

std::uint64_t hash_at(std::span<const std::byte> bytes, std::uint64_t first, std::uint64_t last) {
  return base::xxh3(bytes.subspan(first, last - first));
}

}  // namespace

CodesHeader parse_codes_header(std::span<const std::byte> file) {
  const auto need = [](bool so, std::string_view what) {
    if (!so) throw Error(Code::kBadFile, fmt::format("codes: {}", what));
  };
  need(file.size() >= kHeaderBytes && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0,
       "not a file of codes");
  const auto version = base::read_little_endian<std::uint32_t>(file, 8);
  if (version != kVersion) {
    throw Error(Code::kUnsupported, fmt::format("codes: expected version {}, got {}", kVersion, version));
  }
  need(hash_at(file, 0, kHeaderHashAt) == base::read_little_endian<std::uint64_t>(file, kHeaderHashAt),
       "the header is damaged");
  CodesHeader header;
  header.dimensions = base::read_little_endian<std::uint32_t>(file, 12);
  header.rows = base::read_little_endian<std::uint64_t>(file, 16);
  header.id = {{base::read_little_endian<std::uint64_t>(file, 24), base::read_little_endian<std::uint64_t>(file, 32)},
               base::read_little_endian<std::uint64_t>(file, 40)};
  // With these limits no size below overflows.
  need(header.dimensions >= 1 && header.dimensions <= kMaxDimensions && header.rows <= kMostRows,
       "expected sizes within the limits");
  need(file.size() == file_bytes(header.rows, header.dimensions), "the file is not as long as its header says");
  need(hash_at(file, kHeaderBytes, blocks_at(header.rows)) ==
           base::read_little_endian<std::uint64_t>(file, kTableHashAt),
       "the table is damaged");
  return header;
}

CodesFile::CodesFile(const std::filesystem::path& path) : file_(path), header_(parse_codes_header(file_.bytes())) {}

std::shared_ptr<const CodesFile> CodesFile::open(const std::filesystem::path& path) {
  try {
    return std::shared_ptr<const CodesFile>(new CodesFile(path));
  } catch (const Error&) {
    return nullptr;  // codes are made again from the rows
  }
}

CodeBlock CodesFile::block(std::size_t number) const {
  const std::size_t stride = stride_of(header_.dimensions);
  const std::size_t rows = rows_of_block(number, header_.rows);
  const std::span<const std::byte> bytes = file_.bytes();
  const std::size_t at = blocks_at(header_.rows) + number * block_bytes(kBlockRows, stride);
  CodeBlock found = block_at(bytes.data() + at, rows, stride);
  found.rows_hash = base::read_little_endian<std::uint64_t>(bytes, kHeaderBytes + number * kEntryBytes);
  found.codes_hash = base::read_little_endian<std::uint64_t>(bytes, kHeaderBytes + number * kEntryBytes + 8);
  const bool good = hash_at(bytes, at, at + block_bytes(rows, stride)) == found.codes_hash && plausible(found);
  return good ? found : CodeBlock{};
}

std::vector<CodeBlock> CodesFile::believable(std::span<const float> rows, std::size_t dimensions, const RowsId& id,
                                             base::ThreadPool& pool) const {
  const std::size_t count = rows.size() / dimensions;
  std::vector<CodeBlock> blocks(blocks_of(count));
  if (header_.dimensions != dimensions || header_.id.key != id.key) return blocks;
  const bool same_rows = id.stamp != 0 && header_.id.stamp == id.stamp && header_.rows == count;
  pool.run(std::min(blocks.size(), blocks_of(header_.rows)), [&](std::size_t i) {
    if (rows_of_block(i, count) != rows_of_block(i, header_.rows)) return;
    const CodeBlock found = block(i);
    if (found.codes == nullptr) return;
    const auto values = rows.subspan(i * kBlockRows * dimensions, found.rows * dimensions);
    if (same_rows || base::xxh3(std::as_bytes(values)) == found.rows_hash) blocks[i] = found;
  });
  try {
    check();
  } catch (const Error&) {
    return std::vector<CodeBlock>(blocks_of(count));  // written by another meanwhile: what was compared may be gone
  }
  return blocks;
}

void write_codes(const std::filesystem::path& path, const Codes& codes) {
  std::string table;
  for (const CodeBlock& block : codes.blocks()) {
    base::append_little_endian(table, block.rows_hash);
    base::append_little_endian(table, block.codes_hash);
  }
  table.resize(blocks_at(codes.rows()) - kHeaderBytes);
  std::string header(kMagic);
  base::append_little_endian(header, kVersion);
  base::append_little_endian(header, static_cast<std::uint32_t>(codes.dimensions()));
  base::append_little_endian(header, static_cast<std::uint64_t>(codes.rows()));
  base::append_little_endian(header, codes.id().key[0]);
  base::append_little_endian(header, codes.id().key[1]);
  base::append_little_endian(header, codes.id().stamp);
  base::append_little_endian(header, base::xxh3(std::as_bytes(std::span(table))));
  base::append_little_endian(header, base::xxh3(std::as_bytes(std::span(header))));
  base::AtomicFile file(path);
  file.write(header);
  file.write(table);
  for (const CodeBlock& block : codes.blocks()) {
    const auto* bytes = reinterpret_cast<const std::byte*>(block.codes);
    file.write(std::span(bytes, block_bytes(block.rows, codes.stride())));
  }
  codes.check();  // what was copied from a file that was cut is zeros
  file.commit();
}

}  // namespace mi2::archive::scan
