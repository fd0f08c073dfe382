// The part of torch_program.hpp that makes a program `mi2-torch`.

#include "adapter/fit.hpp"
#include "adapter/torch/fit_on_torch.hpp"
#include "models/device.hpp"
#include "models/torch/load_on_torch.hpp"
#include "torch_program.hpp"
#include "train/trainer/run_on_torch.hpp"

namespace mi2::cli {

bool links_torch() noexcept { return true; }
void start_torch() {
  models::device_loader().provide(models::load_on_torch);
  adapter::fitter().provide(adapter::fit_on_torch);
  train::training_run().provide(train::run_on_torch);
}

}  // namespace mi2::cli
