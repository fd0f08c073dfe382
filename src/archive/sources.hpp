#pragma once
// What is added to an archive, as it keeps it, and the archive that it is added to.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/catalog.hpp"

namespace mi2::archive {

/// An archive is searched from anywhere: a path means the same file there. Links stay as they are.
/// @throws Error{kBadFile} if the working folder is gone.
std::string whole_path(const std::string& source);

/// How an archive calls them. @param sources  of files and folders.
Source source_of(std::span<const std::string> sources);

/// The URL of a source that an archive has: named as `mi2 index stats` prints it, by its number, by its URL, or by a
/// path from here. @param name  what errors call the archive.
/// @throws Error{kNotFound} naming the nearest; {kBadArgument} for a number that is the path of another source too.
std::string find_source(Catalog& catalog, const std::string& source, std::string_view name);

/// @throws Error{kUnsupported} for images whose vectors would change as a series grows.
void require_lasting(const ImageOptions& options);

/// The archive in a folder or of a URL, or a new one if there is none.
/// @param windows  that somebody chose, as Space::windows; empty: the embedder's or, of an archive of several, its own.
/// @throws as Writer and require_adding().
Writer open_for(const std::filesystem::path& folder, const Embedder& embedder, const std::string& windows = {});

}  // namespace mi2::archive
