#pragma once
// The subcommands of mi2 adapter.

#include <string>

#include "command.hpp"

namespace mi2::cli {

void add_adapter_train(CLI::App& command, Session& session);
void add_adapter_classify(CLI::App& command, Session& session);
void add_adapter_predict(CLI::App& command, Session& session);
void add_adapter_import(CLI::App& command, Session& session);
void add_adapter_embed(CLI::App& command, Session& session);

/// @throws Error{kBadArgument} if one of the two files of an adapter is there, unless `force`.
void check_adapter_is_new(const std::string& out, bool force);

}  // namespace mi2::cli
