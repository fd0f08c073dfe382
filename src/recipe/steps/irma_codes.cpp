#include "recipe/steps/irma_codes.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::recipe {
namespace {

constexpr std::array<std::size_t, kIrmaAxes> kLengths{4, 3, 3, 3};
constexpr std::size_t kDirection = 1;
constexpr std::size_t kAnatomy = 2;
constexpr std::size_t kLongestLabel = 1000;
constexpr std::string_view kCodeLetters = "0123456789abcdefghijklmnopqrstuvwxyz";

bool are_digits(std::string_view code) {
  return !code.empty() && code.find_first_not_of(kCodeLetters) == std::string_view::npos;
}

/// Lines of a text, with where they stand.
class Lines {
 public:
  Lines(std::string_view text, std::string_view name) : rest_(text), name_(name) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }
  /// The next that is not empty, without blanks around.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      const std::string_view line = base::without_blanks(rest_.substr(0, end), " \t\r");
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      if (!line.empty()) return line;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::size_t number() const { return number_; }
  [[noreturn]] void fail(Code code, std::string_view what) const {
    throw Error(code, fmt::format("{}: line {}: {}", name_, number_, what));
  }

 private:
  std::string_view rest_;
  std::string_view name_;
  std::size_t number_ = 0;
};

void add_code(IrmaAxis& axis, std::string_view code, std::string_view label, const Lines& lines) {
  if (axis.size() == kMostIrmaCodes) lines.fail(Code::kTooLarge, fmt::format("more than {} codes", kMostIrmaCodes));
  const std::size_t longest = *std::ranges::max_element(kLengths);
  std::string key = base::lower_ascii(base::without_blanks(code));
  if (!are_digits(key) || key.size() > longest) {
    lines.fail(Code::kBadFile, fmt::format("expected a code of one to {} digits or letters", longest));
  }
  if (label.size() > kLongestLabel) lines.fail(Code::kTooLarge, fmt::format("a label over {} bytes", kLongestLabel));
  if (!axis.emplace(std::move(key), base::replace_invalid_utf8(base::without_blanks(label))).second) {
    lines.fail(Code::kBadFile, "a code that the axis has already");
  }
}

/// The labels from the axis's root to the code.
std::optional<std::string> labels_along(const IrmaAxis& axis, std::string_view code) {
  constexpr std::string_view kUnspecified = "unspecified";
  std::string text;
  std::string_view last;
  for (std::size_t length = 1; length <= code.size(); ++length) {
    const auto found = axis.find(code.substr(0, length));
    if (found == axis.end()) {
      // Past the table there is nothing to say but 0.
      if (code.find_first_not_of('0', length - 1) != std::string_view::npos) return std::nullopt;
      break;
    }
    const std::string_view label = found->second;
    if (label.empty() || (label == kUnspecified && last == kUnspecified)) continue;
    if (!text.empty()) text += ' ';
    text += label;
    last = label;
  }
  return text;
}

std::optional<std::array<std::string_view, kIrmaAxes>> axes_of(std::string_view code) {
  std::array<std::string_view, kIrmaAxes> axes;
  for (std::size_t i = 0; i < kIrmaAxes; ++i) {
    const std::size_t end = std::min(code.find('-'), code.size());
    axes[i] = code.substr(0, end);
    if (axes[i].size() != kLengths[i] || !are_digits(axes[i])) return std::nullopt;
    const bool is_last = i + 1 == kIrmaAxes;
    if (is_last != (end == code.size())) return std::nullopt;
    if (!is_last) code.remove_prefix(end + 1);
  }
  return axes;
}

/// All codes of an axis by their texts; of several with one text what they have in common, the rest open.
std::map<std::string, std::string, std::less<>> codes_by_text(const IrmaAxis& axis, std::size_t length) {
  std::map<std::string, std::string, std::less<>> codes;
  for (const auto& [code, label] : axis) {
    if (code.size() > length) continue;
    std::string whole = code + std::string(length - code.size(), '0');
    auto text = labels_along(axis, whole);
    if (!text) continue;
    const auto [known, is_new] = codes.emplace(std::move(*text), whole);
    if (is_new || known->second == whole) continue;
    const auto differs = std::ranges::mismatch(known->second, whole).in1;
    std::fill(differs, known->second.end(), '*');
  }
  return codes;
}

}  // namespace

