#pragma once
// The subcommands of mi2. Each is a row of the table in main.cpp and a file of its own.

#include <functional>

namespace CLI {
class App;
}

namespace mi2::cli {

/// What the parsed command line asks for. A subcommand's callback sets `run`; main() calls it after parsing and
/// returns its value as the exit status. Errors are thrown: main() has the one guard that maps them.
struct Session {
  std::function<int()> run;
  bool needs_torch = false;  ///< set by the same callback: the program that links libtorch has to run it
};

/// A row of the table of subcommands. `add` declares options on an App that already has the name and the summary, and
/// registers a callback that sets Session::run. Session outlives the App.
struct Command {
  const char* name;
  const char* summary;
  void (*add)(CLI::App& command, Session& session);
};

void add_embed(CLI::App& command, Session& session);
void add_classify(CLI::App& command, Session& session);
void add_heatmap(CLI::App& command, Session& session);
void add_batch(CLI::App& command, Session& session);
void add_tokenize(CLI::App& command, Session& session);
void add_pack(CLI::App& command, Session& session);
void add_package(CLI::App& command, Session& session);
void add_inspect(CLI::App& command, Session& session);
void add_serve(CLI::App& command, Session& session);
void add_bench(CLI::App& command, Session& session);
void add_train(CLI::App& command, Session& session);
void add_fidelity(CLI::App& command, Session& session);
void add_adapter(CLI::App& command, Session& session);
void add_knn(CLI::App& command, Session& session);
void add_evaluate(CLI::App& command, Session& session);
void add_dataset(CLI::App& command, Session& session);
void add_report(CLI::App& command, Session& session);
void add_index(CLI::App& command, Session& session);
void add_listen(CLI::App& command, Session& session);
void add_help(CLI::App& command, Session& session);
void add_man(CLI::App& command, Session& session);
void add_completion(CLI::App& command, Session& session);

}  // namespace mi2::cli
