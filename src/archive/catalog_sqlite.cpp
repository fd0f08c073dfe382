// The catalog in SQLite: opening it, and what is known of files.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"
#include "archive/format.hpp"

namespace mi2::archive {
namespace {

using Mode = sqlite::Database::Mode;

Mode mode_of(Catalog::Access access) {
  switch (access) {
    case Catalog::Access::kRead:
      return Mode::kRead;
    case Catalog::Access::kWrite:
      return Mode::kWrite;
    case Catalog::Access::kCreate:
      break;
  }
  return Mode::kCreate;
}

std::optional<Id> id_of(sqlite::Statement& statement) {
  const std::int64_t id = single(statement);
  return id == 0 ? std::nullopt : std::optional(id);
}

}  // namespace

void make_tables(sqlite::Database& database) {
  for (const std::string_view part : {"schema", "thumbs", "objects", "tiles", "voi", "label"})
    database.execute(sql_text(part));
}

Catalog::Catalog(const std::filesystem::path& folder, Access access)
    : impl_(std::make_unique<Impl>(catalog_file(folder), mode_of(access))) {
  if (access == Access::kCreate) {
    Transaction all(*this, true);
    make_tables(impl_->database);
    set_meta("format", kCatalogFormat);
    all.commit();
  }
  const std::string name = catalog_file(folder).string();
  try {
    impl_->format = meta("format");
  } catch (const Error& error) {
    if (error.code() == Code::kOverloaded) throw;
    throw Error(Code::kBadFile, fmt::format("{}: expected the catalog of an archive: {}", name, error.what()));
  }
  if (impl_->format == kCatalogFormat) return;
  if (!is_older_format(impl_->format)) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected format {}, got {:.16}", name, kCatalogFormat, impl_->format));
  }
  if (access == Access::kWrite) {
    convert_older_format(impl_->database);
    impl_->format = kCatalogFormat;
  } else {
    read_older_format(impl_->database, impl_->format);
    impl_->older = is_before_4(impl_->format);
  }
}

bool Catalog::converted() { return meta("format") != impl_->format; }

Catalog::~Catalog() = default;

void Catalog::set_upstream(std::unique_ptr<Upstream> upstream) { impl_->upstream = std::move(upstream); }
bool Catalog::has_upstream() const noexcept { return impl_->upstream != nullptr; }

Catalog::Transaction::Transaction(Catalog& catalog, bool writes)
    : catalog_(catalog), upstream_(writes ? catalog.impl_->upstream.get() : nullptr) {
  if (upstream_ != nullptr) upstream_->begin();
  try {
    catalog_.impl_->database.execute(writes ? "BEGIN IMMEDIATE" : "BEGIN");
  } catch (const Error&) {
    if (upstream_ != nullptr) upstream_->end();
    throw;
  }
}

Catalog::Transaction::~Transaction() {
  if (open_) {
    try {
      catalog_.impl_->database.execute("ROLLBACK");
    } catch (const Error&) {  // after some failures SQLite has done it by itself
      open_ = false;
    }
  }
  if (upstream_ != nullptr) upstream_->end();
}

void Catalog::Transaction::commit() {
  if (upstream_ != nullptr) upstream_->push();
  catalog_.impl_->database.execute("COMMIT");
  open_ = false;
  if (Upstream* const over = std::exchange(upstream_, nullptr)) over->end();
}

std::uint64_t Catalog::rows() { return static_cast<std::uint64_t>(single(impl_->named("rows"))); }

std::uint64_t Catalog::entries() { return static_cast<std::uint64_t>(single(impl_->named("entries"))); }

std::int64_t Catalog::sequence() { return single(impl_->named("sequence")); }

std::string Catalog::meta(std::string_view key) {
  sqlite::Statement& statement = impl_->named("meta").bind(0, key);
  std::string value = statement.step() ? statement.text(0) : std::string();
  statement.reset();
  return value;
}

std::uint64_t Catalog::meta_count(std::string_view key) {
  const std::string text = meta(key);
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!text.empty() && (error != std::errc() || end != text.data() + text.size())) {
    throw Error(Code::kBadFile, fmt::format("catalog: '{}' is no count", key));
  }
  return count;
}

void Catalog::set_meta(std::string_view key, std::string_view value) {
  impl_->named("set_meta").bind(0, key).bind(1, value).run();
}

