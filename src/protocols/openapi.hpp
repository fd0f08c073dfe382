#pragma once
// The protocols as documents: for programs, and as a page for people that needs no network.

#include <string>

namespace mi2::protocols {

/// OpenAPI 3.1 of every route, with every status each may answer.
const std::string& openapi_document();

enum class SwaggerVersion {
  k2,   ///< Swagger 2.0
  k3,   ///< OpenAPI 3.0
  k31,  ///< OpenAPI 3.1
};
/// POST /score alone, as tools for Azure ML read it.
const std::string& swagger_document(SwaggerVersion version);

/// openapi_document() as HTML without scripts or anything to load.
const std::string& docs_html();

}  // namespace mi2::protocols
