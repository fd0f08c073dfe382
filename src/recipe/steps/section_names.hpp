#pragma once
// What sections of reports are called.

#include <cstdint>
#include <string>
#include <string_view>

namespace mi2::recipe {

/// As the makers of MIMIC-CXR read a header: in small letters, a usual word for each, and what is none of theirs as it
/// stands.
std::string official_name(std::string_view header);

enum class HeaderKind : std::uint8_t {
  kSection,  ///< of a known name
  kView,     ///< "CHEST, TWO VIEWS": findings, unless it stands inside them
  kHeading,  ///< capitals that are neither
};
struct HeaderName {
  std::string name;
  HeaderKind kind = HeaderKind::kHeading;
};
/// As a person reads a header: misspelt ones are what they are nearest to.
HeaderName read_header(std::string_view header);

/// Whether a name in small letters is a usual one exactly.
bool is_usual_name(std::string_view name);

}  // namespace mi2::recipe
