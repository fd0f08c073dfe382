#include "archive/postgres/place.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <libpq-fe.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::archive::postgres {
namespace {

constexpr std::string_view kSchemaKey = "schema=";
/// As long as PostgreSQL keeps names.
constexpr std::size_t kLongestSchema = 63;

/// Takes schema=NAME, which libpq does not know, out of a URL.
std::string take_schema(std::string& url) {
  std::string schema(kUsualSchema);
  const std::size_t mark = url.find('?');
  if (mark == std::string::npos) return schema;
  std::string kept;
  const std::string query = url.substr(mark + 1);
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string part = query.substr(at, end - at);
    at = end + 1;
    if (part.starts_with(kSchemaKey)) {
      schema = part.substr(kSchemaKey.size());
    } else if (!part.empty()) {
      kept += (kept.empty() ? "?" : "&") + part;
    }
  }
  url = url.substr(0, mark) + kept;
  return schema;
}

void check_schema(const std::string& schema) {
  const bool plain = !schema.empty() && schema.size() <= kLongestSchema &&
                     schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!plain || schema.starts_with("pg_")) {
    throw Error(
        Code::kBadArgument,
        "archive URL: expected a schema of at most 63 lower-case letters, digits and _, not beginning with pg_");
  }
}

}  // namespace

Place parse_place(const std::string& url) {
  Place place;
  place.url = url;
  place.schema = take_schema(place.url);
  check_schema(place.schema);
  // Messages of libpq about a URL repeat parts of it, and so perhaps a password: they are not passed on.
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(place.url.c_str(), nullptr), PQconninfoFree);
  if (!options) {
    throw Error(
        Code::kBadArgument,
        "archive URL: expected postgres://[USER@]HOST[:PORT]/DB[?schema=NAME] with parameters that libpq knows");
  }
  std::string user, host, port, database;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || *option->val == '\0') continue;
    if (keyword == "password" || keyword == "sslpassword") {
      throw Error(Code::kBadArgument,
                  "archive URL: expected no password, which others on this machine could read; libpq takes one from "
                  "~/.pgpass (PGPASSFILE), a service file or PGPASSWORD");
    }
    if (keyword == "user") user = std::string(option->val) + "@";
    if (keyword == "host") host = option->val;
    if (keyword == "port") port = std::string(":") + option->val;
    if (keyword == "dbname") database = option->val;
  }
  place.name = base::printable(fmt::format("postgres://{}{}{}/{}?schema={}", user, host, port, database, place.schema));
  return place;
}

}  // namespace mi2::archive::postgres
