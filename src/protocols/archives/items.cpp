#include "protocols/archives/items.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "base/hash.hpp"
#include "protocols/archives/query.hpp"

namespace mi2::protocols::archives {

archive::ItemFacts visible_item(archive::Reader& reader, const Right& right, std::uint64_t row) {
  std::optional<archive::ItemFacts> found = reader.find_item(row);
  if (!found || (right.rows && !reader.catalog().allows(row, *right.rows))) {
    throw Error(Code::kNotFound, "item: there is none of this number");
  }
  return *std::move(found);
}

bool has_tag(std::string_view header, std::string_view tag) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view one = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

std::uint64_t item_number(const std::string& text) { return read_number(text, "item", 0, 0xFFFF'FFFF); }

RequestPlan item(const Asked& asked, const std::string& number) {
  const std::uint64_t row = item_number(number);
  return look(asked, [right = asked.right, row](archive::Reader& reader) {
    const archive::ItemFacts found = visible_item(reader, right, row);
    std::string text = fmt::format(R"({{{}, "kind": "{}", "snapshot": {})", archive::item_json(found, right.paths),
                                   found.kind == "frame" ? "image" : found.kind, reader.sequence());
    if (found.position) text += fmt::format(R"(, "position": {})", *found.position);
    return text + '}';
  });
}

RequestPlan thumb(const Asked& asked, const HttpRequest& request, const std::string& number) {
  const std::uint64_t row = item_number(number);
  const std::string known(request.header("if-none-match"));
  return look(asked, [right = asked.right, row, known](archive::Reader& reader, HttpResponse& answer) {
    static_cast<void>(visible_item(reader, right, row));
    const std::optional<std::vector<std::byte>> file = reader.thumbnail(row);
    if (!file) throw Error(Code::kNotFound, "thumb: this item has none");
    const std::string tag = fmt::format(R"("{}")", base::sha256_hex(*file).substr(0, 32));
    answer.headers.emplace_back("etag", tag);
    // Whoever shows it again asks first: rights end, and what was erased is gone.
    answer.headers.emplace_back("cache-control", "private, no-cache");
    answer.headers.emplace_back("x-content-type-options", "nosniff");
    answer.content_type = {};
    if (has_tag(known, tag)) {
      answer.status = 304;
      return;
    }
    answer.content_type = "image/webp";
    answer.body.assign(reinterpret_cast<const char*>(file->data()), file->size());
  });
}

}  // namespace mi2::protocols::archives
