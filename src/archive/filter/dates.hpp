#pragma once
// Days, months and years as a filter names them.

#include <optional>
#include <string>
#include <string_view>

namespace mi2::archive::filter {

/// "2020", "2020-05" or "2020-05-17" of such a text, or of "20200517"; nothing for another, or a day that never was.
std::optional<std::string> normal_date(std::string_view text);

/// The first day of a normal_date(), as "2020-05-01".
std::string first_day(std::string_view date);
/// The last one, as "2020-05-31".
std::string last_day(std::string_view date);

}  // namespace mi2::archive::filter
