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

#include "archive/catalog_facts.hpp"
#include "archive/filter/filter.hpp"

namespace mi2::archive {

/// Where the changes of a catalog go before they count, if they do not count here: the database of a shared archive.
class Upstream {
 public:
  Upstream() = default;
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  virtual ~Upstream() = default;
  /// Before a transaction that writes: keeps other writers out, and brings the catalog up to date.
  virtual void begin() = 0;
  /// At its end, inside of it: when this returns, it counts.
  virtual void push() = 0;
  /// It is over, whatever came of it. Lets other writers in.
  virtual void end() noexcept = 0;
};

/// What is known of a live row.
struct CatalogEntry {
  std::uint64_t row = 0;
  Id patient = 0;                     ///< 0: none
  std::vector<filter::Value> values;  ///< of fields of filters
  std::optional<TileFacts> tile{};    ///< of a whole slide
  std::string window{};               ///< as ItemFacts
};

/// Of the catalog alone: archive.json keeps its own.
inline constexpr std::string_view kCatalogFormat = "6";

/// By what Catalog::facet() counts.
inline constexpr std::array<std::string_view, 6> kFacets{"modality", "body_part", "month", "site", "station", "label"};

class Catalog {
 public:
  enum class Access : std::uint8_t { kRead, kWrite, kCreate };
  /// A catalog of format 1, which knows no thumbnails, 2, without hashes of pixels, 3, which takes more room, 4,
  /// without tiles, or 5, without several windows, is read as it is; whoever opens it to write makes it format 6.
  /// @throws Error{kNotFound}, {kBadFile}; {kUnsupported} for the catalog of another version.
  Catalog(const std::filesystem::path& folder, Access access);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  ~Catalog();

  /// From now on each transaction that writes goes there too.
  void set_upstream(std::unique_ptr<Upstream> upstream);
  [[nodiscard]] bool has_upstream() const noexcept;
  /// Whether another process has made it another format since it was opened: then it is to be opened again.
  [[nodiscard]] bool converted();

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
    Upstream* upstream_ = nullptr;  ///< null: it only reads, or it counts here
    bool open_ = true;
  };

