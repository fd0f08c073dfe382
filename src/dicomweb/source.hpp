#pragma once
// What a user names as a source: dicomweb:https://HOST/dicom-web?StudyDate=.. or orthanc:http://HOST:8042.

#include <cstdint>
#include <string>
#include <string_view>

#include "dicomweb/listing.hpp"

#include "net/target.hpp"

namespace mi2::dicomweb {

struct ServerSource {
  enum class Kind : std::uint8_t { kDicomweb, kOrthanc };
  Kind kind = Kind::kDicomweb;
  net::Target server;
  std::string path;  ///< of the server's root, without a slash at its end: "/dicom-web"
  std::string
      locator;    ///< "dicomweb:https://host/dicom-web": locators of objects begin so, and the catalog calls it so
  Filter filter;  ///< of kDicomweb

  [[nodiscard]] const char* kind_name() const { return kind == Kind::kDicomweb ? "dicomweb" : "orthanc"; }
};

/// Whether a source is on a server, as far as its first letters say.
bool is_server_source(std::string_view text) noexcept;

/// "StudyDate=20200101-&ModalitiesInStudy=CT,MR", in any order. @throws Error{kBadArgument} saying what is expected.
Filter parse_filter(std::string_view query);

/// @throws Error{kBadArgument} naming what is wrong, without the URL, which may hold a password.
ServerSource parse_source(std::string_view text);

}  // namespace mi2::dicomweb
