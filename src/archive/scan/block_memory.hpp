#pragma once
// How the codes of a block lie, in memory as in a file: codes, scales, residuals, of rows up to whole tiles, the rest
// zeros.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "archive/scan/codes.hpp"

namespace mi2::archive::scan {

/// Rows of the engine's largest tile, which are read whole.
inline constexpr std::size_t kTileRows = 32;

constexpr std::size_t tiled(std::size_t rows) { return (rows + kTileRows - 1) / kTileRows * kTileRows; }

/// Bytes of a block, a multiple of 64.
constexpr std::size_t block_bytes(std::size_t rows, std::size_t stride) {
  return tiled(rows) * (stride + 2 * sizeof(float));
}

/// Rows of block `block` if there are `rows` in all.
constexpr std::size_t rows_of_block(std::size_t block, std::size_t rows) {
  return rows - block * kBlockRows < kBlockRows ? rows - block * kBlockRows : kBlockRows;
}
constexpr std::size_t blocks_of(std::size_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

/// A block at `memory`, 64-byte aligned; its hashes are the caller's to set.
CodeBlock block_at(const std::byte* memory, std::size_t rows, std::size_t stride);

/// Encodes rows [count, dimensions], at most kBlockRows, into block_bytes() at `memory`.
/// @param gone  CodesOptions::gone: row `first` of it is the first here.
/// @returns the first row that is not a finite unit vector, and not gone; `count` if there is none.
std::size_t encode_block(std::span<const float> rows, std::size_t dimensions, std::size_t stride, std::byte* memory,
                         const Bitmap* gone = nullptr, std::size_t first = 0);

/// Whether scales and residuals are numbers that encode_block() can have written: codes are compared by their bounds,
/// and a NaN would be in nobody's.
bool plausible(const CodeBlock& block) noexcept;

}  // namespace mi2::archive::scan
