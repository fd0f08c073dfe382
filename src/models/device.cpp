#include "models/device.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::models {

base::Linked<DeviceLoader>& device_loader() noexcept {
  static base::Linked<DeviceLoader> loader;
  return loader;
}

std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options) {
  const DeviceLoader load = device_loader().get(fmt::format(
      "device '{}': this program is built without libtorch; the device 'cpu' is what it has", options.device));
  if (source.packed()) {
    throw Error(
        Code::kUnsupported,
        fmt::format("device '{}': a packed file is laid out for the CPU; give the model's folder", options.device));
  }
  return load(source, options);
}

}  // namespace mi2::models
