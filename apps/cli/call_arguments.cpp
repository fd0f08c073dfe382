#include "call_arguments.hpp"

#include <string>
#include <unordered_map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "choices.hpp"
#include "evaluation/call.hpp"

namespace mi2::cli {
namespace {

bool nobody_asked(const CallArguments& arguments) {
  return !arguments.calls && !arguments.positive && !arguments.possible;
}

/// The same for all labels.
Caller caller_of(double positive, double possible) {
  if (!(possible <= positive)) {  // of what is no number too
    throw Error(Code::kBadArgument,
                fmt::format("--possible-from: expected at most what is positive, {}, got {}", positive, possible));
  }
  const evaluation::CutOffs cut_offs = evaluation::possible_from(possible, positive);
  return [cut_offs](const LabelScore& score) { return std::optional(evaluation::call_of(score.score, cut_offs)); };
}

}  // namespace

void add_call_arguments(CLI::App& command, CallArguments& arguments, const char* calls_help) {
  const auto share = number_in(0.0, 1.0);
  command.add_flag("--calls", arguments.calls, calls_help);
  command.add_option("--positive-from", arguments.positive, "Scores of at least this are called positive")
      ->type_name("SCORE")
      ->check(share);
  command.add_option("--possible-from", arguments.possible, "Others of at least this possible, the rest negative")
      ->type_name("SCORE")
      ->check(share);
}

Caller zero_shot_caller(const CallArguments& arguments) {
  if (nobody_asked(arguments)) return {};
  return caller_of(arguments.positive.value_or(evaluation::kZeroShotPositive),
                   arguments.possible.value_or(evaluation::kZeroShotPossible));
}

Caller adapter_caller(const CallArguments& arguments, const adapter::AdapterDescription& adapter) {
  if (nobody_asked(arguments)) return {};
  if (arguments.positive.has_value() != arguments.possible.has_value()) {
    throw Error(Code::kBadArgument, "adapter classify: expected both --positive-from and --possible-from, or neither");
  }
  if (arguments.positive) return caller_of(*arguments.positive, *arguments.possible);
  std::unordered_map<std::string, evaluation::CutOffs> points;
  for (std::size_t i = 0; i < adapter.operating_points.size(); ++i) {
    const adapter::Thresholds& of_label = adapter.operating_points[i];
    if (!of_label.youden || !of_label.sensitive) continue;
    points.emplace(adapter.labels[i], evaluation::CutOffs{of_label.youden->threshold, of_label.sensitive->threshold});
  }
  if (points.empty()) {
    throw Error(Code::kBadArgument,
                "--calls: the adapter has no operating points; expected --positive-from and --possible-from");
  }
  return [points](const LabelScore& score) -> std::optional<evaluation::Call> {
    const auto found = points.find(score.label);
    if (found == points.end()) return std::nullopt;
    return evaluation::call_of(score.score, found->second);
  };
}

}  // namespace mi2::cli
