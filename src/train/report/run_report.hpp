#pragma once
// Everything a run leaves to look at, in its folder.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "energy/meter.hpp"
#include "train/report/observer.hpp"

namespace mi2::train {

/// While the run goes on: log.jsonl and an event file for TensorBoard. At its end: steps.csv, evaluations.csv,
/// curves.svg and report.json, each whole or not at all, over all sessions of a run that was resumed.
/// One process of a run has one.
class RunReport final : public TrainObserver {
 public:
  /// @param folder  exists.
  RunReport(std::filesystem::path folder, const energy::MeterOptions& energy);
  ~RunReport() override;

  /// @throws Error{kBadFile} as the others: the folder cannot be written, the disk is full.
  void started(const RunStart& run) override;
  void advanced(std::int64_t step, double loss) override;
  void logged(const StepRecord& record) override;
  void evaluated(const EvaluationRecord& record) override;
  void saved(std::int64_t step) override;
  void noted(std::string_view text) override;
  void finished(RunEnd end) override;

 private:
  struct Session;
  std::filesystem::path folder_;
  energy::MeterOptions energy_;
  std::unique_ptr<Session> session_;
};

}  // namespace mi2::train
