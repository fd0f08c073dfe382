#include "weights/packed_checksum.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.hpp"

namespace mi2::weights {
namespace {

constexpr std::size_t kPieceBytes = 4U << 20U;

struct Piece {
  std::span<const std::byte> bytes;
  std::uint64_t checksum = 0;
};

/// Text with its length before it, so that no two lists of texts look alike.
void append(std::string& to, std::string_view text) { to += fmt::format("{}:{}\n", text.size(), text); }

}  // namespace

std::vector<std::uint64_t> block_checksums(std::span<const std::span<const std::byte>> blocks, base::ThreadPool& pool) {
  std::vector<Piece> pieces;
  for (const auto& block : blocks) {
    for (std::size_t at = 0; at < block.size(); at += kPieceBytes) {
      pieces.push_back({block.subspan(at, std::min(kPieceBytes, block.size() - at))});
    }
  }
  pool.run(pieces.size(), [&](std::size_t i) { pieces[i].checksum = base::xxh3(pieces[i].bytes); });
  std::vector<std::uint64_t> result;
  auto piece = pieces.begin();
  for (const auto& block : blocks) {
    std::vector<std::uint64_t> sums;
    for (std::size_t at = 0; at < block.size(); at += kPieceBytes) sums.push_back((piece++)->checksum);
    result.push_back(base::xxh3(std::as_bytes(std::span(sums))));
  }
  return result;
}

std::uint64_t header_checksum(const std::map<std::string, std::string>& metadata, std::span<const TensorInfo> tensors) {
  std::string text;
  for (const auto& [name, value] : metadata) {
    if (name == key::kHeader) continue;
    append(text, name);
    append(text, value);
  }
  for (const TensorInfo& tensor : tensors) {
    append(text, tensor.name);
    append(text, fmt::format("{} {} {} {}", tensor.dtype, tensor.shape.to_string(), tensor.begin, tensor.end));
  }
  return base::xxh3(std::as_bytes(std::span(text)));
}

std::string checksum_text(std::uint64_t checksum) { return fmt::format("{:016x}", checksum); }

}  // namespace mi2::weights
