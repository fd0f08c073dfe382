#pragma once
// Images that are searched for: whose they are, which part of them counts, and where they are if they are not sent.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "archive/survey.hpp"
#include "embedder/region.hpp"
#include "protocols/json.hpp"

namespace mi2::protocols::archives {

/// What a search takes from an image's file beside its vector.
struct SeenImage {
  archive::ObjectNames names;
  std::string sha256;
};

struct Seeing {
  std::string key;      ///< by which identifiers become pseudonyms; empty: there is none
  std::string site;     ///< where the image comes from
  bool named = true;    ///< whether it matters whose it is
  bool hashed = false;  ///< whether a card is to say which file it was
};

/// @throws Error{kBadFile} for an object that cannot be read.
SeenImage see_image(std::span<const std::byte> file, std::string_view name, const Seeing& how);

/// An object of a DICOMweb server.
struct InstanceUri {
  std::string url;
  std::string sop_uid;
};

/// "https://HOST/dicom-web/studies/UID/series/UID/instances/UID", also after "dicomweb:", as the paths of items begin.
/// @throws Error{kBadArgument} for anything else.
InstanceUri read_instance_uri(std::string_view text, std::string_view name);

/// As see_image(). @throws also Error{kBadFile} for any other object.
SeenImage see_instance(std::span<const std::byte> file, std::string_view sop_uid, std::string_view name,
                       const Seeing& how);

/// {"x", "y", "width", "height"}, or the four as a list. @throws Error{kBadArgument}.
embedder::Region read_region(Json& value);

}  // namespace mi2::protocols::archives
