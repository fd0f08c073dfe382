#pragma once
// How wrong an IRMA code is: the error measure of ImageCLEF's medical annotation tasks.

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::evaluation {

inline constexpr std::size_t kIrmaAxes = 4;  ///< technique, direction, anatomy, biosystem: T, D, A, B

struct IrmaError {
  /// 0: right, 1: wrong from the first position on. Nothing where the truth begins with C, which is not judged.
  std::array<std::optional<double>, kIrmaAxes> axes;
  double image = 0;  ///< a quarter of their sum, 0 to 1
};

/// A mistake counts for more the nearer to the root it is and the fewer choices there were; all behind it is wrong,
/// too. An answer may be '*', "I do not say": half a mistake, and none where the truth is 0, "unspecified". Source: the
/// evaluation program of ImageCLEF 2008 and 2009, restated.
class IrmaMeasure {
 public:
  /// @param codes  that the table has, for each axis: "7", "70", "71".
  explicit IrmaMeasure(std::span<const std::vector<std::string>, kIrmaAxes> codes);

  /// @param truth, answer  as "1121-127-700-500"; small letters behind 9.
  /// @throws Error{kBadArgument} for codes of other axes or lengths, or a truth whose path the table does not have.
  [[nodiscard]] IrmaError error(std::string_view truth, std::string_view answer) const;

  /// Whether a code can be a truth: its form is right, and the table has its path on every axis that is judged.
  [[nodiscard]] bool has(std::string_view code) const;

 private:
  [[nodiscard]] double axis_error(std::size_t axis, std::string_view truth, std::string_view answer) const;
  [[nodiscard]] std::vector<std::size_t> choices_along(std::size_t axis, std::string_view truth) const;

  std::array<std::set<std::string, std::less<>>, kIrmaAxes> codes_;
};

}  // namespace mi2::evaluation
