#pragma once
// Writes a model in the form it is computed in, so that opening it is mapping it.

#include <cstdint>
#include <filesystem>

#include <mi2/dtype.hpp>

#include "base/progress.hpp"

namespace mi2::exporting {

inline constexpr std::size_t kMostCalibrationImages = 32;

struct PackOptions {
  DType dtype = DType::kF32;
  unsigned threads = 0;    ///< 0: one per available core
  bool overwrite = false;  ///< replace what is there
  /// int8: an image or a folder of images like those the model is for, whose ranges are measured besides the built-in
  /// inputs'; at most kMostCalibrationImages of them are read. Empty: the built-in inputs alone.
  std::filesystem::path calibrate;
  std::filesystem::path lora;  ///< as EmbedderOptions::lora
  /// In two stages: "layers" as they are prepared, "MB" as they are written. What it throws leaves nothing behind.
  base::OnProgress on_progress;
};

struct PackReport {
  std::filesystem::path path;
  std::uint64_t bytes = 0;  ///< of the file
  std::size_t blocks = 0;
  std::string warning;  ///< as Embedder::warning()
};

/// Loads a model's folder and writes the packed file `out`, which appears whole or not at all.
/// @throws Error{kBadArgument} for a dtype that the CPU does not compute in, a model that is packed already, or an
/// `out` that exists (unless
///         `overwrite`) or is no place for a file; what Embedder::open() throws for the model; {kBadFile} when the disk
///         refuses.
PackReport pack_model(const std::filesystem::path& model, const std::filesystem::path& out, const PackOptions& options);

}  // namespace mi2::exporting