  // What there is.
  [[nodiscard]] std::uint64_t rows();  ///< committed ones, and so the next one's number
  /// Rows that it has an entry for: as many as rows(), in an archive that is sound.
  [[nodiscard]] std::uint64_t entries();
  [[nodiscard]] std::int64_t sequence();
  /// Another one after each commit of another connection; only for comparing, and outside of a transaction.
  [[nodiscard]] std::int64_t version();
  [[nodiscard]] std::string meta(std::string_view key);
  /// 0 if there is none. @throws Error{kBadFile} if it is no count.
  [[nodiscard]] std::uint64_t meta_count(std::string_view key);
  [[nodiscard]] std::optional<KnownFile> file(std::string_view locator);
  [[nodiscard]] std::optional<StoredInstance> instance_of(std::string_view sop_uid);
  /// The live rows of an object, by frame and window.
  [[nodiscard]] std::vector<LiveFrame> live_frames(Id instance);
  /// Their rows, in the order of the frames.
  [[nodiscard]] std::vector<LiveRow> rows_of(Id instance);
  [[nodiscard]] std::optional<Id> series_of(Id instance);
  /// The space of a live frame of a series.
  [[nodiscard]] std::optional<Id> space_of(Id series);
  [[nodiscard]] std::optional<Id> patient_of(std::string_view key);
  /// Rows and checksums of the live frames of a series, as they lie.
  [[nodiscard]] std::vector<RowFacts> frames_of(Id series);
  /// Those that the mean of the series is of, with their pictures: no localisers, unless there is nothing else.
  [[nodiscard]] std::vector<RowFacts> frames_to_pool(Id series);
  /// Every row. @param filter  null: all are allowed.  @throws Error{kUnsupported} as filter::bind().
  void each_row(const filter::Expr* filter, const std::function<void(const RowFacts&)>& use);
  /// The rows that a filter lets by, deleted ones too, in order. @throws as each_row().
  void each_allowed(const filter::Expr& filter, const std::function<void(std::uint64_t)>& use);
  /// Whether a filter lets a live row by. @throws as each_row().
  [[nodiscard]] bool allows(std::uint64_t row, const filter::Expr& filter);
  /// What each live row has of a field: "month", or a text field of filter::fields() that is not keyed. Rows without it
  /// are passed over.
  void each_value(std::string_view field, const std::function<void(std::uint64_t row, std::string value)>& use);
  /// Live rows of images, or of series, in order, with what each has of some fields of filter::fields() that are not
  /// keyed. @param filter  null: all.  @throws as each_row().
  void each_entry(const filter::Expr* filter, bool series, std::span<const filter::Field> fields,
                  const std::function<void(const CatalogEntry&)>& use);
  /// Live images by a value of theirs, the most first. @param by  a row of kFacets; `filter`: null: of all images.
  /// @param most  values.  @throws as each_row().
  [[nodiscard]] std::vector<ValueCount> facet(std::string_view by, const filter::Expr* filter, std::size_t most);
  /// Of live images. @param filter  null: all.  @throws as each_row().
  [[nodiscard]] Totals totals(const filter::Expr* filter);
  /// Rows of the pooled vectors of series, or of the studies, with this identifier, and their owners (RowFacts).
  [[nodiscard]] std::vector<RowFacts> series_rows(std::string_view series_uid, std::string_view study_uid);
  /// Of whom the object with a SOP instance UID is.
  [[nodiscard]] std::optional<RowFacts> subject_of(std::string_view sop_uid);
  /// @param deleted  whether one that was deleted, and not erased, is there.
  [[nodiscard]] std::optional<ItemFacts> item(std::uint64_t row, bool deleted = false);
  /// The images of a study, series by series, each in the order in which they lie, a window after the other.
  /// @param series   its identifier; empty: of all.  @param visible  null: all; else those that it lets by.
  /// @param most     images.  @throws as each_row().
  [[nodiscard]] std::vector<StudyImage> images_of_study(std::string_view study, std::string_view series,
                                                        const filter::Expr* visible, std::size_t most);
  /// Of a row that is not erased.
  [[nodiscard]] std::optional<RowSource> source_of(std::uint64_t row);
  /// Of a live frame, or of the middle slice of a series that has one.
  [[nodiscard]] std::optional<Thumb> thumb(std::uint64_t row);
  /// All thumbnails by row, those of deleted rows too. @throws Error{kBadFile} for numbers that none has.
  void each_thumb(const std::function<void(const Thumb&)>& use);
  /// How many live rows have one.
  [[nodiscard]] std::int64_t thumbs();
  /// Where the last thumbnail of rows from `first` to before `end` ends; 0: there is none.
  [[nodiscard]] std::uint64_t thumbs_end(std::uint64_t first, std::uint64_t end);
  /// Live images that have no hashes of their pixels: a catalog of a format before was added to with them.
  [[nodiscard]] std::int64_t unhashed();
  /// All live images that have, by row. @throws Error{kBadFile} for what is no hash.
  void each_hashed(const std::function<void(const HashedImage&)>& use);
  /// Which tile of a slide a row is, deleted rows too; nothing if it is none.
  [[nodiscard]] std::optional<TileFacts> tile(std::uint64_t row);
  /// All rows that are tiles, in order, deleted ones too.
  void each_tile(const std::function<void(std::uint64_t row)>& use);
  /// Live rows of an object, by frame and window.
  [[nodiscard]] std::vector<FrameTile> tiles_of(Id instance);
  /// Each row that was seen through one of several windows, in order, deleted ones too, with its RowFacts::picture.
  void each_window(const std::function<void(std::uint64_t row, std::uint64_t picture)>& use);
  /// Live rows of images: more than there are images, where some have several.
  [[nodiscard]] std::int64_t image_rows();
  /// How many live rows are tiles.
  [[nodiscard]] std::int64_t tiles();
  /// By which tiles the slides of a source are added, as to_string(SlideOptions); empty: by none.
  [[nodiscard]] std::string tiling(std::string_view url);
  /// Files of one object, by instance and path.
  void each_repeated(const std::function<void(const RepeatedFile&)>& use);
  /// Objects with live images, study by study; those of none come first.
  [[nodiscard]] std::vector<LiveObject> live_objects();
  /// Nothing if it is not there, or was removed.
  /// @param frames  false: without `frames` and `tiles`, of which a slide has many.
  [[nodiscard]] std::optional<ArchivedObject> object(Id instance, bool frames = true);
  /// What there is of the same bytes and SOP instance UID or, without one, of the same bytes and file.
  [[nodiscard]] std::optional<StoredInstance> same_object(const ArchivedObject& object);
  /// All live images, by row. @throws Error{kBadFile} for a negative number.
  void each_image(const std::function<void(const ImageName&)>& use);
  /// Hashes of a patient's pictures that others of the archive have too; blank ones and those that show nothing do not
  /// count.
  [[nodiscard]] std::vector<std::string> shared_pixels(Id patient);
  /// Live images of known patients with these pixels, until `use` returns false.
  void each_with_pixels(std::string_view sha256, const std::function<bool(std::uint64_t row, Id patient)>& use);
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

