#include "protocols/archives/search_image.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/hash.hpp"
#include "dicom/names.hpp"
#include "protocols/archives/query.hpp"

namespace mi2::protocols::archives {
namespace {

/// In the order in which a list has them.
constexpr std::array<const char*, 4> kSides{"x", "y", "width", "height"};

/// Takes "/studies/UID" from the end of a path. @returns the UID; empty if the path does not end so.
std::string_view take_last(std::string_view& path, std::string_view kind) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view uid = path.substr(slash + 1);
  const std::string_view rest = path.substr(0, slash);
  if (!dicom::is_uid(uid) || !rest.ends_with(kind)) return {};
  path = rest.substr(0, rest.size() - kind.size());
  return uid;
}

/// Whether what stands before "/studies" leads there for any server. A path that is read in two ways, or a query that
/// only ends like an object, would make this server ask an allowed host for anything.
bool is_plain_root(std::string_view root) {
  const std::size_t scheme = root.find("://");
  if (scheme == std::string_view::npos || root.find_first_of("?#%;\\") != std::string_view::npos) return false;
  const std::string host_and_path = std::string(root.substr(scheme + 3)) + '/';
  for (const std::string_view odd : {"//", "/./", "/../"}) {
    if (host_and_path.find(odd) != std::string::npos) return false;
  }
  return true;
}

}  // namespace

SeenImage see_image(std::span<const std::byte> file, std::string_view name, const Seeing& how) {
  SeenImage seen;
  if (how.hashed) seen.sha256 = base::sha256_hex(file);
  if (!how.named) return seen;
  try {  // without a key an object is still known by its own identifier
    seen.names = archive::names_of(file, name, how.key, how.site);
  } catch (const Error& error) {
    throw Error(Code::kBadFile, error.what());
  }
  return seen;
}

InstanceUri read_instance_uri(std::string_view text, std::string_view name) {
  constexpr std::string_view kWay = "dicomweb:";
  if (text.starts_with(kWay)) text.remove_prefix(kWay.size());
  std::string_view root = text;
  const std::string_view sop_uid = take_last(root, "/instances");
  if (sop_uid.empty() || take_last(root, "/series").empty() || take_last(root, "/studies").empty() ||
      !is_plain_root(root)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected http(s)://HOST/PATH/studies/UID/series/UID/instances/UID, with no '?', '#', "
                            "'%', ';', '//' or dots as a folder in it",
                            name));
  }
  return {std::string(text), std::string(sop_uid)};
}

SeenImage see_instance(std::span<const std::byte> file, std::string_view sop_uid, std::string_view name,
                       const Seeing& how) {
  SeenImage seen = see_image(file, name, how);
  if (seen.names.sop_uid != sop_uid) {
    throw Error(Code::kBadFile, fmt::format("{}: expected the object that it names, got another or none", name));
  }
  return seen;
}

embedder::Region read_region(Json& value) {
  static const std::vector<std::string> kMembers(kSides.begin(), kSides.end());
  std::array<std::uint64_t, kSides.size()> numbers{};
  bool good = value.is_object() || (value.is_array() && value.size() == kSides.size());
  if (value.is_object()) check_members(value, "region", kMembers);
  for (std::size_t i = 0; i < kSides.size() && good; ++i) {
    const Json* const number = value.is_object() ? member(value, kSides.at(i)) : &value[i];
    good = number != nullptr && number->is_number_unsigned();
    if (good) numbers.at(i) = number->get<std::uint64_t>();
  }
  if (!good || numbers[2] == 0 || numbers[3] == 0) {
    throw Error(Code::kBadArgument,
                "region: expected x, y, width and height in whole pixels, the last two at least 1, as an object or a "
                "list");
  }
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

}  // namespace mi2::protocols::archives
