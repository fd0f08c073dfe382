#include "archive/shared_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_tables.hpp"
#include "archive/near_table.hpp"
#include "archive/replica.hpp"
#include "archive/shared_database.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;
using postgres::Value;

class SharedWriter final : public Upstream {
 public:
  SharedWriter(fs::path folder, Catalog& catalog, SegmentWriter& segments, ThumbWriter& thumbs)
      : folder_(std::move(folder)),
        place_(place_of(folder_)),
        format_(read_format(folder_)),
        catalog_(catalog),
        segments_(segments),
        thumbs_(thumbs),
        tables_(catalog) {
    tables_.watch();
  }

  void begin() override {
    lock_.emplace(folder_, kReplicaPatience);
    try {
      take_turn();
      if (pull(*database_, head_, folder_)) unscrubbed_ = true;
      first_ = catalog_.rows();
      segments_.restart(first_);
      thumbs_.restart();
    } catch (...) {
      end();
      throw;
    }
  }

  void push() override {
    const std::int64_t seq = head_.at.seq + 1;
    std::vector<ChangedVector> rows;
    bool any = false;
    bool erased = false;
    for (const CatalogTable& table : CatalogTables::tables()) any = push_gone(table, seq) || any;
    for (const CatalogTable& table : CatalogTables::tables()) {
      RowBatch batch(database_->connection(), table, seq);
      tables_.each_changed(table, [&](std::span<const Value> row) {
        any = true;
        batch.add(row);
        if (table.name == "item") note_item(row, rows);
        if (table.name == "meta") erased = erased || std::get<std::string>(row.front()) == "rewrites";
      });
      batch.flush();
    }
    any = push_thumbs(seq) || any;
    if (!any) return;
    push_vectors(rows, seq);
    tables_.forget_changes();
    tables_.set_mark(database_->advance(head_, erased));
    transaction_->commit();
  }

  void end() noexcept override {
    transaction_.reset();
    scrub();
    lock_.reset();
  }

 private:
  /// With other writers let in already.
  void scrub() noexcept {
    if (!unscrubbed_) return;
    try {
      scrub_replica(folder_);
      unscrubbed_ = false;
    } catch (const std::exception&) {  // after the next transaction, or by who brings the replica up to date
      unscrubbed_ = true;
    }
  }

  /// A connection that was lost since the last time is made again.
  void take_turn() {
    const bool kept = database_.has_value();
    try {
      lock_archive();
    } catch (const Error&) {
      transaction_.reset();
      if (!kept || database_->connection().alive()) throw;
      database_.reset();
      lock_archive();
    }
  }

  void lock_archive() {
    if (!database_) database_.emplace(place_);
    transaction_.emplace(database_->connection(), postgres::Transaction::Kind::kWrites);
    head_ = database_->head(true);
    near_ = NearTable::find(*database_);
  }

  bool push_gone(const CatalogTable& table, std::int64_t seq) {
    GoneBatch batch(database_->connection(), table, seq, true);
    bool any = false;
    tables_.each_gone(table, [&](std::span<const Value> key) {
      any = true;
      batch.add(key);
    });
    batch.flush();
    return any;
  }

  /// A vector that is new, or was overwritten.
  struct ChangedVector {
    std::uint64_t row = 0;
    bool erased = false;
  };

  void note_item(std::span<const Value> row, std::vector<ChangedVector>& rows) const {
    const auto number = static_cast<std::uint64_t>(std::get<std::int64_t>(row[0]));
    const auto* const kind = std::get_if<std::string>(&row[1]);
    const bool erased = kind != nullptr && *kind == "erased";
    if (number >= first_ || erased) rows.push_back({number, erased});
  }

  void push_vectors(const std::vector<ChangedVector>& rows, std::int64_t seq) {
    RowBatch batch(database_->connection(), vector_table(), seq);
    std::optional<NearBatch> near;
    if (near_) near.emplace(database_->connection(), *near_);
    for (const auto& [row, erased] : rows) {
      const std::vector<float> numbers = segments_.read(row);
      const auto raw = std::as_bytes(std::span(numbers));
      Value bytes = bytes_value(raw);
      // What a replica would refuse, all would, for ever.
      const std::string_view problem =
          vector_problem(std::get<std::string>(bytes), numbers.size(), static_cast<std::int64_t>(base::crc32c(raw)));
      if (!problem.empty()) throw Error(Code::kBadFile, fmt::format("shared archive: a new row: {}", problem));
      batch.add(std::vector<Value>{static_cast<std::int64_t>(row), std::move(bytes)});
      if (!near) continue;
      if (erased) {
        near->remove(row);
      } else {
        near->add(row, numbers);
      }
    }
    batch.flush();
    if (near) near->flush();
  }

  bool push_thumbs(std::int64_t seq) {
    const std::vector<std::uint64_t> changed = tables_.changed_thumbs();
    if (changed.empty()) return false;
    RowBatch batch(database_->connection(), thumb_table(), seq);
    GoneBatch gone(database_->connection(), thumb_table(), seq, false);
    std::optional<Pack> pack;
    std::uint64_t segment = 0;
    for (const std::uint64_t row : changed) {
      const std::optional<Thumb> thumb = tables_.thumb(row);
      if (!thumb) {
        gone.add(std::vector<Value>{static_cast<std::int64_t>(row)});
        continue;
      }
      if (!pack || segment != row / kSegmentRows) {
        segment = row / kSegmentRows;
        pack.emplace(folder_, format_, row);
      }
      batch.add(std::vector<Value>{static_cast<std::int64_t>(row), static_cast<std::int64_t>(thumb->crc),
                                   bytes_value(pack->read(*thumb))});
    }
    batch.flush();
    gone.flush();
    return true;
  }

  fs::path folder_;
  postgres::Place place_;
  Format format_;
  Catalog& catalog_;
  SegmentWriter& segments_;
  ThumbWriter& thumbs_;
  CatalogTables tables_;
  SharedHead head_;
  std::uint64_t first_ = 0;  ///< row that is new in this transaction
  bool unscrubbed_ = false;  ///< others have erased, and this replica took it
  std::optional<WriterLock> lock_;
  std::optional<SharedDatabase> database_;
  std::optional<NearTable> near_;                     ///< as it is in this transaction
  std::optional<postgres::Transaction> transaction_;  ///< the first to go
};

}  // namespace

std::unique_ptr<Upstream> shared_writer(const fs::path& folder, Catalog& catalog, SegmentWriter& segments,
                                        ThumbWriter& thumbs) {
  return std::make_unique<SharedWriter>(folder, catalog, segments, thumbs);
}

}  // namespace mi2::archive
