// libmi2-torch.so: what a library asks for a model on libtorch (models/torch_library.hpp).

#include <string_view>

#include <mi2/export.h>

#include "models/torch/load_on_torch.hpp"
#include "models/torch_library.hpp"

extern "C" MI2_EXPORT mi2::models::DeviceLoader mi2_torch_library(const mi2::models::TorchLibraryAbi& caller);

mi2::models::DeviceLoader mi2_torch_library(const mi2::models::TorchLibraryAbi& caller) {
  const mi2::models::TorchLibraryAbi own;
  const bool same = std::string_view(caller.version) == own.version && caller.source == own.source &&
                    caller.config == own.config && caller.options == own.options;
  return same ? mi2::models::load_on_torch : nullptr;
}
