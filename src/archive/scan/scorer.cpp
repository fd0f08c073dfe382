#include "archive/scan/scorer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ops/cpu/scratch.hpp"

namespace mi2::archive::scan {
namespace {

using ops::cpu::kPanel;
using ops::cpu::kPanelChunk;

/// Fewer queries are read past the rows faster than multiplied with them.
constexpr std::size_t kMany = 4;
constexpr std::size_t kAlign = 64;
constexpr std::size_t kTile = 32;  ///< rows of the engine's largest tile

std::size_t up_to(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

}  // namespace

Scorer::Scorer(std::vector<QueryCodes> queries, std::size_t stride, ops::cpu::Isa isa)
    : queries_(std::move(queries)),
      stride_(stride),
      dots_(dots_for(isa)),
      kernels_(ops::cpu::kernels_for(isa)),
      kernel_(kernels_.s8) {
  if (size() >= kMany) pack_panels();
}

void Scorer::pack_panels() {
  low_at_ = up_to(size(), kPanel);
  const std::size_t columns = 2 * low_at_;
  const std::size_t chunks = stride_ / kAlign;
  panels_.assign(columns / kPanel * chunks * kPanelChunk + kAlign, std::byte{0});
  column_scale_.assign(columns, 0.0F);
  column_sum_.assign(columns, 0);
  std::byte* const panels =
      panels_.data() + (kAlign - reinterpret_cast<std::uintptr_t>(panels_.data()) % kAlign) % kAlign;
  first_panel_ = panels;
  for (std::size_t q = 0; q < size(); ++q) {
    const QueryCodes& query = queries_[q];
    slopes_.push_back(query.slope);
    offsets_.push_back(query.offset);
    for (std::size_t digit = 0; digit < 2; ++digit) {
      const std::size_t column = digit * low_at_ + q;
      column_scale_[column] = digit == 0 ? 256 * query.scale : query.scale;
      column_sum_[column] = query.sums[digit];
      std::byte* to = panels + column / kPanel * chunks * kPanelChunk + column % kPanel * 4;
      const std::int8_t* from = query.digits.data() + digit * stride_;
      for (std::size_t j = 0; j < stride_; j += 4, to += kPanel * 4) std::memcpy(to, from + j, 4);
    }
  }
}

void Scorer::score_one(const BlockRows& rows, std::size_t query, float* scores) const {
  std::int32_t high[kBlockRows];
  std::int32_t low[kBlockRows];
  const QueryCodes& codes = queries_[query];
  dots_(rows.block->codes, stride_, rows.index.data(), rows.count, codes.digits.data(), high, low);
  for (std::size_t i = 0; i < rows.count; ++i) scores[i] = codes.score(high[i], low[i], rows.scale[i]);
}

bool Scorer::takes_codes() const noexcept { return kernel_.left == ops::cpu::Operand::kU8; }

std::size_t Scorer::left_stride() const noexcept {
  return stride_ / kAlign * static_cast<std::size_t>(kernel_.left_chunk);
}

const std::byte* Scorer::gather(const BlockRows& rows, std::size_t at, std::size_t count, std::byte* to) const {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* from = rows.block->codes + rows.index[at + i] * stride_;
    if (takes_codes()) {
      std::memcpy(to + i * left_stride(), from, stride_);
    } else {
      kernels_.spread_bytes(from, static_cast<std::int64_t>(stride_ / kAlign), to + i * left_stride());
    }
  }
  std::memset(to + count * left_stride(), 0, (up_to(count, kTile) - count) * left_stride());
  return to;
}

Scorer::Part Scorer::score_many(const BlockRows& rows, std::size_t at) const {
  const std::size_t columns = column_scale_.size();
  const auto most = std::max(kTile, static_cast<std::size_t>(kernel_.blocking.rows) / kTile * kTile);
  const std::size_t count = std::min(most, rows.count - at);
  const std::size_t padded = up_to(count, kTile);
  const std::size_t zeros_at = up_to(padded * columns * sizeof(float), kAlign);
  const std::size_t space_at = zeros_at + up_to(padded * sizeof(std::int32_t), kAlign);
  const std::size_t codes_at = space_at + up_to(static_cast<std::size_t>(kernel_.space()) * sizeof(float), kAlign);
  std::byte* const memory = ops::cpu::thread_scratch(codes_at + padded * left_stride());
  auto* const zeros = reinterpret_cast<std::int32_t*>(memory + zeros_at);
  std::fill_n(zeros, padded, 128);
  ops::cpu::Epilogue end;
  end.rows = static_cast<std::int64_t>(count);
  end.columns = static_cast<std::int64_t>(columns);
  end.row_scale = rows.scale + at;
  end.row_zero = zeros;
  end.column_scale = column_scale_.data();
  end.column_sum = column_sum_.data();
  end.out = memory;
  end.out_stride = static_cast<std::int64_t>(columns);
  ops::cpu::GemmBlock product;
  if (takes_codes() && rows.whole()) {
    product.left = rows.block->codes + at * stride_;
  } else {
    product.left = gather(rows, at, count, memory + codes_at);
  }
  product.left_stride = static_cast<std::int64_t>(left_stride());
  product.right = first_panel_;
  product.chunks = static_cast<std::int64_t>(stride_ / kAlign);
  product.right_stride = product.chunks * kPanelChunk;
  product.rows = end.rows;
  product.panels = static_cast<std::int64_t>(columns) / kPanel;
  product.sums = memory + space_at;
  product.epilogue = &end;
  kernel_.multiply(product);
  return {reinterpret_cast<const float*>(memory), columns, count};
}

}  // namespace mi2::archive::scan
