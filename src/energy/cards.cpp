#include "energy/cards.hpp"

#include <dlfcn.h>

#include <charconv>
#include <string_view>

namespace mi2::energy {
namespace {

constexpr int kSuccess = 0;

template <typename Function>
Function* function_of(void* library, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(library, name));
}

/// The parts between commas.
std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return parts;
}

}  // namespace

// Functions and types: NVML's reference, stable since driver 450. A device handle is a pointer.
Cards::Cards(const std::string& library, const char* visible) {
  library_ = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) return;
  auto* const begin = function_of<int()>(library_, "nvmlInit_v2");
  energy_of_ = function_of<int(void*, unsigned long long*)>(library_, "nvmlDeviceGetTotalEnergyConsumption");
  if (begin == nullptr || energy_of_ == nullptr) return;
  begun_ = begin() == kSuccess;
  if (begun_) open(visible);
}

Cards::~Cards() {
  if (begun_) {
    if (auto* const end = function_of<int()>(library_, "nvmlShutdown")) end();
  }
  if (library_ != nullptr) ::dlclose(library_);
}

void Cards::open(const char* visible) {
  auto* const count = function_of<int(unsigned*)>(library_, "nvmlDeviceGetCount_v2");
  auto* const by_index = function_of<int(unsigned, void**)>(library_, "nvmlDeviceGetHandleByIndex_v2");
  auto* const by_uuid = function_of<int(const char*, void**)>(library_, "nvmlDeviceGetHandleByUUID");
  if (count == nullptr || by_index == nullptr || by_uuid == nullptr) return;
  void* handle = nullptr;
  const auto take = [&](int status) {
    unsigned long long millijoules = 0;
    if (status != kSuccess) return false;
    if (energy_of_(handle, &millijoules) == kSuccess) handles_.push_back(handle);
    return true;
  };
  if (visible == nullptr) {
    unsigned cards = 0;
    if (count(&cards) != kSuccess) return;
    for (unsigned i = 0; i < cards; ++i) take(by_index(i, &handle));
    return;
  }
  for (const std::string& part : parts_of(visible)) {
    unsigned index = 0;
    const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool number = fault == std::errc() && end == part.data() + part.size();
    const int status = number ? by_index(index, &handle) : by_uuid(part.c_str(), &handle);
    if (!take(status)) return;
  }
}

double Cards::joules() const {
  double sum = 0;
  for (void* const handle : handles_) {
    unsigned long long millijoules = 0;
    if (energy_of_(handle, &millijoules) == kSuccess) sum += 1e-3 * static_cast<double>(millijoules);
  }
  return sum;
}

}  // namespace mi2::energy
