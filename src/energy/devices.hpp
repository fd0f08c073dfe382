#pragma once
// Thermal design power of devices: what they are built to take at most for long, not what a run takes.

#include <span>
#include <string>
#include <string_view>

#include "energy/factors.hpp"

namespace mi2::energy {

struct DevicePower {
  std::string_view name;  ///< as people may write it, without the maker: "V100-SXM2-16GB"
  double watts = 0;
  std::string_view source;
};

/// By name.
std::span<const DevicePower> device_powers();

/// What a name means: a device, or all whose names begin with it and go on with '-'.
struct Devices {
  Range watts;
  std::string names;   ///< "V100-PCIE, V100-SXM2"
  std::string source;  ///< "NVIDIA's data sheet"
};

/// In any case of letters. @throws Error{kBadArgument} naming the nearest that is known.
Devices devices_named(std::string_view name, std::string_view what);

}  // namespace mi2::energy
