#pragma once
// The rows of a block that are searched, and why the others are not.

#include <array>
#include <cstddef>
#include <cstdint>

#include "archive/scan/codes.hpp"
#include "archive/scan/scan.hpp"

namespace mi2::archive::scan {

struct BlockRows {
  const CodeBlock* block = nullptr;
  std::size_t stride = 0;
  std::size_t first = 0;                        ///< number of the block's first row
  std::size_t count = 0;                        ///< rows that are searched
  std::array<std::uint16_t, kBlockRows> index;  ///< [count], in the block; ascending
  std::array<float, kBlockRows> own_scale;      ///< used if rows are left out
  std::array<float, kBlockRows> own_residual;   ///< likewise
  const float* scale = nullptr;                 ///< [count]
  const float* residual = nullptr;              ///< [count]

  [[nodiscard]] bool whole() const noexcept { return count == block->rows; }
  [[nodiscard]] std::uint32_t row(std::size_t i) const noexcept { return static_cast<std::uint32_t>(first + index[i]); }
};

/// Fills `rows` with those of a block that are neither deleted nor filtered out, and counts the others.
/// @param last  the number of the first row that is not looked at.
void select_rows(const CodeBlock& block, std::size_t stride, std::size_t first, std::size_t last, const Scope& scope,
                 BlockRows& rows, Counts& counts);

}  // namespace mi2::archive::scan
