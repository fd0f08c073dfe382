#pragma once
// Writes a model as a folder that other people's servers deploy: MLflow, Azure ML.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <mi2/device.hpp>
#include <mi2/dtype.hpp>
#include <mi2/image.hpp>

#include "base/progress.hpp"

namespace mi2::exporting {

enum class PackageKind : std::uint8_t {
  kMlflow,   ///< a model directory of MLflow, python_function flavour
  kAzureMl,  ///< endpoints and deployments of Azure ML, online and batch, with scoring scripts and a container file
};

struct PackageOptions {
  PackageKind kind = PackageKind::kMlflow;
  std::filesystem::path wheel;           ///< of the Python package, to put in; empty: it comes from a package index
  std::optional<DType> dtype;            ///< as EmbedderOptions::dtype
  Device device{};                       ///< as EmbedderOptions::device, where the package is deployed
  Profile profile = Profile::kAzure;     ///< as ImageOptions::profile
  std::string python = "3.11";           ///< of the environments
  std::string name = "medimageinsight";  ///< of endpoint, model and environment
  base::OnProgress on_progress;          ///< in "tensors" checked, "files" copied. What it throws leaves nothing behind
};

/// Writes the folder `out`, which appears whole or not at all: the model's own files and what deploys them.
/// @param model  a model's folder or a packed file.
/// @throws Error{kBadArgument} if `out` is there or an option makes no sense; {kNotFound}, {kBadFile} for the model or
///         the wheel, or when the disk refuses.
void package_model(const std::filesystem::path& model, const std::filesystem::path& out, const PackageOptions& options);

}  // namespace mi2::exporting
