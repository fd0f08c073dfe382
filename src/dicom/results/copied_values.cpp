#include "dicom/results/copied_values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

#include <fmt/format.h>

#include "dicom/attributes.hpp"

namespace mi2::dicom::results {

std::string text_of(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const std::byte byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string text_of(Bytes bytes, std::size_t most) { return text_of(bytes.first(std::min(bytes.size(), most))); }

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::vector<std::string> values_of(std::string_view text) {
  std::vector<std::string> values;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\\', at), text.size());
    values.push_back(trimmed(text.substr(at, end - at)));
    at = end + 1;
  }
  return values;
}

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

std::size_t width_of(std::string_view vr) {
  if (vr == "US" || vr == "SS" || vr == "OW") return 2;
  if (vr == "UL" || vr == "SL" || vr == "FL" || vr == "AT") return 4;
  return vr == "FD" ? 8 : 0;
}

bool fits_width(const Element& element, std::size_t width) {
  constexpr std::array<std::string_view, 8> kOfBytes{"", "UN", "OB", "OW", "OL", "OF", "OD", "OV"};
  if (std::find(kOfBytes.begin(), kOfBytes.end(), element.vr) != kOfBytes.end()) return true;
  return width_of(element.vr) == width;
}

bool all_numbers(std::string_view text) {
  constexpr std::size_t kLongest = 32;  // 16 by the standard, more in the wild
  if (!all_of(text, "0123456789+-.eE\\ ")) return false;
  const std::vector<std::string> values = values_of(text);
  return std::all_of(values.begin(), values.end(), [](const std::string& value) {
    return value.empty() || (value.size() <= kLongest && parse_number(value));
  });
}

bool is_time(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string whole(text.substr(0, point));
  if (whole.size() == 8 && whole[2] == ':' && whole[5] == ':') {
    whole = whole.substr(0, 2) + whole.substr(3, 2) + whole.substr(6);
  }
  const std::string_view part = text.substr(std::min(point + 1, text.size()));
  if (whole.size() % 2 != 0 || whole.empty() || whole.size() > 6 || part.size() > 6) return false;
  if (!all_of(whole, "0123456789") || !all_of(part, "0123456789")) return false;
  constexpr std::array<std::string_view, 3> kMost{"23", "59", "60"};
  for (std::size_t i = 0; i < whole.size() / 2; ++i) {
    if (whole.substr(2 * i, 2) > kMost.at(i)) return false;
  }
  return true;
}

std::string shifted(std::string_view date, int days) {
  constexpr std::string_view kDigits = "0123456789";
  if (date.size() != 8 || !all_of(date, kDigits)) return {};
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : date.substr(at, count)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(6, 2)))};
  constexpr std::chrono::year kFirst{1971};
  if (!day.ok() || day.year() < kFirst) return {};
  const std::chrono::year_month_day earlier{std::chrono::sys_days(day) - std::chrono::days(days)};
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(earlier.year()), static_cast<unsigned>(earlier.month()),
                     static_cast<unsigned>(earlier.day()));
}

std::size_t most_of(std::string_view vr) {
  constexpr std::size_t kTables = 1U << 18;  // a lookup table of 16 bits has 128 KiB
  constexpr std::size_t kShort = 65534;      // PS3.5 7.1.2
  return vr == "OW" ? kTables : kShort;
}

}  // namespace mi2::dicom::results