  // What is known of the objects of a server, by its locators.
  /// How many below a locator need not be got again: those that were added with this choice of slices (Slices as text),
  /// copies, conflicts, and those without pixels.
  [[nodiscard]] std::uint64_t settled_below(std::string_view locator, std::string_view slices);
  [[nodiscard]] bool settled(std::string_view locator, std::string_view slices);
  /// How many of settled_below() are of a study that the archive has, and of a series of it ("": of all): without those
  /// that have no pixels, of which nobody knows.
  [[nodiscard]] std::uint64_t settled_of_study(std::string_view study, std::string_view series,
                                               std::string_view locator, std::string_view slices);
  /// What is to be tried again at a locator and below it.
  [[nodiscard]] std::vector<std::string> refused_below(std::string_view locator);
  [[nodiscard]] std::optional<Id> find_source(std::string_view url);
  /// How far a source was read when it was last looked at; empty: it never was.
  [[nodiscard]] std::string cursor(std::string_view url);
  /// As SourceFacts.
  [[nodiscard]] std::string last_error(std::string_view url);
  /// All there are, by number.
  [[nodiscard]] std::vector<SourceFacts> sources();

  // What changes it, inside of a transaction that writes.
  [[nodiscard]] std::int64_t add_change(std::string_view what, std::int64_t rows);
  [[nodiscard]] Id source(std::string_view kind, std::string_view url);
  [[nodiscard]] Id space(const Provenance& provenance);
  [[nodiscard]] std::optional<Id> patient(const PatientFacts& facts);
  [[nodiscard]] Id study(const StudyFacts& facts, std::optional<Id> patient);
  [[nodiscard]] Id series(const SeriesFacts& facts, Id study);
  [[nodiscard]] Id instance(const InstanceFacts& facts, std::optional<Id> series, std::optional<Id> source);
  void add_frame(const FrameFacts& facts, Id space, std::int64_t seq);
  /// @param choice  as tiling().
  void set_tiling(Id source, std::string_view choice);
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
  /// What could not be got at a locator, and was tried again.
  void forget_refused(std::string_view locator);
  /// Of a source() that there is.
  void set_cursor(std::string_view url, std::string_view cursor);
  /// Of a source() that there is; nothing happens to another. @param what  as SourceFacts; holds no identifier.
  void set_last_error(std::string_view url, std::string_view what);
  /// No object is of it any more, nor was one.
  void drop_source(Id source);
  void add_conflict(std::string_view locator, std::string_view sop_uid, std::string_view sha256,
                    const StoredInstance& kept);
  void set_background(std::string_view kind, std::span<const double> scores);
  void set_meta(std::string_view key, std::string_view value);

