#pragma once
// libtorch for a library, which cannot turn into another program: libmi2-torch.so, loaded when a device first needs it.

#include <cstddef>

#include "models/device.hpp"

namespace mi2::models {

/// What two builds must agree on to hand objects to each other.
struct TorchLibraryAbi {
  const char* version = MI2_VERSION;
  std::size_t source = sizeof(weights::ModelSource);
  std::size_t config = sizeof(weights::ModelConfig);
  std::size_t options = sizeof(DeviceOptions);
};

/// The library's one function, extern "C". @returns null if it was built of other sources.
using TorchLibraryEntry = DeviceLoader (*)(const TorchLibraryAbi& caller);
inline constexpr const char* kTorchLibraryEntry = "mi2_torch_library";

/// Looks where MI2_TORCH_LIBRARY says, else beside the file that holds this code: the program, libmi2.so, the Python
/// module. It stays loaded.
/// @param device  what errors call it.
/// @throws Error{kUnsupported}: it is not there, a library that it needs is not, or it is of another version.
DeviceLoader load_torch_library(const Device& device);

}  // namespace mi2::models
