#include "protocols/request.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/base64.hpp"
#include "base/blanks.hpp"

namespace mi2::protocols {
namespace {

constexpr std::size_t kMaxUrl = 4096;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_url(std::string_view text) {
  const std::string start = lower(text.substr(0, 8));
  return start.starts_with("http://") || start.starts_with("https://");
}

/// The host of an http(s) URL in lower case, without the port; empty if the URL is not one a program should follow.
std::string host_of(std::string_view url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F' && c != '\\'; });
  if (url.size() > kMaxUrl || !plain) return {};
  std::string_view rest = url.substr(url.find("//") + 2);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  // A user's name before the host is how "https://allowed@other/" misleads a reader.
  if (rest.find('@') != std::string_view::npos) return {};
  if (rest.starts_with('[')) return lower(rest.substr(0, rest.find(']') + 1));
  return lower(rest.substr(0, rest.find(':')));
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* end = text.data() + std::min(i + 3, text.size());
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(text.data() + i + 1, end, value, 16).ptr == end) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

}  // namespace

std::string media_type(const HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  return lower(base::without_blanks(type.substr(0, type.find(';'))));
}

void check_charset(const HttpRequest& request) {
  const std::string type = lower(request.header("content-type"));
  const std::size_t at = type.find("charset=");
  if (at == std::string::npos) return;
  std::string_view charset = std::string_view(type).substr(at + 8);
  charset = base::without_blanks(charset.substr(0, charset.find(';')));
  if (charset != "utf-8" && charset != "utf8" && charset != "\"utf-8\"" && charset != "us-ascii") {
    throw Error(Code::kUnsupported, "content-type: only the charset utf-8 is read");
  }
}

void check_json_type(const HttpRequest& request) {
  const std::string type = media_type(request);
  // A browser sends a body without a type for any page, and about JSON asks first.
  const bool unnamed = type.empty() && request.header("origin").empty();
  if (!unnamed && type != "application/json" && !type.ends_with("+json")) {
    throw Error(Code::kUnsupported, "content-type: expected application/json");
  }
  check_charset(request);
}

Json json_body(HttpRequest& request, const Limits& limits) {
  check_json_type(request);
  // Of a row: its array or object, two members with their keys, its index, and columns that are passed over; the rest
  // is a protocol's own few members.
  constexpr std::size_t kValuesARow = 64;
  constexpr std::size_t kOthers = 1024;
  return parse_json(std::move(request.body), kValuesARow * limits.rows + limits.labels + kOthers);
}

Json json_object(HttpRequest& request, const Limits& limits) {
  Json body = json_body(request, limits);
  need_object(body, "body");
  return body;
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals)) != name) continue;
    return equals < pair.size() ? percent_decoded(pair.substr(equals + 1)) : std::string{};
  }
  return {};
}

void WorkBuilder::check_count(std::size_t count, std::size_t most, std::string_view what) {
  if (count >= most) throw Error(Code::kTooLarge, fmt::format("more than {} {} in one request", most, what));
}

std::size_t WorkBuilder::add_image(std::string_view text, std::string name) {
  if (text.empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", name));
  check_count(work_.images.size(), service_.limits.rows, "images");
  if (!is_url(text)) {
    std::string bytes = base::base64_decode(text, name);
    return add_image_bytes(std::move(bytes), std::move(name));
  }
  if (!allows(text)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: a URL whose host this server does not allow; expected base64", name));
  }
  return add_allowed(text, std::move(name));
}

std::size_t WorkBuilder::add_url(std::string_view url, std::string name) {
  check_count(work_.images.size(), service_.limits.rows, "images");
  if (!is_url(url)) throw Error(Code::kBadArgument, fmt::format("{}: expected an http(s) URL", name));
  if (!allows(url)) {
    throw Error(Code::kBadArgument, fmt::format("{}: a URL whose host this server does not allow", name));
  }
  return add_allowed(url, std::move(name));
}

bool WorkBuilder::allows(std::string_view url) const {
  const std::string host = host_of(url);
  const auto& allowed = service_.allowed_url_hosts;
  return !host.empty() && std::find(allowed.begin(), allowed.end(), host) != allowed.end();
}

std::size_t WorkBuilder::add_allowed(std::string_view url, std::string name) {
  work_.images.push_back({std::move(name), {}, std::string(url), options_});
  return work_.images.size() - 1;
}

std::size_t WorkBuilder::add_image_bytes(std::string bytes, std::string name) {
  if (bytes.empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", name));
  check_count(work_.images.size(), service_.limits.rows, "images");
  work_.images.push_back({std::move(name), std::move(bytes), {}, options_});
  return work_.images.size() - 1;
}

std::size_t WorkBuilder::add_text(std::string text, std::string_view name) {
  check_count(work_.texts.size(), service_.limits.rows, "texts");
  return add_checked_text(std::move(text), name);
}

std::size_t WorkBuilder::add_label(std::string text, std::string_view name) {
  check_count(work_.texts.size(), service_.limits.labels, "labels");
  return add_checked_text(std::move(text), name);
}

std::size_t WorkBuilder::add_checked_text(std::string text, std::string_view name) {
  if (text.size() > service_.limits.text_bytes) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} bytes, the limit is {}", name, text.size(), service_.limits.text_bytes));
  }
  tokens_ += count_tokens(text, name);
  work_.texts.push_back(std::move(text));
  return work_.texts.size() - 1;
}

std::size_t WorkBuilder::count_tokens(const std::string& text, std::string_view name) const {
  const auto model = service_.models.find(work_.model);
  if (model == service_.models.end() || !model->second->count_tokens) return 0;
  try {
    return model->second->count_tokens(text);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace mi2::protocols
