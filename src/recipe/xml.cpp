#include "recipe/xml.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::recipe {
namespace {

bool is_character_number(std::string_view text) noexcept {
  const bool hexadecimal = text.starts_with('x');
  if (hexadecimal) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (hexadecimal && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
  });
}

/// Goes once through a document and counts what a tree of it would hold. What stands in comments and CDATA is text.
class Scan {
 public:
  Scan(std::string_view text, std::string_view name, const XmlLimits& limits)
      : text_(text), name_(name), limits_(limits) {}

  void run() {
    std::size_t at = 0;
    while ((at = text_.find_first_of("<&", at)) != std::string_view::npos) {
      const std::string_view rest = text_.substr(at);
      if (rest.front() == '&') {
        at = reference(at);
      } else if (rest.starts_with("<!--")) {
        at = past("-->", at + 4);
      } else if (rest.starts_with("<![CDATA[")) {
        at = past("]]>", at);
      } else if (rest.starts_with("<?")) {
        at = past("?>", at);
      } else if (rest.starts_with("<!")) {
        fail("has a document type or declarations (<!..>), which are not read");
      } else {
        at = tag(at);
      }
    }
  }

 private:
  [[noreturn]] void fail(std::string_view what, Code code = Code::kBadFile) const {
    throw Error(code, fmt::format("{}: {}", name_, what));
  }

  void check(std::size_t count, std::size_t most, std::string_view what) const {
    if (count > most) fail(fmt::format("has more than {} {}, the limit", most, what), Code::kTooLarge);
  }

  [[nodiscard]] std::size_t past(std::string_view end, std::size_t from) const {
    const std::size_t at = text_.find(end, from);
    if (at == std::string_view::npos) fail(fmt::format("ends before a '{}' that it needs", end));
    return at + end.size();
  }

  [[nodiscard]] std::size_t reference(std::size_t at) const {
    constexpr std::size_t kLongest = 12;
    constexpr std::array<std::string_view, 5> kKnown{"amp", "lt", "gt", "quot", "apos"};
    const std::string_view rest = text_.substr(at + 1, kLongest);
    const std::size_t end = rest.find(';');
    const std::string_view word = rest.substr(0, end == std::string_view::npos ? 0 : end);
    const bool number = word.starts_with('#') && is_character_number(word.substr(1));
    if (!number && std::find(kKnown.begin(), kKnown.end(), word) == kKnown.end()) {
      fail("has an entity other than XML's own (&amp; and such), which is not read");
    }
    return at + end + 2;
  }

  std::size_t tag(std::size_t at) {
    check(++tags_, limits_.tags, "tags");
    const bool closes = text_.substr(at + 1).starts_with('/');
    char quote = 0;
    for (++at; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '&') {
        at = reference(at) - 1;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
        check(++attributes_, limits_.attributes, "attributes");
      } else if (c == '>') {
        break;
      }
    }
    if (at >= text_.size()) fail("ends inside a tag");
    if (closes) {
      depth_ -= depth_ > 0 ? 1 : 0;
    } else if (text_[at - 1] != '/') {
      check(++depth_, limits_.depth, "elements inside each other");
    }
    return at + 1;
  }

  std::string_view text_;
  std::string_view name_;
  XmlLimits limits_;
  std::size_t tags_ = 0;
  std::size_t attributes_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

void parse_xml(std::string_view text, std::string_view name, pugi::xml_document& document, const XmlLimits& limits) {
  if (text.size() > limits.bytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes of XML, the limit is {}", name, text.size(), limits.bytes));
  }
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  // The parser would guess at other encodings; what was scanned is what must be read.
  const std::size_t good = std::min(base::utf8_prefix(text), text.find('\0'));
  if (good < text.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: byte {} is no text in UTF-8, the encoding that is read", name, good + 1));
  }
  Scan(text, name, limits).run();
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8);
  if (!result) {
    throw Error(Code::kBadFile,
                fmt::format("{}: no well-formed XML: at byte {}: {}", name, result.offset + 1, result.description()));
  }
}

std::string_view local_name(std::string_view name) noexcept {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) noexcept {
  for (const pugi::xml_node& node : parent.children()) {
    if (local_name(node.name()) == name) return node;
  }
  return {};
}

}  // namespace mi2::recipe