std::optional<StoredInstance> Catalog::instance_of(std::string_view sop_uid) {
  sqlite::Statement& row = impl_->bind_uid(impl_->named("instance_of"), 0, sop_uid);
  std::optional<StoredInstance> found;
  if (row.step()) found = StoredInstance{row.integer(0), row.text(1), row.text(2)};
  row.reset();
  return found;
}

std::optional<Id> Catalog::series_of(Id instance) { return id_of(impl_->named("series_of").bind(0, instance)); }

std::optional<Id> Catalog::space_of(Id series) { return id_of(impl_->named("space_of").bind(0, series)); }

std::optional<Id> Catalog::patient_of(std::string_view key) {
  return id_of(impl_->bind_hash(impl_->named("patient_of"), 0, key));
}

std::vector<RowFacts> Catalog::frames_of(Id series) {
  std::vector<RowFacts> rows;
  sqlite::Statement& row = impl_->named("frames_of").bind(0, series);
  while (row.step()) {
    RowFacts& facts = rows.emplace_back();
    facts.row = static_cast<std::uint64_t>(row.integer(0));
    facts.picture = facts.row;
    facts.kind = RowFacts::Kind::kFrame;
    facts.crc = static_cast<std::uint32_t>(row.integer(1));
  }
  row.reset();
  return rows;
}

std::int64_t Catalog::add_change(std::string_view what, std::int64_t rows) {
  impl_->named("add_change").bind(0, now_text()).bind(1, what).bind(2, rows).run();
  return impl_->database.last_id();
}

Id Catalog::source(std::string_view kind, std::string_view url) {
  if (const std::optional<Id> known = id_of(impl_->named("find_source").bind(0, url))) return *known;
  impl_->named("add_source").bind(0, kind).bind(1, url).bind(2, now_text()).run();
  return impl_->database.last_id();
}

Id Catalog::space(const Provenance& made_by) {
  const auto bound = [&](std::string_view name) -> sqlite::Statement& {
    return impl_->named(name)
        .bind(0, made_by.weights_sha256)
        .bind(1, made_by.profile)
        .bind(2, made_by.dtype)
        .bind(3, made_by.version)
        .bind(4, made_by.instructions);
  };
  if (const std::optional<Id> known = id_of(bound("find_space"))) return *known;
  bound("add_space").run();
  return impl_->database.last_id();
}

std::optional<Id> Catalog::patient(const PatientFacts& facts) {
  if (facts.key.empty()) return std::nullopt;
  if (const std::optional<Id> known = id_of(impl_->bind_hash(impl_->named("find_patient"), 0, facts.key))) return known;
  impl_->bind_hash(impl_->named("add_patient"), 0, facts.key)
      .bind_or_null(1, facts.identifier)
      .bind_or_null(2, facts.birth_year)
      .bind_or_null(3, facts.sex)
      .run();
  return impl_->database.last_id();
}

Id Catalog::study(const StudyFacts& facts, std::optional<Id> patient) {
  sqlite::Statement& find = impl_->named("find_study").bind(0, facts.uid).bind_or_null(1, patient);
  if (const std::optional<Id> known = id_of(find)) return *known;
  impl_->named("add_study")
      .bind(0, facts.uid)
      .bind_or_null(1, patient)
      .bind_or_null(2, facts.date)
      .bind_or_null(3, facts.accession_hash)
      .bind_or_null(4, facts.accession)
      .bind_or_null(5, facts.description)
      .bind_or_null(6, facts.site)
      .run();
  return impl_->database.last_id();
}

Id Catalog::series(const SeriesFacts& facts, Id study) {
  if (const std::optional<Id> known = id_of(impl_->named("find_series").bind(0, facts.uid).bind(1, study))) {
    return *known;
  }
  impl_->named("add_series")
      .bind(0, facts.uid)
      .bind(1, study)
      .bind_or_null(2, facts.modality)
      .bind_or_null(3, facts.body_part)
      .bind_or_null(4, facts.laterality)
      .bind_or_null(5, facts.protocol)
      .bind_or_null(6, facts.description)
      .bind_or_null(7, facts.manufacturer)
      .bind_or_null(8, facts.model)
      .bind_or_null(9, facts.station)
      .bind_or_null(10, facts.software)
      .bind_or_null(11, facts.field_strength)
      .bind_or_null(12, facts.kvp)
      .bind_or_null(13, facts.kernel)
      .bind_or_null(14, facts.contrast)
      .bind_or_null(15, facts.thickness)
      .bind_or_null(16, facts.image_type)
      .bind_or_null(17, facts.frame_of_reference)
      .bind_or_null(18, facts.plane)
      .run();
  return impl_->database.last_id();
}

