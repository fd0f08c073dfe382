#pragma once
// The way in for programs, which see no type of libtorch.

#include <memory>

#include "models/device.hpp"

namespace mi2::models {

/// To be provided to device_loader(). @throws as load_device_model().
std::unique_ptr<Model> load_on_torch(const weights::ModelSource& source, const DeviceOptions& options);

}  // namespace mi2::models
