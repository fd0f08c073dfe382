#pragma once
// The GPUs of this machine, asked of NVIDIA's driver alone: no library of CUDA or libtorch is loaded.

#include <string>

namespace mi2::models {

struct Cards {
  int count = 0;        ///< that this process may use (CUDA_VISIBLE_DEVICES)
  std::string without;  ///< why there is none
};

/// Asks once; later calls have the same answer. With a GPU it starts the driver, which a later fork() does not survive:
/// a child of it has no GPU.
const Cards& find_cards();

}  // namespace mi2::models
