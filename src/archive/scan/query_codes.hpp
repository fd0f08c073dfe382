#pragma once
// A query as bytes, and how far a score from codes can be from the one of the rows themselves.
//
// A query q is scale * (256 high + low) and a rest e; a row x is its codes' y and a rest r. Then
//   q.x = (q - e).y + q.r + e.y, and |q.r + e.y| <= |q| |r| + |e| (|x| + |r|),
// where |r| is the row's residual and |x| is at most 1 + kUnitTolerance. To this the rounding of the arithmetic in f32
// is added.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mi2::archive::scan {

struct QueryCodes {
  /// @param query  a finite unit vector. @param stride  of the rows' codes: the digits are padded with zeros.
  QueryCodes(std::span<const float> query, std::size_t stride);

  std::vector<std::int8_t> digits;  ///< [2, stride]: high, then low
  float scale = 0;
  std::int32_t sums[2] = {0, 0};  ///< of the digits: a code is 128 more than its number
  float slope = 0;                ///< a score is off by at most slope * residual + offset
  float offset = 0;

  /// The score by the sums of digits * bytes. @param row_scale  CodeBlock::scale.
  [[nodiscard]] float score(std::int32_t high, std::int32_t low, float row_scale) const {
    const auto large = static_cast<float>(high - 128 * sums[0]);
    const auto small = static_cast<float>(low - 128 * sums[1]);
    return (256.0F * large + small) * (row_scale * scale);
  }
  [[nodiscard]] float slack(float residual) const { return slope * residual + offset; }
};

}  // namespace mi2::archive::scan
