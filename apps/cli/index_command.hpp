#pragma once
// The subcommands of mi2 index.

#include <string>

#include "command.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mi2::cli {

void add_index_add(CLI::App& command, Session& session);
void add_index_search(CLI::App& command, Session& session);
void add_index_backup(CLI::App& command, Session& session);
void add_index_drift(CLI::App& command, Session& session);
void add_index_outliers(CLI::App& command, Session& session);
void add_index_stats(CLI::App& command, Session& session);
void add_index_tags(CLI::App& command, Session& session);
void add_index_verify(CLI::App& command, Session& session);
void add_index_rm(CLI::App& command, Session& session);
void add_index_export(CLI::App& command, Session& session);

/// Declares the archive's folder.
void add_archive(CLI::App& command, std::string& archive);
/// Declares --where. @param help  what it chooses.
void add_where(CLI::App& command, std::string& where, const std::string& help);

/// The part of a help text about EXPR.
std::string where_help();

}  // namespace mi2::cli
