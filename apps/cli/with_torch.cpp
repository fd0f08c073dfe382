// The part of torch_program.hpp that makes a program `mi2-torch`.

#include "adapter/fit.hpp"
#include "adapter/torch/fit_on_torch.hpp"
#include "models/device.hpp"
#include "models/torch/load_on_torch.hpp"
#include "torch_program.hpp"

namespace mi2::cli {

bool links_torch() noexcept { return true; }
void start_torch() {
  models::set_device_loader(models::load_on_torch);
  adapter::set_fitter(adapter::fit_on_torch);
}

TrainingEnd run_training(const train::TrainConfig& config, train::TrainObserver& observer,
                         const std::function<bool()>& interrupted, const std::function<void(const Error&)>& stuck) {
  train::Training training(config, observer);
  return {training.leads(), training.run(interrupted, stuck)};
}

}  // namespace mi2::cli
