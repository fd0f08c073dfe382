#pragma once
// What one file says of itself, as the catalog keeps it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

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

/// Whether a locator says where a server keeps an object: it does not go with a file.
bool is_on_server(std::string_view locator) noexcept;

/// When the file of an input was written. @throws Error{kNotFound}, {kBadFile}.
Stamp stamp_of(const embedder::Input& input);

/// What is wrong with a file for which there is not enough memory: nothing of its own, so that it may be tried again.
Error no_memory_for(std::string_view name);

/// How many frames look_at() lists of an input; 1 of one that cannot be read.
std::uint64_t frames_of(const embedder::Input& input, const ImageOptions& options);

/// @param with_hash  whether the content's hash is wanted.
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}, {kNotFound}.
Look look_at(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash);

}  // namespace mi2::archive
