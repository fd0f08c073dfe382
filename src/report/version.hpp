#pragma once
// Which mi2 made a report.

#include <string_view>

namespace mi2::report {

inline constexpr std::string_view kVersion = MI2_VERSION;

}  // namespace mi2::report
