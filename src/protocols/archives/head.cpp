#include "protocols/archives/head.hpp"

#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/json_reader.hpp"
#include "base/json_text.hpp"

namespace mi2::protocols::archives {
namespace {

constexpr std::size_t kIdDigits = 32;
constexpr std::int64_t kMostItem = 0xFFFF'FFFF;
constexpr std::int64_t kMostSnapshot = std::int64_t{1} << 53;

std::vector<LabelledItem> read_items(const adapter::JsonReader& head) {
  const Json& list = head.get("items");
  if (!list.is_array() || list.size() > kMostLabelled) {
    head.refuse("items", fmt::format("expected a list of at most {}", kMostLabelled));
  }
  std::vector<LabelledItem> items;
  for (const Json& one : list) {
    const adapter::JsonReader reader(one, head.file(), fmt::format("items {}", items.size() + 1));
    reader.allow({"item", "label"});
    items.push_back({static_cast<std::uint64_t>(reader.integer("item", 0, kMostItem)), reader.text("label")});
  }
  return items;
}

}  // namespace

bool is_head_id(std::string_view text) noexcept {
  return text.size() == kIdDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string to_json(const Head& head) {
  Json items = Json::array();
  for (const LabelledItem& one : head.items) items.push_back({{"item", one.item}, {"label", one.label}});
  const Json json{{"head", kHeadFormat},       {"id", head.id},     {"archive", head.archive},
                  {"rows", head.rows},         {"name", head.name}, {"made_at", head.made_at},
                  {"snapshot", head.snapshot}, {"items", items},    {"report", head.report}};
  return json.dump() + '\n';
}

Head parse_head(std::string_view text, std::string_view name) {
  if (text.size() > kMaxHeadBytes) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: expected at most {} bytes, got {}", name, kMaxHeadBytes, text.size()));
  }
  const Json json = adapter::parse_json(text, name);
  const adapter::JsonReader reader(json, name, "");
  reader.allow({"head", "id", "archive", "rows", "name", "made_at", "snapshot", "items", "report"});
  static_cast<void>(reader.integer("head", kHeadFormat, kHeadFormat));
  Head head{reader.text("id"),
            reader.text("archive"),
            reader.text("rows"),
            reader.text("name"),
            reader.text("made_at"),
            0,
            {},
            {}};
  if (!is_head_id(head.id)) reader.refuse("id", fmt::format("expected {} hexadecimal digits", kIdDigits));
  head.snapshot = reader.integer("snapshot", 0, kMostSnapshot);
  head.items = read_items(reader);
  head.report = reader.get("report");
  if (!head.report.is_object()) reader.refuse("report", "expected an object");
  return head;
}

}  // namespace mi2::protocols::archives
