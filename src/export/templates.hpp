#pragma once
// The text files of templates/, built into the program. A {{name}} in one is replaced by a value.

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace mi2::exporting {

struct Template {
  std::string_view path;  ///< below templates/: "mlflow/MLmodel"
  std::string_view text;
};

/// Every file of templates/.
std::span<const Template> templates();

using Values = std::map<std::string, std::string, std::less<>>;

/// The text with every {{name}} replaced. A line that holds nothing but names whose values are all empty goes.
/// @throws Error{kInternal} for a name without a value.
std::string filled(const Template& file, const Values& values);

}  // namespace mi2::exporting
