#pragma once
// The catalog of an archive: what its rows are of. No database is known outside of catalog*.cpp and sqlite.*.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/provenance.hpp>

#include "archive/filter/filter.hpp"

namespace mi2::archive {

using Id = std::int64_t;

/// What says without reading a file whether it is still the one it was.
struct Stamp {
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;  ///< changes too when a program sets the other two back

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// What became of a file that was read.
struct KnownFile {
  Stamp stamp;
  std::string sha256;
  std::optional<Id> instance;
  std::string outcome;  ///< "stored", "copy" (of an object that is stored), "conflict"
  std::string slices;   ///< as they were chosen when it was read
};

struct PatientFacts {
  std::string key;         ///< empty: not known
  std::string identifier;  ///< only with --identifiers keep
  std::optional<std::int64_t> birth_year;
  std::string sex;
};

struct StudyFacts {
  std::string uid;
  std::string date;
  std::string accession_hash;
  std::string accession;  ///< only with --identifiers keep
  std::string description;
  std::string site;
};

struct SeriesFacts {
  std::string uid, modality, body_part, laterality, protocol, description, manufacturer, model, station, software;
  std::optional<double> field_strength, kvp, thickness;
  std::string kernel, contrast, image_type, frame_of_reference, plane;
};

struct InstanceFacts {
  std::string sop_uid, sop_class, transfer_syntax;
  std::optional<std::int64_t> number;
  std::int64_t frames = 1;
  std::string locator;
  std::int64_t size = 0;
  std::string sha256;
};

/// Where the thumbnail of a row is: in the pack of the row's segment.
struct Thumb {
  std::uint64_t row = 0;
  std::uint64_t offset = 0;  ///< bytes, from the start of the file
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
};

struct FrameFacts {
  std::uint64_t row = 0;
  Id instance = 0;
  std::optional<Id> series;
  std::int64_t frame = 0;          ///< from 0
  std::optional<double> position;  ///< mm along the normal of its plane
  std::uint32_t crc = 0;
  std::optional<Thumb> thumb{};
};

struct StoredInstance {
  Id id = 0;
  std::string locator;
  std::string sha256;
};

/// A row of the vectors, as a search groups and filters it.
struct RowFacts {
  enum class Kind : std::uint8_t { kFrame, kSeries, kGone };
  std::uint64_t row = 0;
  Kind kind = Kind::kGone;
  bool deleted = false;
  bool allowed = false;  ///< by the filter
  std::uint32_t crc = 0;
  Id instance = 0, series = 0, study = 0, patient = 0;  ///< 0: none
  std::int64_t added = 0;                               ///< the change that added it
};

/// A row as people see it.
struct ItemFacts {
  std::uint64_t row = 0;
  std::string kind, locator, sop_uid, series_uid, study_uid, modality, body_part, study_date, study_description,
      series_description, site, station;
  std::int64_t frame = 0;  ///< from 1; of a series: 0
  std::int64_t frames = 0;
  std::optional<double> position;
  std::uint32_t crc = 0;
  Id instance = 0, series = 0, study = 0, patient = 0;  ///< 0: none
  bool thumb = false;                                   ///< it has a thumbnail, or one of its slices has
};

/// How many images have a value; nothing: those that have none.
struct ValueCount {
  std::optional<std::string> value;
  std::int64_t images = 0;
};

/// What is left of an archive by a filter.
struct Totals {
  std::int64_t patients = 0, studies = 0, series = 0, instances = 0, images = 0;
};

/// By what Catalog::facet() counts.
inline constexpr std::array<std::string_view, 6> kFacets{"modality", "body_part", "month", "site", "station", "label"};

class Catalog {
 public:
  enum class Access : std::uint8_t { kRead, kWrite, kCreate };
  /// A catalog of format 1, which knows no thumbnails, is read as it is; whoever writes to it makes it format 2.
  /// @throws Error{kNotFound}, {kBadFile}; {kUnsupported} for the catalog of another version.
  Catalog(const std::filesystem::path& folder, Access access);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  ~Catalog();

  /// One snapshot of the catalog, or all of several changes or none.
  class Transaction {
   public:
    Transaction(Catalog& catalog, bool writes);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();  ///< undoes what is not committed
    void commit();

   private:
    Catalog& catalog_;
    bool open_ = true;
  };

