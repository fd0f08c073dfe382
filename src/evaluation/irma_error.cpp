#include "evaluation/irma_error.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::evaluation {
namespace {

constexpr double kOpen = 0.5;
constexpr double kWrong = 1.0;

std::array<std::string_view, kIrmaAxes> axes_of(std::string_view code, std::string_view what) {
  std::array<std::string_view, kIrmaAxes> axes;
  std::size_t found = 0;
  while (true) {
    const std::size_t end = std::min(code.find('-'), code.size());
    if (found == kIrmaAxes || end == 0) {
      throw Error(Code::kBadArgument,
                  fmt::format("the {} is no IRMA code; expected {} groups of digits and small letters, "
                              "such as 1121-127-700-500",
                              what, kIrmaAxes));
    }
    axes[found++] = code.substr(0, end);
    if (end == code.size()) break;
    code.remove_prefix(end + 1);
  }
  if (found != kIrmaAxes) {
    throw Error(Code::kBadArgument,
                fmt::format("the {} is no IRMA code; expected {} groups, got {}", what, kIrmaAxes, found));
  }
  return axes;
}

/// What a position costs, as a part of what it could. Once wrong, always wrong; once open, always open.
class Walk {
 public:
  double step(char truth, char answer) {
    if (wrong_) return kWrong;
    if (truth == '0' && answer == '*') {
      open_ = true;
      return 0;
    }
    if (open_ || answer == '*') {
      open_ = true;
      return kOpen;
    }
    wrong_ = truth != answer;
    return wrong_ ? kWrong : 0;
  }

 private:
  bool open_ = false;
  bool wrong_ = false;
};

}  // namespace

IrmaMeasure::IrmaMeasure(std::span<const std::vector<std::string>, kIrmaAxes> codes) {
  for (std::size_t i = 0; i < kIrmaAxes; ++i) codes_[i].insert(codes[i].begin(), codes[i].end());
}

/// At each position, how many codes there are one level below the part before it.
std::vector<std::size_t> IrmaMeasure::choices_along(std::size_t axis, std::string_view truth) const {
  const auto& codes = codes_[axis];
  std::vector<std::size_t> choices;
  std::string node;
  for (const char digit : truth) {
    std::size_t below = 0;
    for (auto code = codes.upper_bound(node); code != codes.end() && code->starts_with(node); ++code) {
      if (code->size() == node.size() + 1) ++below;
    }
    // A 0 past the table leaves no choice, and stays where it is.
    choices.push_back(below == 0 && digit == '0' ? 1 : below);
    if (below > 0) node += digit;
    // "Unspecified" need not be in the table; anything else has to.
    if (choices.back() == 0 || (digit != '0' && !codes.contains(node))) {
      throw Error(Code::kBadArgument, fmt::format("axis {} of the truth is no code of the table", axis + 1));
    }
  }
  return choices;
}

double IrmaMeasure::axis_error(std::size_t axis, std::string_view truth, std::string_view answer) const {
  if (truth.size() != answer.size()) {
    throw Error(Code::kBadArgument,
                fmt::format("axis {}: the truth has {} digits, the answer {}", axis + 1, truth.size(), answer.size()));
  }
  const std::vector<std::size_t> choices = choices_along(axis, truth);
  Walk walk;
  double sum = 0;
  double most = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double weight = 1.0 / (static_cast<double>(i + 1) * static_cast<double>(choices[i]));
    sum += weight * walk.step(truth[i], answer[i]);
    most += weight;
  }
  return sum / most;
}

IrmaError IrmaMeasure::error(std::string_view truth, std::string_view answer) const {
  constexpr double kShare = 1.0 / kIrmaAxes;
  const auto wanted = axes_of(truth, "truth");
  const auto given = axes_of(answer, "answer");
  IrmaError error;
  for (std::size_t i = 0; i < kIrmaAxes; ++i) {
    if (wanted[i].starts_with('C')) continue;
    error.axes[i] = axis_error(i, wanted[i], given[i]);
    error.image += kShare * *error.axes[i];
  }
  return error;
}

bool IrmaMeasure::has(std::string_view code) const {
  try {
    static_cast<void>(error(code, code));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace mi2::evaluation
