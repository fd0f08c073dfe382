#pragma once
// mi2 index verify-audit.

#include <CLI/CLI.hpp>

#include "command.hpp"

namespace mi2::cli {

void add_index_verify_audit(CLI::App& command, Session& session);

}  // namespace mi2::cli
