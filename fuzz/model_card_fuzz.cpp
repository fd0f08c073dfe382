// Any bytes as a report of an evaluation, and as an account of energy: refused with mi2::Error, or a card in which
// nothing of them is markup.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "report/card_evaluation.hpp"
#include "report/document.hpp"
#include "report/model_card.hpp"

namespace {

/// Markdown that a reader takes for plain text has none of these without a backslash.
void check_plain(std::string_view markdown) {
  for (std::size_t i = 0; i < markdown.size(); ++i) {
    if (markdown[i] == '\\') {
      if (++i == markdown.size()) std::abort();
    } else if (std::string_view("<>|`[]*_\n\r").find(markdown[i]) != std::string_view::npos) {
      std::abort();
    }
  }
}

void write(const mi2::report::ModelCard& card) {
  check(card);
  const std::string markdown = to_markdown(card);
  if (markdown.find("\n---\n") == std::string::npos || markdown.find("<script") != std::string::npos) std::abort();
  if (to_html(card).find("<script") != std::string::npos || to_json(card).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_plain(report::escape_markdown(text));
  try {
    report::ModelCard card;
    card.name = text;
    card.evaluations.push_back(report::parse_card_evaluation(text, "fuzz"));
    write(card);
  } catch (const Error&) {
    // A refusal is an answer.
  }
  try {
    report::ModelCard card;
    card.energy.push_back({"training", text});
    write(card);
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
