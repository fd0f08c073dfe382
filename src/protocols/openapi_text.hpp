#pragma once
// The written parts of the OpenAPI document; openapi.cpp adds what follows from the table of routes.

#include <string_view>

namespace mi2::protocols {

/// A JSON object: path -> operations with summary, requestBody and the answer of status 200 (and 503 where it has a
/// shape of its own).
std::string_view openapi_paths();

/// A JSON object: the schemas that paths refer to.
std::string_view openapi_schemas();

/// The same of archives.
std::string_view openapi_archive_paths();
std::string_view openapi_archive_schemas();

}  // namespace mi2::protocols
