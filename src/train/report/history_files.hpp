#pragma once
// A run's history as files for people and programs.

#include <string>

#include "energy/account.hpp"
#include "train/report/observer.hpp"
#include "train/report/run_log.hpp"

namespace mi2::train {

/// A run as a whole.
struct RunSummary {
  RunStart run;
  RunEnd end = RunEnd::kComplete;
  std::int64_t steps = 0;
  energy::Account energy;
};

/// One row per logged step, named as in log.jsonl. What is not a number is an empty field.
std::string steps_csv(const History& history);
/// One row per evaluation: step, epoch, best, seconds, and a column for each metric that occurs.
std::string evaluations_csv(const History& history);
/// Loss, learning rate and the metrics of evaluations over the steps.
std::string curves_svg(const History& history, const std::string& title, const std::string& subtitle);
/// What became of the run: its length, its last loss, its best and last evaluation, its energy.
std::string report_json(const History& history, const RunSummary& summary);

}  // namespace mi2::train
