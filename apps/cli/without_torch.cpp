// The part of torch_program.hpp that makes a program `mi2`.

#include "torch_program.hpp"

#include <mi2/error.hpp>

namespace mi2::cli {

bool links_torch() noexcept { return false; }
void start_torch() {}

TrainingEnd run_training(const train::TrainConfig&, train::TrainObserver&, const std::function<bool()>&,
                         const std::function<void(const Error&)>&) {
  throw Error(Code::kUnsupported, "training needs libtorch, which this program does not link");
}

}  // namespace mi2::cli
