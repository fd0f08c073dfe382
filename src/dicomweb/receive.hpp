#pragma once
// An answer that holds DICOM objects, into files.

#include <string_view>

#include "dicomweb/client.hpp"
#include "dicomweb/spool.hpp"

namespace mi2::dicomweb {

/// WADO-RS: parts as they are stored. Never without the transfer syntax: some servers convert, and some die of it.
inline constexpr const char* kStoredObjects = R"(multipart/related; type="application/dicom"; transfer-syntax=*)";

/// Whether a body of this media type is one object. @throws Error{kBadFile} if it is no multipart/related either.
bool is_one_object(std::string_view content_type);

/// Asks for objects and hands them to `parts`: those of multipart/related, or the one of application/dicom.
/// @throws as Client::stream(), MultipartReader and ObjectParts; Error{kBadFile} for an empty answer.
void receive(Client& client, const Request& request, Load& load, const SpoolLimits& limits, ObjectParts& parts);

}  // namespace mi2::dicomweb
