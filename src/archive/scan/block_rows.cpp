#include "archive/scan/block_rows.hpp"

#include <algorithm>
#include <bit>

namespace mi2::archive::scan {
namespace {

std::size_t bits_in(std::uint64_t word) { return static_cast<std::size_t>(std::popcount(word)); }

}  // namespace

void select_rows(const CodeBlock& block, std::size_t stride, std::size_t first, std::size_t last, const Scope& scope,
                 BlockRows& rows, Counts& counts) {
  rows.block = &block;
  rows.stride = stride;
  rows.first = first;
  rows.count = 0;
  const std::size_t looked_at = std::min(block.rows, last - first);
  for (std::size_t at = 0; at < looked_at; at += 64) {
    const std::size_t left = looked_at - at;
    const std::uint64_t there = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    const std::uint64_t gone = scope.deleted == nullptr ? 0 : scope.deleted->bits_from(first + at) & there;
    const std::uint64_t kept = there & ~gone;
    std::uint64_t allowed = scope.allowed == nullptr ? kept : scope.allowed->bits_from(first + at) & kept;
    counts.excluded_deleted += bits_in(gone);
    counts.excluded_filter += bits_in(kept & ~allowed);
    counts.searched += bits_in(allowed);
    for (; allowed != 0; allowed &= allowed - 1) {
      rows.index[rows.count++] = static_cast<std::uint16_t>(at + static_cast<std::size_t>(std::countr_zero(allowed)));
    }
  }
  rows.scale = block.scale;
  rows.residual = block.residual;
  if (rows.whole()) return;
  for (std::size_t i = 0; i < rows.count; ++i) {
    rows.own_scale[i] = block.scale[rows.index[i]];
    rows.own_residual[i] = block.residual[rows.index[i]];
  }
  rows.scale = rows.own_scale.data();
  rows.residual = rows.own_residual.data();
}

}  // namespace mi2::archive::scan
