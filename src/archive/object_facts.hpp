#pragma once
// What one file says of itself, as the catalog keeps it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "archive/survey.hpp"
#include "embedder/inputs.hpp"
#include "image/source.hpp"

namespace mi2::archive {

/// A file, looked at.
struct Look {
  std::unique_ptr<ObjectFacts> facts;
  std::vector<image::FrameInfo> frames;  ///< of a DICOM object with a series; else one for each, with its index alone
  bool in_series = false;
  bool telling_path = false;  ///< it holds the patient's name or identifier
  std::string sha256;         ///< if it was asked for
};

/// When the file of an input was written. @throws Error{kNotFound}, {kBadFile}.
Stamp stamp_of(const embedder::Input& input);

/// @param with_hash  whether the content's hash is wanted.
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}, {kNotFound}.
Look look_at(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash);

}  // namespace mi2::archive
