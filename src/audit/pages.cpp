#include "audit/pages.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "audit/entry.hpp"
#include "audit/files.hpp"
#include "base/file_at.hpp"
#include "base/json.hpp"

namespace mi2::audit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kBlock = 256U << 10;  ///< read at a time

template <typename Number>
Number number_in(std::string_view text) {
  Number number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) {
    throw Error(Code::kBadArgument, "cursor: expected one of an answer before");
  }
  return number;
}

bool has(const json& line, const char* name, std::string_view wanted) {
  if (wanted.empty()) return true;
  const auto found = line.find(name);
  return found != line.end() && found->is_string() && found->get_ref<const std::string&>() == wanted;
}

std::string_view text_of(const json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? std::string_view(found->get_ref<const std::string&>())
                                                   : std::string_view();
}

bool has_item(const json& line, std::optional<std::uint64_t> wanted) {
  if (!wanted) return true;
  const auto found = line.find("item");
  return found != line.end() && found->is_number_unsigned() && found->get<std::uint64_t>() == *wanted;
}

bool has_event(const json& line, const std::vector<std::string>& wanted) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), text_of(line, "event")) != wanted.end();
}

/// Takes lines from the last one on.
class Taking {
 public:
  explicit Taking(const Wanted& wanted) : wanted_(wanted) {}

  /// @param end  where the line begins: whoever goes on does so before it. @returns whether more are wanted.
  bool take(std::string_view line, const Place& end) {
    read_ += line.size() + 1;
    json parsed = json::object();
    try {
      parsed = base::parse_json(line, {.name = "line", .fault = Code::kBadFile, .max_values = 256, .max_depth = 4});
    } catch (const Error&) {
      ++page_.damaged;
    }
    if (!parsed.is_object()) parsed = json::object();
    const std::string_view time = text_of(parsed, "time");
    if (!time.empty() && time < std::string_view(wanted_.since)) {
      over_ = true;
      return false;
    }
    if (fits(parsed)) page_.lines.emplace_back(line);
    if (page_.lines.size() < wanted_.limit && read_ < kMostRead) return true;
    page_.next = end;
    return false;
  }

  [[nodiscard]] bool over() const noexcept { return over_ || page_.next.has_value(); }
  Page finish() { return std::move(page_); }

 private:
  [[nodiscard]] bool fits(const json& line) const {
    return line.contains("n") && has(line, "archive", wanted_.archive) && has_event(line, wanted_.events) &&
           has(line, "user", wanted_.user) && has(line, "key", wanted_.key) && has(line, "study", wanted_.study) &&
           has_item(line, wanted_.item);
  }

  const Wanted& wanted_;
  Page page_;
  std::uint64_t read_ = 0;
  bool over_ = false;
};

/// The lines of a file from its end, or an earlier place, to its start.
void read_file(const fs::path& folder, std::uint32_t number, std::optional<std::uint64_t> from, Taking& taking) {
  const fs::path path = file_of(folder, number);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(path, "cannot be read");
  std::uint64_t begin = size_of(file, path);
  if (from) begin = std::min(begin, *from);
  // `text` are the bytes from `begin` on that are not taken yet. What a line that is being written has is left out.
  std::string text;
  bool whole = false;
  while (begin > 0) {
    const std::uint64_t step = std::min(begin, kBlock);
    std::string block(static_cast<std::size_t>(step), '\0');
    if (!base::read_at(file.get(), std::as_writable_bytes(std::span(block)), begin - step))
      fail(path, "cannot be read");
    begin -= step;
    text.insert(0, block);
    if (!whole) {
      const std::size_t end = text.rfind('\n');
      text.resize(end == std::string::npos ? 0 : end + 1);
      if (text.empty()) continue;
      whole = true;
    }
    for (;;) {
      // The end of the line before the last one.
      const std::size_t before = text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
      if (before == std::string::npos && begin > 0) break;
      const std::size_t start = before == std::string::npos ? 0 : before + 1;
      if (text.empty()) break;
      const std::string_view line = std::string_view(text).substr(start, text.size() - start - 1);
      if (!taking.take(line, {number, begin + start})) return;
      text.resize(start);
    }
    // No line is as long: bytes that nobody wrote are not gathered.
    if (text.size() > kBlock + kLongestLine) text.clear();
  }
}

}  // namespace

std::string to_text(const Place& place) { return fmt::format("1.{}.{}", place.file, place.byte); }

Place parse_place(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.substr(0, first) != "1") {
    throw Error(Code::kBadArgument, "cursor: expected one of an answer before");
  }
  return {number_in<std::uint32_t>(text.substr(first + 1, second - first - 1)),
          number_in<std::uint64_t>(text.substr(second + 1))};
}

Page read_page(const fs::path& folder, const Wanted& wanted) {
  Taking taking(wanted);
  std::vector<std::uint32_t> numbers = numbers_in(folder);
  for (auto it = numbers.rbegin(); it != numbers.rend() && !taking.over(); ++it) {
    if (wanted.from && *it > wanted.from->file) continue;
    const bool here = wanted.from && *it == wanted.from->file;
    read_file(folder, *it, here ? std::optional(wanted.from->byte) : std::nullopt, taking);
  }
  return taking.finish();
}

}  // namespace mi2::audit
