#pragma once
// --calls, --positive-from and --possible-from: what a score is called.

#include <optional>

#include "adapter/adapter.hpp"
#include "score_writers.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

struct CallArguments {
  bool calls = false;
  std::optional<double> positive;
  std::optional<double> possible;
};

/// `arguments` outlives the App. @param calls_help  of --calls.
void add_call_arguments(CLI::App& command, CallArguments& arguments, const char* calls_help);

/// Zero-shot scores: the cut-offs given, else those of the published notebooks. Empty if nobody asked.
/// @throws Error{kBadArgument} for cut-offs in the wrong order.
Caller zero_shot_caller(const CallArguments& arguments);

/// An adapter's scores: the cut-offs given, else the operating points of each label. Empty if nobody asked.
/// @throws Error{kBadArgument} for one cut-off of the two, cut-offs in the wrong order, or an adapter without points.
Caller adapter_caller(const CallArguments& arguments, const adapter::AdapterDescription& adapter);

}  // namespace mi2::cli
