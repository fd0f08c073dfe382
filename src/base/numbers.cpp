#include "base/numbers.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

template <typename Number>
void append_shortest(std::string& text, Number value) {
  if (!std::isfinite(value)) throw Error(Code::kInternal, "the model answered with a number that is not finite");
  std::array<char, 32> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), result.ptr);
}

}  // namespace

void append_number(std::string& text, float value) { append_shortest(text, value); }
void append_number(std::string& text, double value) { append_shortest(text, value); }

void append_numbers(std::string& text, std::span<const float> values, char separator) {
  constexpr std::size_t kTypicalDigits = 14;
  text.reserve(text.size() + values.size() * kTypicalDigits);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += separator;
    append_number(text, values[i]);
  }
}

std::optional<double> parse_finite(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace mi2::base
