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
  bool slide = false;         ///< it is of a whole slide
  bool windowed = false;      ///< its frames are embedded through each of SurveyOptions::windows
};

/// Whether a locator says where a server keeps an object: it does not go with a file.
bool is_on_server(std::string_view locator) noexcept;

/// When the file of an input was written. @throws Error{kNotFound}, {kBadFile}.
Stamp stamp_of(const embedder::Input& input);

/// What is wrong with a file for which there is not enough memory: nothing of its own, so that it may be tried again.
Error no_memory_for(std::string_view name);

/// How many frames look_at() lists of an input; 1 of one that cannot be read.
std::uint64_t frames_of(const embedder::Input& input, const ImageOptions& options);

/// How many frames an input has, and which of them, from 0, stands for it where none is chosen.
struct FrameCount {
  std::uint64_t frames = 1;
  std::uint64_t middle = 0;
};
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}, {kNotFound}.
FrameCount count_frames(const embedder::Input& input, const ImageOptions& options);

/// Gives an object of no study or no series one of its own. @param sha256  by which it is called.
void name_missing(ObjectFacts& facts, const std::string& sha256);

/// The key of a patient in the archive, of what its identifier is; empty where it is not to be known.
PatientFacts patient_of(const std::string& identifier, const std::string& issuer, const SurveyOptions& options,
                        const std::string& key);

/// Frames of one series have this in common: identifiers alone are known to come twice.
std::string series_key(const ObjectFacts& facts);
/// Whether a file is of a whole slide, by its head.
bool is_slide(const embedder::Input& input);

/// As look_at(), of a slide that is added by tiles: without its frames. @throws as look_at(); Error{kUnsupported} for
/// one that is in no file of its own.
Look look_at_slide(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash);

/// @param with_hash  whether the content's hash is wanted.
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}, {kNotFound}.
Look look_at(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash);

}  // namespace mi2::archive
