#include "archive/scan/query_codes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "archive/scan/codes.hpp"

namespace mi2::archive::scan {
namespace {

/// The largest number of two digits: 127 * 256.
constexpr float kLargest = 32512;

/// A score in f32 is some ten roundings of numbers up to the length of the digits times that of the codes; the sum in
/// f64 of the exact one is far more exact. Three times as much is allowed.
constexpr double kRounding = 32.0 / (1 << 24);

/// For the roundings of slope * residual + offset.
float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value * (1 + 1e-6)), std::numeric_limits<float>::infinity());
}

}  // namespace

QueryCodes::QueryCodes(std::span<const float> query, std::size_t stride) : digits(2 * stride) {
  float largest = 0;
  for (const float value : query) largest = std::max(largest, std::abs(value));
  scale = largest / kLargest;
  double length = 0;
  double rest = 0;
  double high_length = 0;
  double low_length = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const int number = std::clamp(static_cast<int>(std::lrint(query[i] / scale)), -static_cast<int>(kLargest),
                                  static_cast<int>(kLargest));
    const int high = (number + 128) >> 8;
    const int low = number - 256 * high;
    digits[i] = static_cast<std::int8_t>(high);
    digits[stride + i] = static_cast<std::int8_t>(low);
    sums[0] += high;
    sums[1] += low;
    const double lost = query[i] - static_cast<double>(scale) * number;
    length += static_cast<double>(query[i]) * query[i];
    rest += lost * lost;
    high_length += static_cast<double>(high) * high;
    low_length += static_cast<double>(low) * low;
  }
  const double digits_length = scale * (256 * std::sqrt(high_length) + std::sqrt(low_length));
  const double of_row = std::sqrt(rest) + kRounding * digits_length;
  slope = rounded_up(std::sqrt(length) + of_row);
  offset = rounded_up(of_row * (1 + kUnitTolerance));
}

}  // namespace mi2::archive::scan