  // What there is.
  [[nodiscard]] std::uint64_t rows();  ///< committed ones, and so the next one's number
  /// Rows that it has an entry for: as many as rows(), in an archive that is sound.
  [[nodiscard]] std::uint64_t entries();
  [[nodiscard]] std::int64_t sequence();
  [[nodiscard]] std::string meta(std::string_view key);
  /// 0 if there is none. @throws Error{kBadFile} if it is no count.
  [[nodiscard]] std::uint64_t meta_count(std::string_view key);
  [[nodiscard]] std::optional<KnownFile> file(std::string_view locator);
  [[nodiscard]] std::optional<StoredInstance> instance_of(std::string_view sop_uid);
  [[nodiscard]] bool has_frame(Id instance, std::int64_t frame);
  [[nodiscard]] std::optional<Id> series_of(Id instance);
  /// The space of a live frame of a series.
  [[nodiscard]] std::optional<Id> space_of(Id series);
  [[nodiscard]] std::optional<Id> patient_of(std::string_view key);
  /// Rows and checksums of the live frames of a series, as they lie.
  [[nodiscard]] std::vector<RowFacts> frames_of(Id series);
  /// Every row. @param filter  null: all are allowed.  @throws Error{kUnsupported} as filter::bind().
  void each_row(const filter::Expr* filter, const std::function<void(const RowFacts&)>& use);
  /// The rows that a filter lets by, deleted ones too, in order. @throws as each_row().
  void each_allowed(const filter::Expr& filter, const std::function<void(std::uint64_t)>& use);
  /// Whether a filter lets a live row by. @throws as each_row().
  [[nodiscard]] bool allows(std::uint64_t row, const filter::Expr& filter);
  /// What each live row has of a field: "month", or a text field of filter::fields() that is not keyed. Rows without it
  /// are passed over.
  void each_value(std::string_view field, const std::function<void(std::uint64_t row, std::string value)>& use);
  /// Live images by a value of theirs, the most first. @param by  a row of kFacets; `filter`: null: of all images.
  /// @param most  values.  @throws as each_row().
  [[nodiscard]] std::vector<ValueCount> facet(std::string_view by, const filter::Expr* filter, std::size_t most);
  /// Of live images. @param filter  null: all.  @throws as each_row().
  [[nodiscard]] Totals totals(const filter::Expr* filter);
  /// Rows of the pooled vectors of series, or of the studies, with this identifier, and their owners (RowFacts).
  [[nodiscard]] std::vector<RowFacts> series_rows(std::string_view series_uid, std::string_view study_uid);
  /// Of whom the object with a SOP instance UID is.
  [[nodiscard]] std::optional<RowFacts> subject_of(std::string_view sop_uid);
  [[nodiscard]] std::optional<ItemFacts> item(std::uint64_t row);
  /// Of a live frame, or of the middle slice of a series that has one.
  [[nodiscard]] std::optional<Thumb> thumb(std::uint64_t row);
  /// All thumbnails by row, those of deleted rows too. @throws Error{kBadFile} for numbers that none has.
  void each_thumb(const std::function<void(const Thumb&)>& use);
  /// How many live rows have one.
  [[nodiscard]] std::int64_t thumbs();
  /// Where the last thumbnail of rows from `first` to before `end` ends; 0: there is none.
  [[nodiscard]] std::uint64_t thumbs_end(std::uint64_t first, std::uint64_t end);
  /// In order of kind and place.
  [[nodiscard]] std::vector<double> background(std::string_view kind);
  /// Pairs of a name and a number, as "stats" shows them. @param what  a name of read.sql.
  [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> counts(std::string_view what);
  /// Writes a copy of it, as it is at one moment, whoever writes meanwhile. @param file  that is not there yet.
  /// @throws Error{kBadFile}.
  void copy_to(const std::filesystem::path& file);
  /// What is wrong with the catalog itself; empty: nothing.
  [[nodiscard]] std::vector<std::string> problems();
  /// Of all and of a patient, those that were removed and not erased too.
  [[nodiscard]] std::int64_t studies();
  [[nodiscard]] std::int64_t studies_of(Id patient);

  // What changes it, inside of a transaction that writes.
  [[nodiscard]] std::int64_t add_change(std::string_view what, std::int64_t rows);
  [[nodiscard]] Id source(std::string_view kind, std::string_view url);
  [[nodiscard]] Id space(const Provenance& provenance);
  [[nodiscard]] std::optional<Id> patient(const PatientFacts& facts);
  [[nodiscard]] Id study(const StudyFacts& facts, std::optional<Id> patient);
  [[nodiscard]] Id series(const SeriesFacts& facts, Id study);
  [[nodiscard]] Id instance(const InstanceFacts& facts, std::optional<Id> series, std::optional<Id> source);
  void add_frame(const FrameFacts& facts, Id space, std::int64_t seq);
  /// Takes the place of what was pooled of the series before.
  void add_pooled(std::uint64_t row, Id series, std::uint32_t crc, std::int64_t count, Id space, std::int64_t seq);
  void retire_pooled(Id series, std::int64_t seq);
  /// @returns the series that it was of.
  std::optional<Id> retire_instance(Id instance, std::int64_t seq);
  /// Its object is in another place now, as file "stored" of put_file().
  void move_instance(Id instance, std::string_view locator);
  void put_file(std::string_view locator, const KnownFile& file);
  /// Files in conflict with an object that is no longer there are to be read again.
  void forget_conflicts();
  void refuse(std::string_view locator, std::string_view code, std::string_view reason);
  void accept(std::string_view locator);
  void add_conflict(std::string_view locator, std::string_view sop_uid, std::string_view sha256,
                    const StoredInstance& kept);
  void set_background(std::string_view kind, std::span<const double> scores);
  void set_meta(std::string_view key, std::string_view value);

  // Removal.
  /// Instances whose live frames a filter, a study's identifier or a patient's key choose; one of the three.
  [[nodiscard]] std::vector<Id> chosen_instances(const filter::Expr* filter, std::string_view study_uid,
                                                 std::string_view patient_key);
  /// Live rows of an instance.
  [[nodiscard]] std::int64_t live_rows(Id instance);
  /// What was deleted is to be erased, whatever ends the program.
  void mark_erasing();
  [[nodiscard]] std::vector<std::uint64_t> erasing();
  /// Their thumbnails.
  [[nodiscard]] std::vector<Thumb> erasing_thumbs();
  /// Forgets what rows marked so were of. @param crc  of what was written over them.
  void finish_erasing(std::uint32_t crc);
  /// Nothing that was deleted is left in the catalog's files. Outside of a transaction.
  /// @returns false if a reader keeps the log from being emptied.
  bool scrub();
  /// A thumbnail that is damaged is forgotten.
  void drop_thumb(std::uint64_t row);
  /// A row that is damaged is deleted.
  void drop_row(std::uint64_t row, std::int64_t seq);

 private:
  void add_thumbs();
  [[nodiscard]] bool has_thumb(std::uint64_t row);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::archive
