#include "models/torch/version.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include "base/files.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

constexpr std::uint64_t kMostBytes = 1U << 16;

/// What the wheel's version.py says; empty where libtorch is of no wheel.
std::string loaded_version() {
  Dl_info library{};
  if (::dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &library) == 0) return {};
  const std::filesystem::path file =
      std::filesystem::path(library.dli_fname).parent_path().parent_path() / "version.py";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  const std::string text = base::read_text_file(file, kMostBytes);
  const std::string key = "__version__ = '";
  const std::size_t begin = text.find(key);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find_first_of("'+", begin + key.size());
  return text.substr(begin + key.size(), end - begin - key.size());
}

}  // namespace

void check_libtorch_version() {
  static const std::string loaded = loaded_version();
  if (loaded.empty() || loaded == TORCH_VERSION) return;
  throw Error(Code::kUnsupported,
              fmt::format("libtorch {} is loaded, mi2 is built for {}: pip install torch=={} (docs/gpu.md)", loaded,
                          TORCH_VERSION, TORCH_VERSION));
}

}  // namespace mi2::models
