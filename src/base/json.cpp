#include "base/json.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/long_strings.hpp"

namespace mi2::base {
namespace {

using Json = nlohmann::json;

/// Follows the parser and stops it at what the rules forbid.
class Watch {
 public:
  explicit Watch(const JsonRules& rules) : rules_(rules) {}

  template <typename Value>
  void see(int depth, Json::parse_event_t event, const Value& value) {
    using Event = Json::parse_event_t;
    if (depth > rules_.max_depth) refuse(fmt::format("nested deeper than {} levels", rules_.max_depth));
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::object_end || event == Event::array_end) return;
    if (++values_ > rules_.max_values) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} JSON values", rules_.name, rules_.max_values));
    }
    if (event == Event::object_start) keys_.emplace_back();
    if (event != Event::key) return;
    std::unordered_set<std::string>& seen = keys_.back();
    if (!seen.insert(value.template get_ref<const std::string&>()).second) {
      refuse(fmt::format("member {} of an object has the key of an earlier one", seen.size() + 1));
    }
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw Error(rules_.fault, fmt::format("{}: {}", rules_.name, what));
  }

  const JsonRules& rules_;
  std::vector<std::unordered_set<std::string>> keys_;  ///< of the objects that are open
  std::size_t values_ = 0;
};

/// Where nlohmann gives a text up.
std::size_t error_byte(std::string_view text) {
  try {
    const Json ignored = Json::parse(text, [](int, Json::parse_event_t, Json&) { return false; });
  } catch (const Json::parse_error& error) {
    return error.byte;
  }
  return text.size();
}

[[noreturn]] void refuse_byte(const JsonRules& rules, std::size_t byte) {
  throw Error(rules.fault, fmt::format("{}: not valid JSON at byte {}", rules.name, byte));
}

[[noreturn]] void refuse_number(const JsonRules& rules) {
  throw Error(rules.fault, fmt::format("{}: not valid JSON: a number out of range", rules.name));
}

}  // namespace

void refuse_nul(std::string_view text, const JsonRules& rules) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    refuse_byte(rules, nul + 1);
  }
}

Json parse_json(std::string_view text, const JsonRules& rules) {
  refuse_nul(text, rules);
  Watch watch(rules);
  LongStrings strings(text);
  try {
    return Json::parse(strings.shortened(), [&](int depth, Json::parse_event_t event, Json& value) {
      watch.see(depth, event, value);
      strings.restore(event, value);
      return true;
    });
  } catch (const Json::parse_error& error) {
    refuse_byte(rules, strings.empty() ? error.byte : error_byte(text));
  } catch (const Json::exception&) {
    refuse_number(rules);
  }
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonRules& rules) {
  constexpr std::size_t kMostValues = 4096;
  using Ordered = nlohmann::ordered_json;
  refuse_nul(text, rules);
  JsonRules bounded = rules;
  bounded.max_values = std::min(rules.max_values, kMostValues);
  Watch watch(bounded);
  try {
    return Ordered::parse(text, [&](int depth, Ordered::parse_event_t event, Ordered& value) {
      watch.see(depth, event, value);
      return true;
    });
  } catch (const Ordered::parse_error& error) {
    refuse_byte(rules, error.byte);
  } catch (const Ordered::exception&) {
    refuse_number(rules);
  }
}

}  // namespace mi2::base
