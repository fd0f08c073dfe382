// Recipes of users, and the patterns in them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "recipe/pattern.hpp"
#include "recipe/recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const mi2::recipe::Recipe recipe = mi2::recipe::parse_recipe(text, "name", "recipe.yaml");
    for (const mi2::recipe::Source& source : recipe.rows) {
      for (const std::string& pattern : source.patterns) {
        static_cast<void>(mi2::recipe::Pattern(pattern).match("a/images/train/CNV-12 (3)_mask_1.png"));
      }
    }
  } catch (const mi2::Error&) {  // refused in words
  }
  return 0;
}
