#pragma once
// Models on other devices than our own CPU engine. libtorch, which drives them, is linked only into the program
// mi2-torch; it registers itself here, so that nothing above needs to know.

#include <memory>
#include <string>

#include "base/linked.hpp"
#include "models/model.hpp"
#include "weights/model_source.hpp"

namespace mi2::models {

struct DeviceOptions {
  std::string device;    ///< "cuda", "cuda:1", or "torch": libtorch on the CPU, to compare engines
  std::string dtype;     ///< "f32", "bf16" or "f16"; empty: f32
  unsigned threads = 0;  ///< of the CPU; 0: one per available core
};

using DeviceLoader = std::unique_ptr<Model> (*)(const weights::ModelSource& source, const DeviceOptions& options);

/// Provided by a program that links such an engine, before any model is loaded.
base::Linked<DeviceLoader>& device_loader() noexcept;

/// @throws Error{kUnsupported} if no engine for devices is linked, there is no such device, or the model is a packed
/// file;
///         {kBadArgument} for a dtype the device does not have; what loading a checkpoint throws.
std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options);

}  // namespace mi2::models