IrmaTable parse_irma_table(std::string_view text, std::string_view name) {
  IrmaTable table;
  Lines lines(text, name);
  std::size_t axes = 0;
  while (const auto line = lines.next()) {
    if (line->starts_with("**")) {
      if (axes == kIrmaAxes) lines.fail(Code::kBadFile, fmt::format("expected {} axes, got more", kIrmaAxes));
      ++axes;
      continue;
    }
    const std::size_t close = line->find(']');
    if (!line->starts_with('[') || close == std::string_view::npos || axes == 0) {
      lines.fail(Code::kBadFile, axes == 0 ? "expected '** NAME', which begins an axis" : "expected '[CODE] LABEL'");
    }
    add_code(table[axes - 1], line->substr(1, close - 1), line->substr(close + 1), lines);
  }
  if (axes != kIrmaAxes) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected {} axes, each begun by '** NAME', got {}", name, kIrmaAxes, axes));
  }
  return table;
}

IrmaAxis parse_irma_axis(std::string_view text, std::string_view name) {
  IrmaAxis axis;
  Lines lines(text, name);
  bool first = true;
  while (const auto line = lines.next()) {
    const std::size_t semicolon = line->find(';');
    if (semicolon == std::string_view::npos) lines.fail(Code::kBadFile, "expected 'CODE;LABEL'");
    const std::string_view code = base::without_blanks(line->substr(0, semicolon), " \t\"");
    const bool is_header = std::exchange(first, false) && base::lower_ascii(code) == "code";
    // Spreadsheets end in rows of nothing.
    if (is_header || code.empty()) continue;
    add_code(axis, code, base::without_blanks(line->substr(semicolon + 1), " \t\";"), lines);
  }
  if (axis.empty()) throw Error(Code::kBadFile, fmt::format("{}: has no code", name));
  return axis;
}

IrmaTable find_irma_table(const Listing& files) {
  static const std::array<std::string, 3> kWhole{"code-2008-04-14.txt", "irma-code.txt", "code.txt"};
  if (const auto path = files.find(kWhole)) return parse_irma_table(files.text(*path, kMostIrmaTableBytes), *path);
  IrmaTable table;
  static const std::array<std::string, kIrmaAxes> kAxes{"A.csv", "B.csv", "C.csv", "D.csv"};
  for (std::size_t i = 0; i < kIrmaAxes; ++i) {
    const auto path = files.find(std::span(&kAxes[i], 1));
    if (!path) {
      throw Error(Code::kNotFound,
                  fmt::format("{}: no table of the IRMA code; expected '{}', or '{}', '{}', '{}' and '{}'",
                              files.root().string(), kWhole[0], kAxes[0], kAxes[1], kAxes[2], kAxes[3]));
    }
    table[i] = parse_irma_axis(files.text(*path, kMostIrmaTableBytes), *path);
  }
  return table;
}

IrmaTexts::IrmaTexts(const IrmaTable& table)
    : directions_(codes_by_text(table[kDirection], kLengths[kDirection])),
      anatomies_(codes_by_text(table[kAnatomy], kLengths[kAnatomy])) {}

std::optional<std::string> IrmaTexts::code_of(std::string_view text) const {
  constexpr std::string_view kBetween = ", ";
  for (std::size_t at = text.find(kBetween); at != std::string_view::npos; at = text.find(kBetween, at + 1)) {
    const auto anatomy = anatomies_.find(text.substr(0, at));
    const auto direction = directions_.find(text.substr(at + kBetween.size()));
    if (anatomy == anatomies_.end() || direction == directions_.end()) continue;
    return fmt::format("{}-{}-{}-{}", std::string(kLengths.front(), '*'), direction->second, anatomy->second,
                       std::string(kLengths.back(), '*'));
  }
  return std::nullopt;
}

bool is_irma_code(std::string_view code) { return axes_of(code).has_value(); }

std::optional<std::string> irma_text(const IrmaTable& table, std::string_view code) {
  const auto axes = axes_of(code);
  if (!axes) return std::nullopt;
  const auto anatomy = labels_along(table[kAnatomy], (*axes)[kAnatomy]);
  const auto direction = labels_along(table[kDirection], (*axes)[kDirection]);
  if (!anatomy || !direction) return std::nullopt;
  return fmt::format("{}, {}", *anatomy, *direction);
}

}  // namespace mi2::recipe
