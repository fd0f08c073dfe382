#include "choices.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/table.hpp"
#include "suggest.hpp"

namespace mi2::cli {

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
            double number = 0;
            if (CLI::detail::lexical_cast(value, number) && number >= low && number <= high) return {};
            return fmt::format("expected a number from {} to {}, got {}", low, high, value);
          },
          "", ""};
}

}  // namespace mi2::cli
