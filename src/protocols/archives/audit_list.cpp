#include "protocols/archives/audit_list.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/served.hpp"
#include "audit/pages.hpp"
#include "base/comma_list.hpp"
#include "base/csv.hpp"
#include "base/json.hpp"
#include "base/nearest.hpp"
#include "protocols/archive_routes.hpp"
#include "protocols/archives/query.hpp"

namespace mi2::protocols::archives {
namespace {

constexpr std::size_t kMostLines = 10'000;
constexpr std::size_t kUsualLines = 100;
constexpr std::size_t kLongestValue = 256;

constexpr std::array<const char*, 18> kColumns{"n",       "time",   "event",    "archive",  "user",       "key",
                                               "outcome", "status", "item",     "study",    "card",       "query",
                                               "to",      "found",  "searched", "snapshot", "request_id", "previous"};

/// A day, or a time of it as far as a second's thousandths: the beginning of how lines have it.
std::string read_since(std::string text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.ddd";
  if (text.ends_with('Z')) text.pop_back();
  const auto fits = [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; };
  const bool whole = text.size() == 10 || text.size() == 16 || text.size() == 19 || text.size() == kForm.size();
  if (!whole || !std::equal(text.begin(), text.end(), kForm.begin(), fits)) {
    throw Error(Code::kBadArgument, "since: expected a day or a time in UTC, as 2026-11-25 or 2026-11-25T01:57:00Z");
  }
  return text;
}

std::vector<std::string> read_events(std::string_view text) {
  const std::span<const std::string> known = archive_events();
  std::vector<std::string> events;
  for (const std::string_view one : base::comma_parts(text)) {
    if (std::find(known.begin(), known.end(), one) == known.end()) {
      const std::string near = base::nearest(one, known);
      throw Error(Code::kBadArgument, near.empty() ? fmt::format("event: expected some of {}", fmt::join(known, ", "))
                                                   : fmt::format("event: did you mean {}?", near));
    }
    events.emplace_back(one);
  }
  return events;
}

bool wants_csv(const std::map<std::string, std::string, std::less<>>& query, std::string_view accept) {
  const auto format = query.find("format");
  if (format == query.end()) return accept.find("text/csv") != std::string_view::npos;
  if (format->second != "csv" && format->second != "json") {
    throw Error(Code::kBadArgument, "format: expected json or csv");
  }
  return format->second == "csv";
}

audit::Wanted read_wanted(const Asked& asked, const std::map<std::string, std::string, std::less<>>& query) {
  audit::Wanted wanted;
  wanted.archive = asked.name;
  wanted.limit = kUsualLines;
  for (const auto& [name, value] : query) {
    if (value.size() > kLongestValue) {
      throw Error(Code::kBadArgument, fmt::format("{}: expected at most {} bytes", name, kLongestValue));
    }
    if (name == "since") wanted.since = read_since(value);
    if (name == "event") wanted.events = read_events(value);
    if (name == "user") wanted.user = value;
    if (name == "key") wanted.key = value;
    if (name == "study") wanted.study = asked.served->query_name(value);
    if (name == "item") wanted.item = read_number(value, "item", 0, 0xFFFF'FFFF);
    if (name == "limit") wanted.limit = static_cast<std::size_t>(read_number(value, "limit", 1, kMostLines));
    if (name == "cursor") wanted.from = audit::parse_place(value);
  }
  return wanted;
}

/// A value as a spreadsheet may have it: a text that looks like a formula stays a text.
std::string csv_value(const nlohmann::json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  constexpr std::string_view kFormula = "=+-@\t\r";
  const bool formula = !text.empty() && kFormula.find(text.front()) != std::string_view::npos;
  return base::csv_field(formula ? '\'' + text : text);
}

std::string csv_of(const audit::Page& page) {
  std::string text = fmt::format("{}\n", fmt::join(kColumns, ","));
  for (const std::string& line : page.lines) {
    const nlohmann::json read = base::parse_json(line, {.name = "line", .fault = Code::kBadFile});
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if (i > 0) text += ',';
      if (const auto value = read.find(kColumns.at(i)); value != read.end()) text += csv_value(*value);
    }
    text += '\n';
  }
  return text;
}

std::string json_of(const audit::Page& page) {
  std::string text = fmt::format(R"({{"entries": [{}], "more": {}, "damaged": {})", fmt::join(page.lines, ",\n"),
                                 page.next.has_value(), page.damaged);
  if (page.next) text += fmt::format(R"(, "cursor": "{}")", audit::to_text(*page.next));
  return text + '}';
}

}  // namespace

RequestPlan audit_list(const Asked& asked, const HttpRequest& request) {
  static const std::vector<std::string> kKnown{"since", "event", "user",   "key",   "study",
                                               "item",  "limit", "cursor", "format"};
  if (asked.audit.empty()) throw Error(Code::kNotFound, "this server keeps no audit list; mi2 serve --audit DIR");
  const auto query = read_query(request.query, kKnown);
  const bool csv = wants_csv(query, request.header("accept"));
  RequestPlan plan;
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.finish = [asked, csv, wanted = read_wanted(asked, query), record = plan.archive](const Vectors&) {
    HttpResponse answer;
    answer.headers.emplace_back("cache-control", "no-store");
    guarded(*record, {}, [&] {
      const audit::Page page = audit::read_page(asked.audit, wanted);
      answer.body = csv ? csv_of(page) : json_of(page);
      if (csv) answer.content_type = "text/csv; charset=utf-8";
      if (csv && page.next) answer.headers.emplace_back("x-mi2-cursor", audit::to_text(*page.next));
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
