#include "archive/filter/dates.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace mi2::archive::filter {
namespace {

constexpr std::size_t kYear = 4;   // "2020"
constexpr std::size_t kMonth = 7;  // "2020-05"
constexpr std::size_t kDay = 10;   // "2020-05-17"
constexpr std::size_t kDicom = 8;  // "20200517"

/// Of digits only.
int value_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = 10 * value + (c - '0');
  return value;
}

int days_of(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (leap && month == 2 ? 1 : 0);
}

bool exists(std::string_view date) {
  const int year = value_of(date.substr(0, 4));
  if (year < 1) return false;
  if (date.size() == kYear) return true;
  const int month = value_of(date.substr(5, 2));
  if (month < 1 || month > 12) return false;
  if (date.size() == kMonth) return true;
  const int day = value_of(date.substr(8, 2));
  return day >= 1 && day <= days_of(year, month);
}

}  // namespace

std::optional<std::string> normal_date(std::string_view text) {
  std::string date(text);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (date.size() == kDicom && std::all_of(date.begin(), date.end(), is_digit)) {
    date = fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
  }
  if (date.size() != kYear && date.size() != kMonth && date.size() != kDay) return std::nullopt;
  for (std::size_t i = 0; i < date.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? date[i] != '-' : !is_digit(date[i])) return std::nullopt;
  }
  if (!exists(date)) return std::nullopt;
  return date;
}

std::string first_day(std::string_view date) {
  std::string day(date);
  if (day.size() == kYear) day += "-01";
  if (day.size() == kMonth) day += "-01";
  return day;
}

std::string last_day(std::string_view date) {
  std::string day(date);
  if (day.size() == kYear) day += "-12";
  if (day.size() == kMonth)
    day += fmt::format("-{:02}", days_of(value_of(date.substr(0, 4)), value_of(std::string_view(day).substr(5, 2))));
  return day;
}

}  // namespace mi2::archive::filter
