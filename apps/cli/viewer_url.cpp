#include "viewer_url.hpp"

#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "net/target.hpp"

namespace mi2::cli {

void check_viewer_url(const std::string& address) {
  constexpr std::string_view kPlace = "{study}";
  if (address.empty()) return;
  const std::size_t at = address.find(kPlace);
  try {
    if (at == std::string::npos) throw Error(Code::kBadArgument, "no {study}");
    static_cast<void>(net::parse_target(std::string(address).replace(at, kPlace.size(), "1.2")));
  } catch (const Error&) {
    throw Error(Code::kBadArgument, fmt::format("--viewer-url: expected an http(s) URL with {{study}} in it, such as "
                                                "https://HOST/viewer?StudyInstanceUIDs={{study}}, got '{}'",
                                                address));
  }
}

}  // namespace mi2::cli
