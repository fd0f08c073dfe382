#pragma once
// Long strings in JSON, past the parser: it takes a text letter by letter, and an image is a million letters of base64.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace mi2::base {

/// A text whose long strings of plain ASCII, keys apart, are cut out, and put back while what is left is parsed. What
/// is left is JSON exactly if the whole text is; only positions in it differ.
class LongStrings {
 public:
  /// @param text  outlives this.
  explicit LongStrings(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return cuts_.empty(); }
  /// To be parsed in the text's place: every long string is empty.
  [[nodiscard]] std::string_view shortened() const noexcept { return cuts_.empty() ? text_ : shortened_; }
  /// To be called with every event of that parse.
  void restore(nlohmann::json::parse_event_t event, nlohmann::json& value);

 private:
  struct Cut {
    std::size_t number;  ///< of the string, among all of the text
    std::string_view content;
  };

  std::string_view text_;
  std::string shortened_;
  std::vector<Cut> cuts_;
  std::size_t string_ = 0;  ///< how many the parser has met
  std::size_t cut_ = 0;     ///< how many were put back
};

}  // namespace mi2::base
