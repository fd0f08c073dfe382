#include "support/paths.hpp"

#include <cstdlib>

namespace mi2::test {

std::filesystem::path data_of(std::string_view folder) {
  return std::filesystem::path(MI2_SOURCE_DIR) / "tests" / folder / "data";
}

std::filesystem::path golden_data() { return data_of("golden"); }

std::filesystem::path golden_weights() {
  const char* variable = std::getenv("MI2_GOLDEN");
  return variable != nullptr ? variable : std::filesystem::path(MI2_SOURCE_DIR) / "build" / "golden";
}

std::filesystem::path starter_model() { return std::filesystem::path(MI2_SOURCE_DIR) / "models" / "starter"; }

std::filesystem::path shared_data() {
  const char* variable = std::getenv("MI2_SHARED_DATA");
  return variable != nullptr ? variable : MI2_SHARED_DATA;
}

}  // namespace mi2::test