void Catalog::add_frame(const FrameFacts& facts, Id space, std::int64_t seq) {
  sqlite::Statement& add = impl_->named("add_frame")
                               .bind(0, static_cast<std::int64_t>(facts.row))
                               .bind(1, facts.instance)
                               .bind_or_null(2, facts.series)
                               .bind(3, facts.frame)
                               .bind_or_null(4, facts.position)
                               .bind(5, space)
                               .bind(6, static_cast<std::int64_t>(facts.crc))
                               .bind(7, seq);
  if (facts.pixels) {
    add.bind_bytes(8, bytes_of_hex(facts.pixels->pixels_sha256).substr(0, kPixelBytes));
    add.bind(9, std::int64_t{facts.pixels->blank ? 1 : 0});
    if (facts.pixels->dhash) add.bind(10, std::bit_cast<std::int64_t>(*facts.pixels->dhash));
  }
  add.run();
  if (facts.tile) add_tile(facts.row, *facts.tile);
  if (!facts.window.empty()) {
    impl_->named("add_voi")
        .bind(0, static_cast<std::int64_t>(facts.row))
        .bind(1, static_cast<std::int64_t>(facts.picture))
        .bind(2, facts.window)
        .run();
  }
  if (facts.localizer) impl_->named("add_localizer").bind(0, static_cast<std::int64_t>(facts.row)).run();
  if (!facts.thumb) return;
  impl_->named("add_thumb")
      .bind(0, static_cast<std::int64_t>(facts.row))
      .bind(1, static_cast<std::int64_t>(facts.thumb->offset))
      .bind(2, static_cast<std::int64_t>(facts.thumb->size))
      .bind(3, static_cast<std::int64_t>(facts.thumb->crc))
      .run();
}

void Catalog::retire_pooled(Id series, std::int64_t seq) {
  impl_->named("retire_pooled").bind(0, seq).bind(1, series).run();
}

void Catalog::add_pooled(std::uint64_t row, Id series, std::uint32_t crc, std::int64_t count, Id space,
                         std::int64_t seq) {
  retire_pooled(series, seq);
  impl_->named("add_pooled")
      .bind(0, static_cast<std::int64_t>(row))
      .bind(1, series)
      .bind(2, space)
      .bind(3, static_cast<std::int64_t>(crc))
      .bind(4, count)
      .bind(5, seq)
      .run();
}

std::optional<Id> Catalog::retire_instance(Id instance, std::int64_t seq) {
  const std::optional<Id> series = series_of(instance);
  impl_->named("forget_labels").bind(0, instance).run();
  impl_->named("retire_frames").bind(0, seq).bind(1, instance).run();
  impl_->named("retire_instance").bind(0, seq).bind(1, instance).run();
  impl_->named("forget_refused_frames").bind(0, instance).run();
  forget_files(instance);
  return series;
}

void Catalog::refuse(std::string_view locator, std::string_view code, std::string_view reason) {
  impl_->named("refuse").bind(0, locator).bind(1, code).bind(2, reason).bind(3, now_text()).run();
}

void Catalog::accept(std::string_view locator) {
  impl_->named("accept").bind(0, locator).run();
  impl_->named("settle").bind(0, locator).run();
}

void Catalog::add_conflict(std::string_view locator, std::string_view sop_uid, std::string_view sha256,
                           const StoredInstance& kept) {
  impl_->named("add_conflict")
      .bind(0, locator)
      .bind_bytes(1, packed_uid(sop_uid))
      .bind(2, sha256)
      .bind(3, kept.locator)
      .bind(4, kept.sha256)
      .bind(5, now_text())
      .run();
}

void Catalog::set_background(std::string_view kind, std::span<const double> scores) {
  impl_->named("clear_background").bind(0, kind).run();
  std::int64_t place = 0;
  for (const double score : scores) impl_->named("add_background").bind(0, kind).bind(1, place++).bind(2, score).run();
}

}  // namespace mi2::archive
