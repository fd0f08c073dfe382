#pragma once
// A shared archive's replica: an ordinary folder of an archive that follows a database, and is made again if it is
// deleted.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "archive/format.hpp"
#include "archive/postgres/place.hpp"
#include "archive/shared_database.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

/// How long processes of one machine wait for each other where they share a replica.
inline constexpr std::chrono::milliseconds kReplicaPatience{60'000};

/// Where replicas are: $MI2_ARCHIVE_CACHE, else $XDG_CACHE_HOME/mi2/archives, else ~/.cache/mi2/archives.
/// @throws Error{kBadArgument} where none of the three is known.
std::filesystem::path replica_root();

/// Whether a folder follows a database, by its own word.
bool is_replica(const std::filesystem::path& folder);
/// The database that a replica follows.
/// @throws Error{kBadFile}; {kBadArgument} for a folder that is not where replicas are: whoever passes a folder on must
///         not say to which database others connect, and what is added to it goes.
postgres::Place place_of(const std::filesystem::path& folder);
/// The text of the file by which a folder is a replica. @param url  without a password.
std::string replica_json(const std::string& url);

/// Brings a replica to a state of its database, inside of a transaction there and under the replica's lock. What is
/// there appears whole or not at all, and each vector and thumbnail is compared with its checksum before.
/// @returns whether something was erased: scrub_replica() is due.
/// @throws Error{kBadFile} naming the row that is damaged, or for a database that is another archive's or has a history
///         that the replica has left; {kUnsupported} for a catalog of another version; as SharedDatabase; what
///         `on_progress` throws.
bool pull(SharedDatabase& database, const SharedHead& head, const std::filesystem::path& folder,
          const base::OnProgress& on_progress = {});

/// What was erased goes from the catalog's unused pages and its log too, as far as no reader keeps them: then with the
/// next call. Under the replica's lock; no transaction of the database has to wait for it. @throws Error{kBadFile}.
void scrub_replica(const std::filesystem::path& folder);

/// pull() and scrub_replica(), with the lock and the transaction. @param patience  for who else has the lock.
/// @throws as pull() and WriterLock.
void follow(SharedDatabase& database, const std::filesystem::path& folder, const base::OnProgress& on_progress = {},
            std::chrono::milliseconds patience = kReplicaPatience);

/// @returns what is wrong with a vector of a row; empty: nothing.
std::string_view vector_problem(std::string_view bytes, std::size_t dimensions, std::int64_t crc);

/// Rows of one answer: some 4 MB of vectors; of thumbnails as large as they may be half a gigabyte.
inline constexpr int kVectorsAtOnce = 1024;
inline constexpr int kThumbsAtOnce = 32;
/// A query for rows [item, bytes, the checksum, the kind of the item]; NULL for bytes that are no vector's.
std::string vectors_after(std::int64_t seq, std::size_t dimensions);
/// The same for thumbnails, [item, bytes, the checksum].
std::string thumbs_after(std::int64_t seq);

}  // namespace mi2::archive
