#pragma once
// The part of mi2 index add about vectors that were made before.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/given/facts_table.hpp"
#include "archive/given/given.hpp"
#include "progress.hpp"
#include "vectors/vector_file.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

struct VectorSources {
  std::vector<std::unique_ptr<vectors::VectorFile>> files;
  std::optional<archive::given::FactsTable> table;
};

/// Declares --table.
void add_facts_table(CLI::App& command, std::string& table);
/// The part of a help text about files of vectors.
std::string vectors_help();

/// The files of vectors among sources, which are then all of them; nothing if they are images.
/// @param table  the value of --table.
/// @throws Error{kBadArgument}; as VectorFile::open() and FactsTable::read().
std::optional<VectorSources> vectors_of(const std::vector<std::string>& sources, const std::string& table,
                                        Progress& progress);

/// @param options  as for images.  @throws as archive::given::add().
archive::Added add_vectors(archive::Writer& archive, const Embedder& embedder, const VectorSources& sources,
                           const archive::AddOptions& options, Progress& progress);

/// Says what would be added. @param archive  the folder; nothing: there is none yet.  @returns the exit status.
int preview_vectors(const std::optional<std::filesystem::path>& archive, const VectorSources& sources,
                    const archive::AddOptions& options, Progress& progress);

}  // namespace mi2::cli
