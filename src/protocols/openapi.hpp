#pragma once
// The protocols as documents: for programs, and as a page for people that needs no network.

#include <string>

namespace mi2::protocols {

/// OpenAPI 3.1 of every route, with every status each may answer.
const std::string& openapi_document();

/// POST /score alone, as tools for Azure ML read it. @param version  2: Swagger 2.0; 3: OpenAPI 3.0.
const std::string& swagger_document(int version);

/// openapi_document() as HTML without scripts or anything to load.
const std::string& docs_html();

}  // namespace mi2::protocols
