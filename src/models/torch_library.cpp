#include "models/torch_library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/process.hpp"

namespace mi2::models {
namespace {

std::filesystem::path place_of_library() {
  const char* const chosen = std::getenv("MI2_TORCH_LIBRARY");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  Dl_info here{};
  if (::dladdr(reinterpret_cast<const void*>(&load_torch_library), &here) == 0 || here.dli_fname == nullptr) return {};
  // The program itself is named as it was called, from whatever folder: nothing of that may be loaded.
  const std::filesystem::path folder =
      here.dli_fname[0] == '/' ? std::filesystem::path(here.dli_fname).parent_path() : base::program_folder();
  return folder.empty() ? folder : folder / "libmi2-torch.so";
}

}  // namespace

DeviceLoader load_torch_library(const Device& device) {
  const std::string name = to_string(device);
  const std::filesystem::path file = place_of_library();
  std::error_code ignored;
  if (file.empty() || !std::filesystem::exists(file, ignored)) {
    throw Error(Code::kUnsupported,
                fmt::format("device '{}': this program is built without libtorch; build it with MI2_WITH_TORCH=ON "
                            "(docs/gpu.md), or use the device 'cpu'",
                            name));
  }
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("device '{}': libmi2-torch.so or a library that it needs cannot be "
                                                "loaded: {}; pip install the torch it was built with (docs/gpu.md)",
                                                name, ::dlerror()));
  }
  const auto entry = reinterpret_cast<TorchLibraryEntry>(::dlsym(library, kTorchLibraryEntry));
  const DeviceLoader loader = entry == nullptr ? nullptr : entry({});
  if (loader == nullptr) {
    throw Error(Code::kUnsupported,
                fmt::format("device '{}': libmi2-torch.so is of another version of mi2 than {}, which loads it", name,
                            MI2_VERSION));
  }
  return loader;
}

}  // namespace mi2::models
