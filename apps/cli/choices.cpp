#include "choices.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "suggest.hpp"

namespace mi2::cli {
namespace {

/// The power of 1024 that a unit stands for.
std::optional<unsigned> power_of(std::string_view unit) {
  constexpr std::string_view kPrefixes = "kmgtpe";
  std::string name = base::lower_ascii(unit);
  if (name.empty() || name == "b") return 0;
  const std::size_t prefix = kPrefixes.find(name.front());
  const std::string_view rest = std::string_view(name).substr(1);
  if (prefix == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "i" && rest != "ib")) {
    return std::nullopt;
  }
  return static_cast<unsigned>(prefix) + 1;
}

std::optional<std::uint64_t> bytes_of(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> number = base::parse_whole(text.substr(0, end));
  const std::optional<unsigned> power = power_of(base::without_blanks(text.substr(end)));
  if (!number || !power) return std::nullopt;
  const unsigned shift = 10 * *power;
  if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> words, std::function<std::string(std::string_view)> spelled) {
  if (!spelled) spelled = base::lower_ascii;
  return {[words = std::move(words), spelled = std::move(spelled)](std::string& value) -> std::string {
            std::string word = spelled(value);
            if (std::find(words.begin(), words.end(), word) == words.end()) {
              return fmt::format("expected {}, got {}{}", listed(words), value, hint(value, words));
            }
            value = std::move(word);
            return {};
          },
          "", ""};
}

CLI::Validator number_in(double low, double high) {
  return {[low, high](std::string& value) -> std::string {
            const std::optional<double> number = base::parse_finite(value);
            if (number && *number >= low && *number <= high) return {};
            return fmt::format("expected a number from {} to {}, got {}", low, high, value);
          },
          "", ""};
}

CLI::Validator any_number() {
  return {[](std::string& value) -> std::string {
            if (base::parse_finite(value)) return {};
            return fmt::format("expected a number, got {}", value);
          },
          "", ""};
}

CLI::Validator whole_number_in(std::uint64_t low, std::uint64_t high) {
  return {[low, high](std::string& value) -> std::string {
            const std::optional<std::uint64_t> number = base::parse_whole(value);
            if (!number || *number < low || *number > high) {
              return fmt::format("expected a whole number from {} to {}, got {}", low, high, value);
            }
            value = std::to_string(*number);  // without the zeros that would make it octal
            return {};
          },
          "", ""};
}

CLI::Validator any_whole_number() { return whole_number_in(0, std::numeric_limits<std::uint64_t>::max()); }

CLI::Validator byte_count() {
  return {[](std::string& value) -> std::string {
            const std::optional<std::uint64_t> bytes = bytes_of(value);
            if (!bytes) {
              return fmt::format("expected a whole number of bytes below 2^64, as 1000000, 64M or 1G, got {}", value);
            }
            value = std::to_string(*bytes);
            return {};
          },
          "", ""};
}

}  // namespace mi2::cli
