#include "training_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/process.hpp"
#include "energy/meter.hpp"
#include "energy/regions.hpp"
#include "exit_status.hpp"
#include "progress.hpp"
#include "train/report/run_report.hpp"

namespace mi2::cli {
namespace {

/// For people: a bar and evaluations on a terminal, lines elsewhere.
class Watcher final : public train::TrainObserver {
 public:
  Watcher(train::RunReport& report, RunFolder& folder) : report_(report), folder_(folder) {
    waiting_.emplace("reading the data and the model");
  }

  void started(const train::RunStart& run) override {
    waiting_.reset();
    folder_.keep();
    report_.started(run);
    total_ = run.total_steps;
    progress_.emplace(static_cast<std::size_t>(std::max<std::int64_t>(run.total_steps - run.first_step, 0)), "steps");
    run_ = run;
    foresee();
    if (run.first_step > 0) progress_->note(fmt::format("resuming after step {} of {}", run.first_step, total_));
  }
  void advanced(std::int64_t step, double loss) override {
    report_.advanced(step, loss);
    progress_->set_detail(detail_of(loss));
    progress_->advance(1);
    // The first step also waits for the first batch, and libraries prepare themselves in it.
    if (steps_++ == 0) progress_->forget();
    since_ = Clock::now();
  }
  void logged(const train::StepRecord& r) override {
    report_.logged(r);
    if (::isatty(STDERR_FILENO) != 0) return;
    progress_->note(fmt::format("step {}/{}  epoch {:.2f}  loss {:.4f}  lr {:.3g}  {:.1f} images/s", r.step, total_,
                                r.epoch, r.loss, r.learning_rate, r.images_per_second));
  }
  void evaluating(std::int64_t step) override {
    report_.evaluating(step);
    progress_->pause("evaluating");
  }
  void evaluated(const train::EvaluationRecord& record) override {
    report_.evaluated(record);
    evaluation_seconds_ += record.seconds;
    ++evaluations_;
    foresee();
    since_ = Clock::now();
    std::string text = fmt::format("step {}: ", record.step);
    for (const auto& [name, value] : record.metrics) text += fmt::format("{} {:.4f}  ", name, value);
    progress_->note(text + (record.best ? "(best so far)" : ""));
  }
  void saved(std::int64_t step) override { report_.saved(step); }
  void noted(std::string_view text) override {
    report_.noted(text);
    if (progress_) {
      progress_->note(text);
    } else {
      Progress(0, "").note(text);
    }
  }
  void finished(train::RunEnd end) override {
    report_.finished(end);
    if (progress_) progress_->hide();
  }
  void stuck(const Error& error) override {
    const std::string line = fmt::format("mi2: error: {}\n", error.what());
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::_Exit(exit_status_of(error.code()));
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// "loss 1.2345, 67.8 images/s": the step's, and of the last few steps.
  std::string detail_of(double loss) {
    constexpr double kKept = 0.8;
    std::string text = fmt::format("loss {:.4f}", loss);
    if (steps_ == 0) return text;
    const double seconds = std::chrono::duration<double>(Clock::now() - since_).count();
    seconds_per_step_ = seconds_per_step_ > 0 ? kKept * seconds_per_step_ + (1 - kKept) * seconds : seconds;
    if (seconds_per_step_ > 0) text += fmt::format(", {:.1f} images/s", run_.images_per_step / seconds_per_step_);
    return text;
  }

  /// Evaluations to come are as long as those that were, or as many steps as the run expects.
  void foresee() {
    const double left = std::max(run_.evaluations - evaluations_, 0.0);
    if (evaluations_ > 0) {
      progress_->set_ahead(0, left * evaluation_seconds_ / evaluations_);
    } else {
      progress_->set_ahead(left * run_.evaluation_steps, 0);
    }
  }

  train::RunReport& report_;
  RunFolder& folder_;
  train::RunStart run_;
  std::int64_t total_ = 0;
  std::int64_t steps_ = 0;  ///< of this session
  double evaluations_ = 0;
  double evaluation_seconds_ = 0;
  double seconds_per_step_ = 0;
  Clock::time_point since_ = Clock::now();  ///< the end of the last step or evaluation
  std::optional<Waiting> waiting_;
  std::optional<Progress> progress_;
};

/// The settings, and what the launcher says of the run's processes.
energy::MeterOptions energy_options(const train::EnergySettings& settings) {
  const auto stated = [](double value, const char* key) {
    return energy::Factor{{value, value}, fmt::format("{}: {}", energy::kStated, key)};
  };
  energy::MeterOptions options;
  if (settings.watts > 0) options.watts = stated(settings.watts, "ENERGY.WATTS");
  if (settings.watts_per_core != options.watts_per_core.value.low) {
    options.watts_per_core = stated(settings.watts_per_core, "ENERGY.WATTS_PER_CORE");
  }
  if (settings.overhead != options.overhead.value.low) options.overhead = stated(settings.overhead, "ENERGY.PUE");
  if (settings.grams_per_kwh) {
    options.intensity = stated(*settings.grams_per_kwh, "ENERGY.GRAMS_PER_KWH");
  } else if (settings.region != energy::kWorld) {
    options.intensity = energy::intensity_of("", settings.region, "ENERGY.REGION");
  }
  const unsigned processes = base::count_from_environment("OMPI_COMM_WORLD_SIZE").value_or(1);
  options.processes = static_cast<int>(processes);
  const unsigned neighbours = base::count_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(processes);
  options.machines = static_cast<int>(std::max(1U, processes / neighbours));
  return options;
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code fault;
  // Of several processes none knows whether another has begun.
  made_ = std::filesystem::create_directories(path_, fault) && std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr;
  if (!std::filesystem::is_directory(path_)) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", path_.string(), fault.message()));
  }
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (made_) std::filesystem::remove_all(path_, ignored);
}

train::TrainingEnd train_shown(const train::TrainConfig& config, RunFolder& folder, const std::stop_token& stop) {
  train::RunReport report(config.output, energy_options(config.energy));
  Watcher watcher(report, folder);
  train::TrainingEnd end = train::run_training(config, watcher, stop);
  folder.keep();
  return end;
}

}  // namespace mi2::cli
