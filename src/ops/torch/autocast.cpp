#include "ops/torch/autocast.hpp"

#include <ATen/autocast_mode.h>

namespace mi2::ops::torch_ops {

Autocast::Autocast(at::Device device, at::ScalarType dtype)
    : device_(device.type()),
      enabled_(at::autocast::is_autocast_enabled(device_)),
      dtype_(at::autocast::get_autocast_dtype(device_)) {
  at::autocast::set_autocast_enabled(device_, dtype != at::kFloat);
  if (dtype != at::kFloat) at::autocast::set_autocast_dtype(device_, dtype);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, enabled_);
  at::autocast::set_autocast_dtype(device_, dtype_);
}

at::ScalarType Autocast::current(at::Device device) {
  return at::autocast::is_autocast_enabled(device.type()) ? at::autocast::get_autocast_dtype(device.type())
                                                          : at::kFloat;
}

}  // namespace mi2::ops::torch_ops
