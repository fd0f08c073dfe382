#include "archive/scan/block_memory.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "archive/scan/scan.hpp"

namespace mi2::archive::scan {
namespace {

constexpr float kMostOfByte = 127;
constexpr float kMostResidual = 2;

float largest_of(std::span<const float> row) {
  // As integers, which the compiler may take many of at a time; a NaN is larger than all numbers.
  std::int32_t largest = 0;
  for (const float value : row) {
    std::int32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    largest = std::max(largest, bits & 0x7FFFFFFF);
  }
  float value = 0;
  std::memcpy(&value, &largest, sizeof value);
  return value;
}

/// To the nearest integer, for |x| < 2^22.
float rounded(float x) {
  constexpr float kShift = 12582912;  // 1.5 * 2^23: numbers of its size have no fraction
  return (x + kShift) - kShift;
}

/// One row, whose largest number is `largest` > 0. @returns the length of what is lost, rounded up.
float encode_row(std::span<const float> row, float scale, std::uint8_t* codes) {
  constexpr std::size_t kSums = 8;
  const float inverse = 1 / scale;
  double squares[kSums] = {};
  const auto step = [&](std::size_t i, double& sum) {
    const float number = std::min(std::max(rounded(row[i] * inverse), -kMostOfByte), kMostOfByte);
    codes[i] = static_cast<std::uint8_t>(static_cast<int>(number) + 128);
    const double lost = row[i] - static_cast<double>(scale) * number;
    sum += lost * lost;
  };
  std::size_t i = 0;
  for (; i + kSums <= row.size(); i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) step(i + j, squares[j]);
  }
  for (std::size_t j = 0; i + j < row.size(); ++j) step(i + j, squares[j]);
  double sum = 0;
  for (const double square : squares) sum += square;
  return std::nextafter(static_cast<float>(std::sqrt(sum) * (1 + 1e-9)), std::numeric_limits<float>::infinity());
}

/// A row that is not read. Its bounds hold for any vector.
void encode_gone(float& scale, float& residual, std::uint8_t* codes, std::size_t stride) {
  scale = std::numeric_limits<float>::min();
  residual = kMostResidual;
  std::memset(codes, 128, stride);
}

}  // namespace

CodeBlock block_at(const std::byte* memory, std::size_t rows, std::size_t stride) {
  CodeBlock block;
  block.rows = rows;
  block.codes = reinterpret_cast<const std::uint8_t*>(memory);
  block.scale = reinterpret_cast<const float*>(memory + tiled(rows) * stride);
  block.residual = block.scale + tiled(rows);
  return block;
}

std::size_t encode_block(std::span<const float> rows, std::size_t dimensions, std::size_t stride, std::byte* memory,
                         const Bitmap* gone, std::size_t first) {
  const std::size_t count = rows.size() / dimensions;
  auto* codes = reinterpret_cast<std::uint8_t*>(memory);
  auto* scales = reinterpret_cast<float*>(memory + tiled(count) * stride);
  float* residuals = scales + tiled(count);
  for (std::size_t r = 0; r < count; ++r, codes += stride) {
    if (gone != nullptr && first + r < gone->size() && gone->test(first + r)) {
      encode_gone(scales[r], residuals[r], codes, stride);
      continue;
    }
    const std::span<const float> row = rows.subspan(r * dimensions, dimensions);
    const double length = std::sqrt(inner_product(row, row));
    if (!(std::abs(length - 1) <= kUnitTolerance)) return r;  // NaN is no length either
    scales[r] = largest_of(row) / kMostOfByte;
    residuals[r] = encode_row(row, scales[r], codes);
    std::memset(codes + dimensions, 128, stride - dimensions);
  }
  std::memset(codes, 0, (tiled(count) - count) * stride);
  std::fill(scales + count, scales + tiled(count), 0.0F);
  std::fill(residuals + count, residuals + tiled(count), 0.0F);
  return count;
}

bool plausible(const CodeBlock& block) noexcept {
  const auto all = [&](const float* values, float least, float most) {
    return std::all_of(values, values + block.rows, [&](float value) { return value >= least && value <= most; });
  };
  return all(block.scale, std::numeric_limits<float>::min(), 1) && all(block.residual, 0, kMostResidual);
}

}  // namespace mi2::archive::scan
