#pragma once
// Products in a narrower type, as PyTorch's autocast does it.

#include <ATen/ATen.h>

namespace mi2::ops::torch_ops {

/// This thread's autocast for one kind of device, set for a scope and then as it was. kFloat turns it off.
class Autocast {
 public:
  Autocast(at::Device device, at::ScalarType dtype);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

  /// What is on now: kFloat if nothing.
  static at::ScalarType current(at::Device device);

 private:
  at::DeviceType device_;
  bool enabled_;
  at::ScalarType dtype_;
};

}  // namespace mi2::ops::torch_ops
