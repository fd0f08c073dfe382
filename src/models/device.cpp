#include "models/device.hpp"

#include <charconv>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2 {

std::string to_string(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return "cpu";
  if (device.kind == Device::Kind::kTorch) return "torch";
  return device.index < 0 ? "cuda" : fmt::format("cuda:{}", device.index);
}

Device parse_device(std::string_view name) {
  constexpr std::string_view kNumbered = "cuda:";
  constexpr int kMostIndex = 127;
  if (name == "cpu") return {Device::Kind::kCpu};
  if (name == "torch") return {Device::Kind::kTorch};
  if (name == "cuda") return {Device::Kind::kCuda};
  if (name.starts_with(kNumbered)) {
    int index = -1;
    const char* const end = name.data() + name.size();
    const auto [stop, fault] = std::from_chars(name.data() + kNumbered.size(), end, index);
    if (fault == std::errc() && stop == end && index >= 0 && index <= kMostIndex) return {Device::Kind::kCuda, index};
  }
  throw Error(Code::kBadArgument, fmt::format("device '{}': expected cpu, cuda, cuda:NUMBER or torch", name));
}

}  // namespace mi2

namespace mi2::models {

base::Linked<DeviceLoader>& device_loader() noexcept {
  static base::Linked<DeviceLoader> loader;
  return loader;
}

std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options) {
  const DeviceLoader load = device_loader().get(
      fmt::format("device '{}': this program is built without libtorch; the device 'cpu' is what it has",
                  to_string(options.device)));
  if (source.packed()) {
    throw Error(Code::kUnsupported,
                fmt::format("device '{}': a packed file is laid out for the CPU; give the model's folder",
                            to_string(options.device)));
  }
  return load(source, options);
}

}  // namespace mi2::models
