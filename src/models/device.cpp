#include "models/device.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

DeviceLoader& device_loader() noexcept {
  static DeviceLoader loader = nullptr;
  return loader;
}

}  // namespace

void set_device_loader(DeviceLoader loader) noexcept { device_loader() = loader; }

std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options) {
  if (device_loader() == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("device '{}': this program is built without libtorch; the device 'cpu' "
                                                "is what it has",
                                                options.device));
  }
  if (source.packed()) {
    throw Error(
        Code::kUnsupported,
        fmt::format("device '{}': a packed file is laid out for the CPU; give the model's folder", options.device));
  }
  return device_loader()(source, options);
}

}  // namespace mi2::models
