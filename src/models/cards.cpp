#include "models/cards.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

namespace mi2::models {
namespace {

// Of NVIDIA's driver API, whose binary interface does not change: CUresult cuInit(unsigned), cuDeviceGetCount(int*).
using Init = int (*)(unsigned);
using GetCount = int (*)(int*);
constexpr int kNoDevice = 100;  // CUDA_ERROR_NO_DEVICE

Cards ask_driver() {
  // Not closed: the driver's threads outlive it, and libtorch will want it.
  void* const driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return {0, "NVIDIA's driver, libcuda.so.1, is not installed"};
  const auto init = reinterpret_cast<Init>(::dlsym(driver, "cuInit"));
  const auto get_count = reinterpret_cast<GetCount>(::dlsym(driver, "cuDeviceGetCount"));
  if (init == nullptr || get_count == nullptr) return {0, "libcuda.so.1 is not NVIDIA's driver"};
  int count = 0;
  int fault = init(0);
  if (fault == 0) fault = get_count(&count);
  if (fault != 0 && fault != kNoDevice) return {0, fmt::format("NVIDIA's driver reports error {}", fault)};
  if (fault == kNoDevice || count <= 0) return {0, "NVIDIA's driver shows none to this process"};
  return {count, ""};
}

}  // namespace

const Cards& find_cards() {
  static const Cards cards = ask_driver();
  return cards;
}

}  // namespace mi2::models
