// Files of rights and of heads, cursors (of audit lists too), queries, Accept headers and bodies of STOW-RS to
// archives: an Error or what was read, nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "audit/pages.hpp"
#include "protocols/archives/cards.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/head.hpp"
#include "protocols/archives/judgement.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/multipart.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::protocols::archives;
  static const std::vector<std::string> names{"chest", "brain"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Rights rights = Rights::parse(text, "fuzz", names);
    for (const std::string_view caller : {"", "\nalice\nnorth\nsouth"}) {
      const Right right = rights.of(caller, "chest");
      const bool more = right.paths || right.remove || right.add || right.push || right.administer;
      if (more && !right.search) std::abort();
      if ((right.add || right.push || right.administer) && right.rows) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  try {
    constexpr std::size_t kMost = 1000;
    const Cursor cursor = parse_cursor(text, kMost);
    if (cursor.shown > kMost || cursor.at <= 0) std::abort();
    const Cursor again = parse_cursor(to_text(cursor), kMost);
    if (again.last.score != cursor.last.score || again.query != cursor.query) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    const std::string head = to_json(parse_head(text, "fuzz"));
    if (to_json(parse_head(head, "fuzz")) != head) std::abort();
    const mi2::audit::Place place = mi2::audit::parse_place(text);
    if (mi2::audit::parse_place(mi2::audit::to_text(place)) != place) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    for (const auto& [name, value] : read_query(text, names)) {
      if (name != "chest" && name != "brain") std::abort();
      if (value.size() > size) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  for (const Judging judging : {Judging::kOutliers, Judging::kDrift, Judging::kTags, Judging::kDups}) {
    mi2::protocols::HttpRequest request;
    request.query = text;
    try {
      if (!judgement_body(judging, request).is_object()) std::abort();
    } catch (const mi2::Error&) {
    }
  }
  if (wants_page(std::string(text) + ",application/json")) std::abort();
  try {
    constexpr std::size_t kMost = 8;
    constexpr std::string_view kType = R"(multipart/related; type="application/dicom"; boundary=b)";
    const auto parts = mi2::protocols::parse_related(text, kType, "application/dicom", kMost);
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.body.size();
    if (parts.size() > kMost || bytes > size) std::abort();
  } catch (const mi2::Error&) {
  }
  return 0;
}
