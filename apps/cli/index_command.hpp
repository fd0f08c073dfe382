#pragma once
// The subcommands of mi2 index.

#include <filesystem>
#include <string>
#include <string_view>

#include "command.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mi2::cli {

void add_index_add(CLI::App& command, Session& session);
void add_index_search(CLI::App& command, Session& session);
void add_index_backup(CLI::App& command, Session& session);
void add_index_compact(CLI::App& command, Session& session);
void add_index_drift(CLI::App& command, Session& session);
void add_index_dups(CLI::App& command, Session& session);
void add_index_label(CLI::App& command, Session& session);
void add_index_map(CLI::App& command, Session& session);
void add_index_outliers(CLI::App& command, Session& session);
void add_index_overlap(CLI::App& command, Session& session);
void add_index_reembed(CLI::App& command, Session& session);
void add_index_replay(CLI::App& command, Session& session);
void add_index_share(CLI::App& command, Session& session);
void add_index_stats(CLI::App& command, Session& session);
void add_index_tags(CLI::App& command, Session& session);
void add_index_verify_cards(CLI::App& command, Session& session);
void add_index_verify(CLI::App& command, Session& session);
void add_index_rm(CLI::App& command, Session& session);
void add_index_export(CLI::App& command, Session& session);
void add_index_push(CLI::App& command, Session& session);

/// Of an erasure that reached everything but the log.
inline constexpr std::string_view kLogKept =
    "a reader keeps the catalog's log: what was erased may be in it until 'mi2 index compact' runs without a reader";

enum class Archives {
  kFolders,
  kSharedToo,  ///< and postgres:// URLs
};
/// Declares the archive's folder, or its URL.
void add_archive(CLI::App& command, std::string& archive, Archives which = Archives::kFolders);
/// The folder of an archive that is read: of a URL its replica, brought up to date with a count of the rows it gets.
/// @throws as archive::local_folder().
std::filesystem::path folder_of(const std::string& archive);
/// For commands that cannot use a database. @param instead  what does what is wanted.
/// @throws Error{kBadArgument} for a URL, which is not repeated.
void require_folder(const std::string& archive, std::string_view instead);
/// Declares --where. @param help  what it chooses.
void add_where(CLI::App& command, std::string& where, const std::string& help);

/// The part of a help text about EXPR.
std::string where_help();

}  // namespace mi2::cli
