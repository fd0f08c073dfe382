#include "energy/devices.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/nearest.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"

namespace mi2::energy {
namespace {

constexpr std::string_view kNvidia = "NVIDIA's data sheet";
constexpr std::string_view kIntel = "Intel ARK";
constexpr std::string_view kAmd = "AMD's product page";

// Where a card may be configured, the largest power of its data sheet.
constexpr std::array kDevices{
    DevicePower{"A10", 150, kNvidia},
    DevicePower{"A100-PCIE-40GB", 250, kNvidia},
    DevicePower{"A100-PCIE-80GB", 300, kNvidia},
    DevicePower{"A100-SXM4", 400, kNvidia},
    DevicePower{"A30", 165, kNvidia},
    DevicePower{"A40", 300, kNvidia},
    DevicePower{"EPYC-7763", 280, kAmd},
    DevicePower{"EPYC-9654", 360, kAmd},
    DevicePower{"GTX-1080Ti", 250, kNvidia},
    DevicePower{"H100-NVL", 400, kNvidia},
    DevicePower{"H100-PCIE", 350, kNvidia},
    DevicePower{"H100-SXM", 700, kNvidia},
    DevicePower{"H200-NVL", 600, kNvidia},
    DevicePower{"H200-SXM", 700, kNvidia},
    DevicePower{"K80", 300, kNvidia},
    DevicePower{"L4", 72, kNvidia},
    DevicePower{"L40", 300, kNvidia},
    DevicePower{"L40S", 350, kNvidia},
    DevicePower{"P100-PCIE", 250, kNvidia},
    DevicePower{"P100-SXM2", 300, kNvidia},
    DevicePower{"P40", 250, kNvidia},
    DevicePower{"RTX-2080Ti", 250, kNvidia},
    DevicePower{"RTX-3090", 350, kNvidia},
    DevicePower{"RTX-4090", 450, kNvidia},
    DevicePower{"RTX-A4000", 140, kNvidia},
    DevicePower{"RTX-A6000", 300, kNvidia},
    DevicePower{"T4", 70, kNvidia},
    DevicePower{"V100-PCIE", 250, kNvidia},
    DevicePower{"V100-SXM2", 300, kNvidia},
    DevicePower{"Xeon-Gold-5220", 125, kIntel},
    DevicePower{"Xeon-Gold-6148", 150, kIntel},
};

/// Whether `name` is `known`, or says less ("V100") or more ("V100-SXM2-16GB") of the same.
bool means(std::string_view name, std::string_view known) {
  const std::size_t common = std::min(name.size(), known.size());
  const std::string_view longer = name.size() > known.size() ? name : known;
  return common > 0 && name.substr(0, common) == known.substr(0, common) &&
         (longer.size() == common || longer[common] == '-');
}

}  // namespace

std::span<const DevicePower> device_powers() { return kDevices; }

Devices devices_named(std::string_view name, std::string_view what) {
  const std::string typed = base::lower_ascii(name);
  Devices found;
  std::vector<std::string> names;
  for (const DevicePower& device : kDevices) {
    names.emplace_back(device.name);
    if (!means(typed, base::lower_ascii(device.name))) continue;
    const bool first = found.names.empty();
    found.watts = first ? Range{device.watts, device.watts}
                        : Range{std::min(found.watts.low, device.watts), std::max(found.watts.high, device.watts)};
    found.names += fmt::format("{}{}", first ? "" : ", ", device.name);
    found.source = device.source;
  }
  if (!found.names.empty()) return found;
  const std::string meant = base::nearest(name, names);
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected watts, LOW-HIGH, or a device as mi2 report carbon --list has it, got {}{}",
                          what, base::in_quotes(name), meant.empty() ? "" : fmt::format("; did you mean '{}'", meant)));
}

}  // namespace mi2::energy
