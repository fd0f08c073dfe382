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
/// The same of their evidence cards.
std::string_view openapi_archive_card_paths();
std::string_view openapi_archive_card_schemas();
/// The same of what classifies their images.
std::string_view openapi_archive_classify_paths();
std::string_view openapi_archive_classify_schemas();
/// The same of heads that are trained on them.
std::string_view openapi_archive_head_paths();
std::string_view openapi_archive_head_schemas();
/// The same of their maps.
std::string_view openapi_archive_map_paths();
std::string_view openapi_archive_map_schemas();
/// The same of what was done with them.
std::string_view openapi_archive_audit_paths();
std::string_view openapi_archive_audit_schemas();
/// The same of what shows studies.
std::string_view openapi_archive_look_paths();
std::string_view openapi_archive_look_schemas();

}  // namespace mi2::protocols
