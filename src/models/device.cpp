#include "models/device.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/comma_list.hpp"
#include "models/cards.hpp"
#include "models/torch_library.hpp"

#include <mi2/error.hpp>

namespace mi2 {

std::string to_string(const Device& device) {
  switch (device.kind) {
    case Device::Kind::kCpu:
      return "cpu";
    case Device::Kind::kTorch:
      return "torch";
    case Device::Kind::kAuto:
      return "auto";
    case Device::Kind::kCuda:
      break;
  }
  return device.index < 0 ? "cuda" : fmt::format("cuda:{}", device.index);
}

Device parse_device(std::string_view name) {
  constexpr std::string_view kNumbered = "cuda:";
  constexpr int kMostIndex = 127;
  if (name == "cpu") return {Device::Kind::kCpu};
  if (name == "torch") return {Device::Kind::kTorch};
  if (name == "auto") return {Device::Kind::kAuto};
  if (name == "cuda") return {Device::Kind::kCuda};
  if (name.starts_with(kNumbered)) {
    int index = -1;
    const char* const end = name.data() + name.size();
    const auto [stop, fault] = std::from_chars(name.data() + kNumbered.size(), end, index);
    if (fault == std::errc() && stop == end && index >= 0 && index <= kMostIndex) return {Device::Kind::kCuda, index};
  }
  throw Error(Code::kBadArgument, fmt::format("device '{}': expected auto, cpu, cuda, cuda:NUMBER or torch", name));
}

}  // namespace mi2

namespace mi2::models {
namespace {

constexpr std::size_t kMostDevices = 64;

int card_of(const Device& device) { return std::max(device.index, 0); }

void check_together(const std::vector<Device>& devices, std::string_view names) {
  const auto refuse = [names](std::string_view rule) {
    throw Error(Code::kBadArgument, fmt::format("device '{}': {}", names, rule));
  };
  if (devices.size() > kMostDevices) refuse(fmt::format("expected {} at most, got {}", kMostDevices, devices.size()));
  for (auto device = devices.begin(); device != devices.end(); ++device) {
    if (device->kind == Device::Kind::kAuto && devices.size() > 1) refuse("auto stands alone");
    if (device->kind != devices.front().kind) refuse("expected devices of one kind, whose vectors agree");
    const auto same = [device](const Device& other) { return card_of(other) == card_of(*device); };
    if (device->kind == Device::Kind::kCuda && std::any_of(devices.begin(), device, same))
      refuse("expected each GPU once");
  }
}

}  // namespace

base::Linked<DeviceLoader>& device_loader() noexcept {
  static base::Linked<DeviceLoader> loader;
  return loader;
}

void require_card(const Device& device) {
  const Cards& cards = find_cards();
  if (cards.count == 0) {
    throw Error(Code::kUnsupported,
                fmt::format("device '{}': this machine has no GPU that CUDA can use: {}; nvidia-smi must list one, in "
                            "a container too; the device 'cpu' needs none",
                            to_string(device), cards.without));
  }
  if (card_of(device) >= cards.count) {
    throw Error(Code::kUnsupported, fmt::format("device '{}': this machine has no GPU of that number; expected 0 to {}",
                                                to_string(device), cards.count - 1));
  }
}

std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options) {
  const std::string name = to_string(options.device);
  if (source.packed()) {
    throw Error(Code::kUnsupported,
                fmt::format("device '{}': a packed file is laid out for the CPU; give the model's folder", name));
  }
  if (options.device.kind == Device::Kind::kCuda) require_card(options.device);
  const DeviceLoader linked = device_loader().or_null();
  const DeviceLoader load = linked != nullptr ? linked : load_torch_library(options.device);
  return load(source, options);
}

DType device_dtype(std::optional<DType> dtype) noexcept {
  return dtype && *dtype != DType::kAuto ? *dtype : DType::kF32;
}

FirstCard try_first_card(const weights::ModelSource& source, std::optional<DType> dtype) {
  FirstCard card{nullptr, device_dtype(dtype), ""};
  if (card.dtype == DType::kInt8 || card.dtype == DType::kBF16x3) {
    card.why_cpu = fmt::format("{} is the CPU's alone", name_of(card.dtype));
    return card;
  }
  try {
    card.model = load_device_model(source, {kFirstCard, card.dtype, 0});
  } catch (const Error& error) {
    if (error.code() != Code::kUnsupported) throw;
    card.why_cpu = error.what();
  }
  return card;
}

std::vector<Device> parse_devices(std::string_view names) {
  std::vector<Device> devices;
  if (names == "cuda:all") {
    require_card(kFirstCard);
    for (int index = 0; index < find_cards().count; ++index) devices.push_back({Device::Kind::kCuda, index});
    return devices;
  }
  for (const std::string_view name : base::comma_parts(names)) devices.push_back(parse_device(name));
  check_together(devices, names);
  return devices;
}

std::string to_string(std::span<const Device> devices) {
  std::vector<std::string> names;
  for (const Device& device : devices) {
    std::string name = mi2::to_string(device);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ","));
}

}  // namespace mi2::models
