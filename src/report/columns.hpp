#pragma once
// What the columns of the tables may be called.

#include <array>
#include <string_view>

namespace mi2::report {

inline constexpr std::array<std::string_view, 7> kIdColumn{"id", "path", "file", "image", "name", "filename", "input"};
inline constexpr std::array<std::string_view, 2> kSexColumn{"sex", "gender"};
inline constexpr std::array<std::string_view, 1> kAgeColumn{"age"};
inline constexpr std::array<std::string_view, 1> kScoreColumn{"score"};

}  // namespace mi2::report
