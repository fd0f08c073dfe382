#include "audit/entry.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"

namespace mi2::audit {
namespace {

void add(std::string& line, std::string_view name, std::string_view text) {
  if (!text.empty()) line += fmt::format(R"(,"{}":{})", name, base::json_string(text));
}

template <typename Number>
void add(std::string& line, std::string_view name, const std::optional<Number>& number) {
  if (number) line += fmt::format(R"(,"{}":{})", name, *number);
}

}  // namespace

std::string to_line(const Entry& entry, std::uint64_t number, std::string_view time, std::string_view previous) {
  std::string line = fmt::format(R"({{"n":{},"time":"{}")", number, time);
  add(line, "event", entry.event);
  add(line, "archive", entry.archive);
  add(line, "user", entry.user);
  add(line, "key", entry.key);
  add(line, "outcome", entry.outcome);
  if (entry.status != 0) line += fmt::format(R"(,"status":{})", entry.status);
  add(line, "item", entry.item);
  add(line, "study", entry.study);
  add(line, "card", entry.card);
  add(line, "query", entry.query);
  add(line, "to", entry.to);
  add(line, "found", entry.found);
  add(line, "searched", entry.searched);
  add(line, "snapshot", entry.snapshot);
  add(line, "request_id", entry.request_id);
  return line + fmt::format(R"(,"previous":"{}"}})", previous) + '\n';
}

}  // namespace mi2::audit
