#pragma once
// What the plain texts of a YAML file mean.

#include <optional>
#include <string_view>

namespace mi2::yaml {

/// Also reads quoted numbers and "1e-5", which YAML 1.1 takes for text. @returns nothing if it is no finite number.
std::optional<double> to_number(std::string_view text);

/// true, yes, on and their opposites, in lower case, capitalised or (true, false) in capitals.
std::optional<bool> to_flag(std::string_view text);

}  // namespace mi2::yaml
