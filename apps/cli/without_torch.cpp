// The part of torch_program.hpp that makes a program `mi2`.

#include "torch_program.hpp"

namespace mi2::cli {

bool links_torch() noexcept { return false; }
void start_torch() {}

}  // namespace mi2::cli
