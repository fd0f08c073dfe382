#include "models/torch/devices.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <string>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "models/torch/inference.hpp"
#include "models/torch/load_on_torch.hpp"
#include "models/torch/torch_model.hpp"
#include "models/torch/version.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

[[noreturn]] void refuse_device(std::string_view name, std::string_view reason) {
  throw Error(Code::kUnsupported, fmt::format("device '{}': {}", name, reason));
}

/// f32 means f32, and the same bits every time.
void compute_exactly() {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setDeterministicCuDNN(true);
}

at::Device cuda_device(const Device& wanted) {
  const std::string name = to_string(wanted);
  const int index = std::max(wanted.index, 0);
  require_card(wanted);
  // Found by this program's run path. A machine without a GPU need not have the libraries it depends on.
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    refuse_device(name, fmt::format("libtorch's CUDA library or one that it needs is not installed: {}; pip install "
                                    "torch has them (docs/gpu.md); the device 'cpu' needs none",
                                    ::dlerror()));
  }
  if (!at::globalContext().hasCUDA())
    refuse_device(name, "CUDA and this machine's driver do not fit: update the driver");
  if (index >= c10::impl::getDeviceGuardImpl(at::kCUDA)->deviceCount()) {
    refuse_device(name, "this machine has no GPU of that number");
  }
  compute_exactly();
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

at::ScalarType dtype_of(const DeviceOptions& options) {
  if (options.dtype == DType::kF32) return at::kFloat;
  if (options.dtype == DType::kBF16) return at::kBFloat16;
  if (options.dtype == DType::kF16) return at::kHalf;
  throw Error(Code::kBadArgument, fmt::format("device '{}': dtype '{}' is not there; f32, bf16 and f16 are",
                                              to_string(options.device), name_of(options.dtype)));
}

}  // namespace

at::Device torch_device(const Device& device) {
  check_libtorch_version();
  return device.kind == Device::Kind::kCuda ? cuda_device(device) : at::Device(at::kCPU);
}

std::unique_ptr<Model> load_on_torch(const weights::ModelSource& source, const DeviceOptions& options) {
  const at::ScalarType dtype = dtype_of(options);
  ops::TorchOps::Options engine;
  engine.device = torch_device(options.device);
  if (options.threads > 0) at::set_num_threads(static_cast<int>(options.threads));
  engine.frozen = dtype;
  auto model = load_torch_model(source.weights(), source.config(), engine);
  return for_inference(std::move(model), engine.device, images_of_a_pass(source.config(), dtype, engine.device));
}

}  // namespace mi2::models
