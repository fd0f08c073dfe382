#pragma once
// STOW-RS: DICOM objects that are stored by HTTP, so that an archive of a hospital or a gateway can push to this one.
// Source: https://dicom.nema.org/medical/dicom/current/output/html/part18.html#sect_10.5

#include <string>

#include "protocols/archive_routes.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// POST /v1/archives/{archive}/studies[/{study}].
/// @param study  not empty: objects of other studies fail.
/// @throws as add(); Error{kUnsupported} unless the body is multipart/related; type="application/dicom".
RequestPlan store_studies(const Service& service, const Asked& asked, const ArchiveAdding& adding, HttpRequest request,
                          const std::string& study);

}  // namespace mi2::protocols::archives
