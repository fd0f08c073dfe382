#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/process.hpp"
#include "dataset/sheet.hpp"
#include "train/train.hpp"
#include "train/trainer/rehearsal.hpp"
#include "train/trainer/run_on_torch.hpp"
#include "train/trainer/session.hpp"
#include "train/trainer/step.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Sums between two records of the log.
struct Window {
  Clock::time_point start = Clock::now();
  double loss = 0;
  std::int64_t steps = 0;
};

TrainingData training_data(const Session& session) {
  const dataset::Dataset& data = session.images->dataset();
  const auto identity = session.record.settings.find("DATASET.TRAIN");
  return {data.size(), session.missing_images, static_cast<std::size_t>(data.classes().size()), data.groups(),
          identity == session.record.settings.end() ? std::string() : identity->second};
}

}  // namespace

struct Training::Impl {
  Impl(TrainConfig config, TrainObserver& watcher) : observer(watcher), session(std::move(config), notes) {}

  TrainResult run(const std::stop_token& stop);
  Rehearsal rehearse();

  [[nodiscard]] bool leads() const { return session.processes->rank() == 0; }

  TrainObserver& observer;
  Notes notes;
  Session session;

 private:
  void log_step();
  void report_notes();
  void evaluate();
  void tell_hook(const EvaluationRecord& record);
  std::filesystem::path export_to(const char* folder) const;
  void save();
  void conclude(TrainResult& result);
  [[nodiscard]] bool due_by_minutes();
  RunEnd train(const std::stop_token& stop);
  [[nodiscard]] std::jthread watch(const std::stop_token& stop);
  [[nodiscard]] Error lost(const std::string& reason) const;
  [[nodiscard]] double epoch() const {
    return static_cast<double>(session.state.step) / static_cast<double>(session.steps_per_epoch);
  }
  [[nodiscard]] std::map<std::string, std::string> provenance() const;

  std::int64_t evaluated_at_ = -1;
  std::int64_t saved_at_ = -1;
  Clock::time_point saved_when_ = Clock::now();
  Window window_;
  RunStart run_;
  std::stop_token stop_;
  /// Held while the weights are not those of a complete step: during an update, and while averages stand in for them.
  std::mutex changing_;
  Steps steps_{session, notes, changing_};
};

void Training::Impl::report_notes() {
  for (const std::string& note : notes.take()) {
    if (leads()) observer.noted(note);
  }
}

void Training::Impl::log_step() {
  if (!leads()) return;
  const double seconds = seconds_since(window_.start);
  const double images = static_cast<double>(window_.steps * session.accumulation) *
                        static_cast<double>(session.loader.batch) * session.processes->size();
  StepRecord record;
  record.step = session.state.step;
  record.epoch = epoch();
  record.loss = window_.loss / static_cast<double>(window_.steps);
  record.learning_rate = session.schedule->learning_rate(session.state.step - 1);
  record.gradient_norm = steps_.gradient_norm();
  record.logit_scale = session.model->logit_scale();
  record.images_per_second = images / seconds;
  record.memory_bytes = base::resident_memory().now;
  observer.logged(record);
}

std::map<std::string, std::string> Training::Impl::provenance() const {
  return {{"format", "pt"}, {"mi2_run", session.config.name}, {"mi2_step", fmt::to_string(session.state.step)}};
}

void Training::Impl::evaluate() {
  if (!session.evaluator || evaluated_at_ == session.state.step) return;
  const auto start = Clock::now();
  if (leads()) observer.evaluating(session.state.step);
  EvaluationRecord record;
  record.step = session.state.step;
  record.epoch = epoch();
  {
    const std::lock_guard lock(changing_);
    const SwappedWeights averaged(session.config.evaluation.ema ? &session.averages : nullptr);
    record.metrics = session.evaluator->run(*session.model, *session.tokens, *session.processes);
    for (std::string& doubt : session.evaluator->take_doubts()) notes.add(std::move(doubt));
  }
  evaluated_at_ = session.state.step;
  RunState& state = session.state;
  for (const auto& [name, value] : record.metrics) {
    if (name != name_of(session.config.evaluation.metric)) continue;
    record.best = std::isfinite(value) && (!state.best || value > *state.best);
    if (record.best) {
      state.best = value;
      state.best_step = state.step;
    }
    state.without_better = record.best ? 0 : state.without_better + 1;
  }
  record.seconds = seconds_since(start);
  if (leads()) {
    if (record.best) export_to("best");
    observer.evaluated(record);
  }
  tell_hook(record);
  // What the evaluation took is not the training's speed.
  window_.start += std::chrono::duration_cast<Clock::duration>(Clock::now() - start);
}

