// Any bytes as an evidence card and as a folder's chain of cards: an Error, or what is written back the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/cards/card.hpp"
#include "archive/cards/card_html.hpp"
#include "archive/cards/folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::archive::cards;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Card card = from_json(text, "fuzz");
    if (!text.starts_with(to_json(card)) || id_of(card) != card.id) std::abort();
    // The style has braces and comments of its own; whatever a card holds adds no element.
    const std::string page = to_html(card, {});
    if (page.find("<script") != std::string::npos || page.find("<img") != std::string::npos) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    const Chain chain = parse_chain(text, "fuzz");
    std::string again;
    for (const Link& link : chain.links) again += to_line(link);
    if (again != text.substr(0, chain.whole)) std::abort();
  } catch (const mi2::Error&) {
  }
  return 0;
}
