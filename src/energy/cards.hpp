#pragma once
// What the GPUs of this machine have consumed, as their driver counts it (NVML). Nothing of it is linked.

#include <string>
#include <vector>

namespace mi2::energy {

/// The GPUs that CUDA shows this process.
class Cards {
 public:
  /// @param library  NVML's; none there means no cards.
  /// @param visible  CUDA_VISIBLE_DEVICES: numbers and UUIDs up to the first that is none; null: all cards.
  Cards(const std::string& library, const char* visible);
  ~Cards();
  Cards(const Cards&) = delete;
  Cards& operator=(const Cards&) = delete;

  /// Joules of all cards that count them, since the driver was loaded; a card counts from Volta on.
  [[nodiscard]] double joules() const;
  /// How many count.
  [[nodiscard]] std::size_t count() const noexcept { return handles_.size(); }

 private:
  void open(const char* visible);

  void* library_ = nullptr;
  bool begun_ = false;
  int (*energy_of_)(void* device, unsigned long long* millijoules) = nullptr;
  std::vector<void*> handles_;
};

}  // namespace mi2::energy