/// All processes go on, or none does.
void Training::Impl::tell_hook(const EvaluationRecord& record) {
  const HookOptions& hook = session.config.hook;
  if (hook.command.empty()) return;
  std::string failure;
  if (leads()) {
    try {
      failure = run_hook(hook, run_, record, session.config.output, [this] { return stop_.stop_requested(); });
    } catch (const std::exception& error) {
      failure = error.what();  // the other processes wait to hear of it
    }
    if (!failure.empty()) notes.add(failure);
    // Killed by the stop, it has not failed: the run ends as stopped.
    if (stop_.stop_requested()) failure.clear();
  }
  if (!session.processes->any(!failure.empty()) || !hook.required) return;
  save();
  throw Error(Code::kBadArgument,
              fmt::format("{}; HOOK.REQUIRED is true, so the run ends after step {}; --resume goes on from there",
                          leads() ? failure : "HOOK.COMMAND failed", session.state.step));
}

std::filesystem::path Training::Impl::export_to(const char* folder) const {
  const std::filesystem::path path = session.config.output / folder;
  if (leads()) session.export_model(path, provenance());
  return path;
}

bool Training::Impl::due_by_minutes() {
  const double minutes = session.config.checkpoint.cadence.minutes;
  if (minutes <= 0) return false;
  return session.processes->any(leads() && seconds_since(saved_when_) >= 60 * minutes);
}

void Training::Impl::save() {
  saved_when_ = Clock::now();
  if (saved_at_ == session.state.step) return;
  saved_at_ = session.state.step;
  if (!leads()) return;
  session.save_checkpoint();
  session.checkpoints.prune(session.config.checkpoint.keep_last, session.state.step);
  observer.saved(session.state.step);
}

RunEnd Training::Impl::train(const std::stop_token& stop) {
  const TrainConfig& config = session.config;
  const std::int64_t first = session.state.step;
  if (first == 0 && config.evaluation.at_start) evaluate();
  dataset::Loader loader(session.images, session.loader, session.position_after(first));
  window_.start = Clock::now();
  while (session.state.step < session.total) {
    steps_.take([&] { return loader.next().value(); });
    window_.loss += steps_.loss();
    ++window_.steps;
    const std::int64_t done = session.state.step;
    report_notes();
    if (leads()) observer.advanced(done, steps_.loss());
    if (done % config.log_every == 0 || done == session.total) {
      log_step();
      window_ = {};
    }
    const bool stopped = session.processes->any(stop.stop_requested());
    // Not while steps are left out: the weights may be past saving, and older checkpoints would make room for them.
    const bool save_now =
        (is_due(config.checkpoint.cadence, done, session.steps_per_epoch) || due_by_minutes()) && !steps_.left_out();
    if (is_due(config.evaluation.cadence, done, session.steps_per_epoch) ||
        (save_now && config.evaluation.with_checkpoints)) {
      evaluate();
    }
    const int patience = config.evaluation.patience;
    const bool early = patience > 0 && session.state.without_better >= patience;
    if (save_now || stopped || early) save();
    if (stopped) return RunEnd::kInterrupted;
    if (early) return RunEnd::kStoppedEarly;
  }
  return RunEnd::kComplete;
}

Error Training::Impl::lost(const std::string& reason) const {
  return {Code::kInternal,
          fmt::format("{}; the first process has saved step {}: go on by --resume", reason, session.state.step)};
}

