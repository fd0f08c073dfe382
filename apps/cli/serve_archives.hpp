#pragma once
// What mi2 serve is told of archives, and of where results of them may be sent.

#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "server/options.hpp"

namespace mi2::cli {

struct ArchiveArguments {
  CLI::Option* archives = nullptr;
  CLI::Option* cards = nullptr;
  CLI::Option* heads = nullptr;
  CLI::Option* drift = nullptr;
  std::int64_t drift_every = 3600;  ///< seconds
  CLI::Option* push_to = nullptr;
  CLI::Option* push_credentials = nullptr;
};

void add_archive_arguments(CLI::App& command, ArchiveArguments& arguments, server::Options& options);

/// @throws Error{kBadArgument} naming the option.
void read_archives(const ArchiveArguments& arguments, server::Options& options);

/// Of a model, an archive or a destination. @throws Error{kBadArgument} for what is no such name.
void check_served_name(std::string_view what, const std::string& name);

}  // namespace mi2::cli
