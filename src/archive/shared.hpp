#pragma once
// Archives that PostgreSQL has: postgres://.. in place of a folder (docs/archive-shared.md). Each machine searches a
// replica in its cache, which is brought up to date before.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "archive/format.hpp"
#include "archive/postgres/place.hpp"
#include "archive/upkeep.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

/// Whether an archive is named by the URL of a database, and not by a folder.
inline bool is_shared(std::string_view archive) noexcept { return postgres::is_url(archive); }

/// The replica of a shared archive, brought up to date; nothing if there is none in the schema.
/// @throws as postgres::parse_place(), SharedDatabase and pull().
std::optional<std::filesystem::path> find_shared(const std::string& url, const base::OnProgress& on_progress = {});

/// The folder of an archive that is there, of a URL its replica, brought up to date; nothing: there is none yet.
/// @throws as find_shared().
std::optional<std::filesystem::path> find_archive(const std::string& archive, const base::OnProgress& on_progress = {});

/// The folder in which an archive is read and written: of a URL its replica, brought up to date, of a folder itself.
/// @throws Error{kNotFound} for a schema without an archive; as find_shared().
std::filesystem::path local_folder(const std::string& archive, const base::OnProgress& on_progress = {});

/// Makes a shared archive without rows. Nothing happens if another process makes it meanwhile.
/// @throws Error{kBadArgument} without the right to; as SharedDatabase.
void create_shared(const std::string& url, std::size_t dimensions, const Space& space);

/// Copies an archive in a folder into a schema without one, all of it or nothing. Row numbers, snapshots and the key
/// stay: answers and evidence cards too. @param near  whether it gets an index of pgvector.
/// @returns its rows. @throws Error{kBadArgument} if the schema has an archive; {kBadFile} for damage; {kUnsupported}
/// for labels, which mi2 does not write, and as NearTable::require(); {kOverloaded} while another process writes.
std::uint64_t share(const std::filesystem::path& folder, const std::string& url, bool near,
                    const base::OnProgress& on_progress);

/// Makes an index of pgvector for a shared archive; writers wait meanwhile.
/// @throws Error{kNotFound} without an archive; as NearTable::make().
void index_near(const std::string& url, const base::OnProgress& on_progress);

/// verify() of the replica, and `deep` of each vector and thumbnail in the database too.
/// @throws as local_folder() and verify().
VerifyReport verify_shared(const std::string& url, bool deep, const base::OnProgress& on_progress);

}  // namespace mi2::archive