/// A process that waits inside MPI for a lost one never comes back to see an interrupt. Weights change between
/// collectives only, so another thread can save them.
std::jthread Training::Impl::watch(const std::stop_token& stop) {
  return std::jthread([this, stop](const std::stop_token& done) {
    constexpr auto kPause = std::chrono::milliseconds(50);
    while (!done.stop_requested() && !stop.stop_requested()) std::this_thread::sleep_for(kPause);
    // Most often the others come after all, or the wait ends by itself.
    for (int i = 0; i < 6 && !done.stop_requested(); ++i) std::this_thread::sleep_for(kPause);
    if (done.stop_requested()) return;
    const std::unique_lock lock(changing_, std::try_to_lock);
    try {
      if (lock.owns_lock()) save();
    } catch (const Error& error) {
      observer.stuck(error);
    }
    observer.stuck(lost("training: interrupted while another process may be lost"));
  });
}

/// After the last step: what the run leaves.
void Training::Impl::conclude(TrainResult& result) {
  if (session.config.evaluation.at_end) evaluate();
  save();
  const std::filesystem::path folder = export_to("model");
  if (session.exports_models()) result.model = folder;
  if (session.lora) result.lora = folder / kLoraFile;
}

Rehearsal Training::Impl::rehearse() {
  report_notes();
  Rehearsal found;
  Clock::time_point start = Clock::now();
  dataset::Loader loader(session.images, session.loader, session.position_after(session.state.step));
  std::optional<dataset::Batch> first = loader.next();
  found.seconds_per_batch = seconds_since(start);
  if (leads()) {
    found.sheet = session.config.output / "dry-run.png";
    dataset::write_sheet(found.sheet, *first, session.images->dataset(), session.loader.format);
  }
  start = Clock::now();
  steps_.take([&] { return first ? *std::exchange(first, std::nullopt) : loader.next().value(); });
  found.seconds_per_step = seconds_since(start);
  found.loss = steps_.loss();
  found.gradient_norm = steps_.gradient_norm();
  found.memory_bytes = base::resident_memory().peak;
  estimate(found, session);
  report_notes();
  return found;
}

TrainResult Training::Impl::run(const std::stop_token& stop) {
  const TrainConfig& config = session.config;
  if (leads()) {
    // A killed run may have left files of other names than this one will write.
    for (const char* folder : {"", "checkpoints", "best", "model"}) base::remove_dead_in(config.output / folder);
    base::AtomicFile settings(config.output / "train.yaml");
    settings.write(to_yaml(config));
    settings.commit();
    run_ = {config.name,
            session.state.step,
            session.total,
            session.steps_per_epoch,
            session.processes->size(),
            static_cast<double>(session.images_per_step()),
            evaluations(session, session.state.step),
            evaluation_steps(session),
            training_data(session)};
    observer.started(run_);
  }
  report_notes();
  stop_ = stop;
  TrainResult result;
  const bool several = session.processes->size() > 1;
  session.processes->give_up_on(stop);
  try {
    {
      const std::jthread watcher = several ? watch(stop) : std::jthread();
      result.end = train(stop);
    }
    if (result.end != RunEnd::kInterrupted) conclude(result);
  } catch (const Error& error) {
    report_notes();
    // Nothing of a run that its own settings have ended is worth saving, and no other process is lost.
    const bool others = several && error.code() != Code::kBadArgument;
    if (others) save();
    if (leads()) observer.finished(RunEnd::kFailed);
    if (!others) throw;
    throw lost(error.what());
  }
  report_notes();
  result.steps = session.state.step;
  result.best = session.state.best;
  if (result.best && session.exports_models()) result.best_model = config.output / "best";
  if (result.best && session.lora) result.best_lora = config.output / "best" / kLoraFile;
  if (leads()) observer.finished(result.end);
  return result;
}

Training::Training(TrainConfig config, TrainObserver& observer)
    : impl_(std::make_unique<Impl>(std::move(config), observer)) {}
Training::~Training() = default;
bool Training::leads() const noexcept { return impl_->leads(); }
TrainResult Training::run(const std::stop_token& stop) { return impl_->run(stop); }

Rehearsal Training::rehearse() { return impl_->rehearse(); }

TrainingEnd run_on_torch(const TrainConfig& config, TrainObserver& observer, const std::stop_token& stop) {
  Training training(config, observer);
  if (config.dry_run) return {training.leads(), {}, training.rehearse()};
  return {training.leads(), training.run(stop), std::nullopt};
}

}  // namespace mi2::train
