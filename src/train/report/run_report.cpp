#include "train/report/run_report.hpp"

#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "train/report/history_files.hpp"
#include "train/report/run_log.hpp"
#include "train/report/tensorboard.hpp"

namespace mi2::train {

std::string_view name_of(RunEnd end) noexcept {
  switch (end) {
    case RunEnd::kComplete:
      return "complete";
    case RunEnd::kStoppedEarly:
      return "stopped_early";
    case RunEnd::kInterrupted:
      return "interrupted";
    case RunEnd::kFailed:
      break;
  }
  return "failed";
}

struct RunReport::Session {
  Session(const std::filesystem::path& folder, RunStart start, const energy::MeterOptions& energy)
      : run(std::move(start)),
        step(run.first_step),
        log(folder / "log.jsonl", run.first_step),
        events(folder, run.first_step),
        meter(energy) {}

  /// Of all sessions of the run so far.
  energy::Account energy() {
    energy::Account account = meter.account();
    if (log.seconds() > 0) {
      account.hours += log.seconds() / 3600;
      account.terms.push_back(energy::measured("earlier_kwh", "earlier sessions", log.kwh(),
                                               "log.jsonl: as the sessions before the resume counted it"));
    }
    return account;
  }

  RunStart run;
  std::int64_t step;
  RunLog log;
  EventFile events;
  energy::EnergyMeter meter;
};

RunReport::RunReport(std::filesystem::path folder, const energy::MeterOptions& energy)
    : folder_(std::move(folder)), energy_(energy) {}
RunReport::~RunReport() = default;

void RunReport::started(const RunStart& run) { session_ = std::make_unique<Session>(folder_, run, energy_); }

void RunReport::advanced(std::int64_t step, double /*loss*/) { session_->step = step; }

void RunReport::logged(const StepRecord& record) {
  const energy::Account energy = session_->energy();
  session_->log.append(LoggedStep{record, energy.hours * 3600, energy.devices_kwh().high});
  const std::array<std::pair<std::string, double>, 6> values{{{"train/loss", record.loss},
                                                              {"train/learning_rate", record.learning_rate},
                                                              {"train/gradient_norm", record.gradient_norm},
                                                              {"train/logit_scale", record.logit_scale},
                                                              {"train/images_per_second", record.images_per_second},
                                                              {"train/epoch", record.epoch}}};
  session_->events.scalars(record.step, values);
}

void RunReport::evaluated(const EvaluationRecord& record) {
  session_->log.append(record);
  std::vector<std::pair<std::string, double>> values;
  for (const auto& [name, value] : record.metrics) values.emplace_back("validation/" + name, value);
  if (!values.empty()) session_->events.scalars(record.step, values);
}

void RunReport::saved(std::int64_t /*step*/) { session_->log.sync(); }

void RunReport::noted(std::string_view text) { session_->log.note(session_->step, text); }

void RunReport::finished(RunEnd end) {
  session_->log.sync();
  const History history = read_history(folder_ / "log.jsonl");
  const RunSummary summary{session_->run, end, session_->step, session_->energy()};
  base::AtomicFiles files;
  files.add(folder_ / "steps.csv", steps_csv(history));
  files.add(folder_ / "evaluations.csv", evaluations_csv(history));
  files.add(folder_ / "curves.svg",
            curves_svg(history, fmt::format("{}: {} steps, {}", summary.run.name, summary.steps, name_of(end)),
                       energy::summary(summary.energy)));
  files.add(folder_ / "report.json", report_json(history, summary));
  files.commit();
}

}  // namespace mi2::train
