#include "dicomweb/source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dicomweb {
namespace {

constexpr std::string_view kDicomweb = "dicomweb:";
constexpr std::string_view kOrthanc = "orthanc:";

[[noreturn]] void refuse(std::string_view what) { throw Error(Code::kBadArgument, fmt::format("source: {}", what)); }

void read_date(std::string_view value, Filter& filter) {
  const std::size_t dash = value.find('-');
  filter.from = value.substr(0, dash);
  filter.to = dash == std::string_view::npos ? filter.from : std::string(value.substr(dash + 1));
  const auto right = [](const std::string& day) { return day.empty() || day_of(day).has_value(); };
  if (!filter.dated() || !right(filter.from) || !right(filter.to) ||
      (!filter.from.empty() && !filter.to.empty() && filter.from > filter.to)) {
    refuse("StudyDate: expected 20200131, 20200131-, -20200131 or 20200101-20200131");
  }
}

void read_modalities(std::string_view value, Filter& filter) {
  constexpr std::size_t kLongest = 16;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view one = value.substr(0, comma);
    const bool right = !one.empty() && one.size() <= kLongest && std::all_of(one.begin(), one.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!right) refuse("ModalitiesInStudy: expected modalities, as in CT or CT,MR");
    filter.modalities.emplace_back(one);
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

Filter parse_filter(std::string_view query) {
  Filter filter;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == "StudyDate") {
      read_date(value, filter);
    } else if (name == "ModalitiesInStudy") {
      read_modalities(value, filter);
    } else {
      refuse("the query: expected StudyDate or ModalitiesInStudy, got another name");
    }
  }
  return filter;
}

bool is_server_source(std::string_view text) noexcept {
  return text.starts_with(kDicomweb) || text.starts_with(kOrthanc);
}

ServerSource parse_source(std::string_view text) {
  ServerSource source;
  source.kind = text.starts_with(kOrthanc) ? ServerSource::Kind::kOrthanc : ServerSource::Kind::kDicomweb;
  const std::string_view scheme = source.kind == ServerSource::Kind::kOrthanc ? kOrthanc : kDicomweb;
  if (!text.starts_with(scheme)) refuse("expected dicomweb:URL or orthanc:URL");
  if (text.find('#') != std::string_view::npos) refuse("a URL with a fragment");
  try {
    source.server = net::parse_target(text.substr(scheme.size()));
  } catch (const Error& error) {
    refuse(fmt::format("{}; a name and password go into --credentials", error.what()));
  }
  const std::string& target = source.server.path;
  const std::size_t query = std::min(target.find('?'), target.size());
  source.path = target.substr(0, query);
  while (source.path.ends_with('/')) source.path.pop_back();
  if (query < target.size()) {
    if (source.kind == ServerSource::Kind::kOrthanc) refuse("orthanc: takes no query; dicomweb: does");
    source.filter = parse_filter(std::string_view(target).substr(query + 1));
  }
  source.locator = fmt::format("{}{}{}", scheme, net::origin_of(source.server), source.path);
  return source;
}

}  // namespace mi2::dicomweb
