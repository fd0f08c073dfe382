#include "text/resources.hpp"

#include <cstddef>

extern "C" {
extern const char mi2_text_merges[], mi2_text_merges_end[];
extern const char mi2_text_html_entities[], mi2_text_html_entities_end[];
extern const char mi2_text_char_classes[], mi2_text_char_classes_end[];
extern const char mi2_text_charmaps[], mi2_text_charmaps_end[];
}

namespace mi2::text {
namespace {

std::string_view between(const char* first, const char* last) noexcept {
  return {first, static_cast<std::size_t>(last - first)};
}

}  // namespace

std::string_view builtin_merges() noexcept { return between(mi2_text_merges, mi2_text_merges_end); }
std::string_view builtin_html_entities() noexcept {
  return between(mi2_text_html_entities, mi2_text_html_entities_end);
}
std::string_view builtin_char_classes() noexcept { return between(mi2_text_char_classes, mi2_text_char_classes_end); }
std::string_view builtin_charmaps() noexcept { return between(mi2_text_charmaps, mi2_text_charmaps_end); }

}  // namespace mi2::text
