#pragma once
// The subcommands of mi2 report.

#include "command.hpp"

namespace mi2::cli {

void add_model_card(CLI::App& command, Session& session);

}  // namespace mi2::cli
