#pragma once
// Models on other devices than our own CPU engine. libtorch, which drives them, is linked only into the program
// mi2-torch; it registers itself here, so that nothing above needs to know.

#include <memory>

#include "base/linked.hpp"
#include "models/model.hpp"
#include "weights/model_source.hpp"

#include <mi2/device.hpp>
#include <mi2/dtype.hpp>

namespace mi2::models {

struct DeviceOptions {
  Device device;
  DType dtype = DType::kF32;  ///< kF32, kBF16 or kF16
  unsigned threads = 0;       ///< of the CPU; 0: one per available core
};

using DeviceLoader = std::unique_ptr<Model> (*)(const weights::ModelSource& source, const DeviceOptions& options);

/// Provided by a program that links such an engine, before any model is loaded.
base::Linked<DeviceLoader>& device_loader() noexcept;

/// @throws Error{kUnsupported} if no engine for devices is linked, there is no such device, or the model is a packed
/// file;
///         {kBadArgument} for a dtype the device does not have; what loading a checkpoint throws.
std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options);

}  // namespace mi2::models