  // Removal.
  /// Instances whose live frames a filter, a study's identifier or a patient's key choose; one of the three.
  [[nodiscard]] std::vector<Id> chosen_instances(const filter::Expr* filter, std::string_view study_uid,
                                                 std::string_view patient_key);
  /// Live images of an instance.
  [[nodiscard]] std::int64_t live_images(Id instance);
  /// What was deleted is to be erased, whatever ends the program.
  void mark_erasing();
  [[nodiscard]] std::vector<std::uint64_t> erasing();
  /// How many rows mark_erasing() would mark.
  [[nodiscard]] std::int64_t removed();
  /// Bytes of the catalog's file that hold nothing, which scrub() gives back.
  [[nodiscard]] std::uint64_t unused_bytes();
  /// Their thumbnails.
  [[nodiscard]] std::vector<Thumb> erasing_thumbs();
  /// Forgets what rows marked so were of. @param crc  of what was written over them.
  void finish_erasing(std::uint32_t crc);
  /// Nothing that was deleted is left in the catalog's files. Outside of a transaction.
  /// @returns false if a reader keeps the log from being emptied.
  bool scrub();
  /// Its two parts. @param waits  for readers, some seconds; false: from now on this connection waits for nobody.
  void vacuum();
  bool empty_log(bool waits = true);
  /// What of scrub() is still to be done: of these files, and so no part of the catalog's tables.
  enum class Scrub : std::uint8_t { kNone, kLog, kAll };
  [[nodiscard]] Scrub scrub_due();
  void note_scrub(Scrub due);

  // Labels.
  /// Studies of an identifier that have live images, series of one, and the object.
  [[nodiscard]] std::vector<Id> live_studies(std::string_view uid);
  [[nodiscard]] std::vector<Id> live_series(std::string_view uid);
  /// The live rows of the frame that a row is of: several, where it was seen through several windows.
  [[nodiscard]] std::vector<Id> rows_of_frame(std::uint64_t row);
  /// The series whose mean a row is.
  [[nodiscard]] std::optional<Id> series_of_mean(std::uint64_t row);
  /// Live objects of a file, or of which it is a copy.
  [[nodiscard]] std::vector<Id> objects_at(std::string_view locator);
  /// Each live object with its place.
  void each_place(const std::function<void(Id, std::string locator)>& use);
  /// What somebody says of a thing.
  [[nodiscard]] std::optional<StoredLabel> label(LabelOf of, Id thing, std::string_view key, std::string_view by);
  void add_label(LabelOf of, Id thing, const ItemLabel& label);
  void change_label(Id label, std::string_view value, std::optional<double> score);
  void drop_label(Id label);
  /// All, in no order.
  void each_label(const std::function<void(const NamedLabel&)>& use);
  /// Each live image with each value that labels of a key give it, by row and value.
  void each_label_value(std::string_view key, const std::function<void(std::uint64_t row, std::string value)>& use);
  /// Labels with a key. @param by  whose; empty: anybody's.
  /// @param where  null: all; else of what has a live image that this lets by. @throws as each_row().
  [[nodiscard]] std::vector<Id> labels_with(std::string_view key, std::string_view by, const filter::Expr* where);
  /// Labels of series and studies that have no live image any more.
  void forget_labels_of_gone();

  /// A thumbnail that is damaged is forgotten.
  void drop_thumb(std::uint64_t row);
  /// A row that is damaged is deleted.
  void drop_row(std::uint64_t row, std::int64_t seq);

 private:
  friend class CatalogTables;
  [[nodiscard]] bool has_thumb(std::uint64_t row);
  void forget_files(Id instance);
  void add_tile(std::uint64_t row, const TileFacts& tile);
  [[nodiscard]] std::string window_of(std::uint64_t row);
  [[nodiscard]] std::vector<ItemLabel> labels_around(const ItemFacts& item);
  [[nodiscard]] std::vector<Id> ids_of(std::string_view name, std::string_view text);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::archive
