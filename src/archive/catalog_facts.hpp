#pragma once
// What a catalog says of images, of what they belong to, and of their files: plain values, which a shared archive's
// database has too.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mi2/frames.hpp>
#include <mi2/image.hpp>
#include <mi2/provenance.hpp>

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
  std::int64_t stamp = 0;  ///< number_of() its Stamp
  std::string sha256;
  std::optional<Id> instance;
  std::string outcome;      ///< "stored", "copy" (of an object that is stored), "conflict"
  std::string slices;       ///< as they were chosen when it was read
  std::string sop_class{};  ///< of the object that is the file's own; empty: not known
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
  std::int64_t size = 0;  ///< bytes, as it was looked at
  std::string sha256;
  std::int64_t stamp = 0;  ///< as KnownFile; put_file() changes it
  std::string slices{};    ///< the same
};

/// Where the thumbnail of a row is: in the pack of the row's segment.
struct Thumb {
  std::uint64_t row = 0;
  std::uint64_t offset = 0;  ///< bytes, from the start of the file
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
};

/// A tile of a whole slide, as a frame of the file that it is read from. Frames count all tiles of the level, row by
/// row from the upper left corner, those without tissue too: a tile is found again without looking for tissue.
struct TileFacts {
  TilePlace place;
  std::uint64_t read_width = 0;  ///< pixels of the level that it is read from
  std::uint64_t read_height = 0;

  friend bool operator==(const TileFacts&, const TileFacts&) = default;
};

/// A live row of a frame of an object, and which tile it is. @param frame  from 0.
struct FrameTile {
  std::uint64_t frame = 0;
  std::optional<TileFacts> tile;  ///< none: it is no tile
  std::string window{};           ///< as ItemFacts
};

/// A live row of a frame of an object. @param frame  from 0.
struct LiveFrame {
  std::int64_t frame = 0;
  std::string window{};       ///< as ItemFacts
  std::uint64_t picture = 0;  ///< with a window: as RowFacts
};

/// The row of a live frame of an object. @param frame  from 0.
struct LiveRow {
  std::uint64_t row = 0;
  std::int64_t frame = 0;
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
  std::optional<Fingerprint> pixels{};
  std::optional<TileFacts> tile{};
  std::string window{};       ///< as ItemFacts
  std::uint64_t picture = 0;  ///< with a window: as RowFacts
  bool localizer = false;     ///< as image::FrameGroup
};

/// Of a live image: by what its copies are found, and where it lies.
struct HashedImage {
  std::uint64_t row = 0;
  std::uint64_t picture = 0;  ///< as RowFacts
  std::string window{};       ///< as ItemFacts
  std::uint32_t crc = 0;
  std::array<std::uint64_t, 2> sha256{};  ///< half of Fingerprint::pixels_sha256
  bool blank = false;
  std::optional<std::uint64_t> dhash;
  Id instance = 0, study = 0, patient = 0;  ///< 0: none
  std::int64_t frame = 0;                   ///< from 0
  std::optional<double> position;           ///< as FrameFacts
  std::optional<std::int64_t> number;       ///< of the instance
  std::string frame_of_reference, kernel, contrast;
};

/// A file of an object that another file stands for.
struct RepeatedFile {
  Id instance = 0;
  std::string kept;     ///< the file that is in the archive
  std::string locator;  ///< the other one
  std::string why;      ///< "copy", "conflict", or "file": the same bytes under another identifier, or none
  Id other = 0;         ///< of "file", the instance that the other file has
};

struct StoredInstance {
  Id id = 0;
  std::string locator;
  std::string sha256;
};

/// An object that has live images. @param study  0: it is of none.
struct LiveObject {
  Id id = 0;
  Id study = 0;
};

/// An object as another archive can have it too.
struct ArchivedObject {
  Id id = 0;
  std::string sop_uid;  ///< empty: it has none
  std::string locator, sha256, site, source_kind, source_url;
  bool hashed = false;                ///< the archive has pseudonyms of its identifiers
  bool identified = false;            ///< and the identifiers themselves
  std::optional<KnownFile> file{};    ///< as it was read
  std::vector<std::uint64_t> frames;  ///< live ones from 0, ascending, each once
  std::vector<TileFacts> tiles{};     ///< which tiles of a slide the frames are; empty: they are none
};

/// A live image, by what it is in every archive that has it.
struct ImageName {
  std::uint64_t row = 0;
  std::string sop_uid, locator, sha256;  ///< of its object
  std::int64_t frame = 0;                ///< from 0
  std::string window{};                  ///< as ItemFacts
};

/// A row of the vectors, as a search groups and filters it.
struct RowFacts {
  enum class Kind : std::uint8_t { kFrame, kSeries, kGone };
  std::uint64_t row = 0;
  Kind kind = Kind::kGone;
  bool deleted = false;
  bool allowed = false;  ///< by the filter
  bool tile = false;     ///< of a whole slide; set by Reader::rows(), as `picture` is
  std::uint32_t crc = 0;
  std::uint64_t picture = 0;  ///< the row itself; of a frame with a row for each of several windows, the first of them
  Id instance = 0, series = 0, study = 0, patient = 0;  ///< 0: none
  std::int64_t added = 0;                               ///< the change that added it
  std::int64_t removed = 0;                             ///< the change that deleted it; 0: none
};

/// What a label is of, the nearest to an image first: a row, an object, a series or a study.
enum class LabelOf : std::uint8_t { kItem, kObject, kSeries, kStudy };

/// A label that is in the catalog.
struct StoredLabel {
  Id id = 0;
  std::string value;
  std::optional<double> score;
};

/// A label as an image has it, or what it belongs to.
struct ItemLabel {
  LabelOf of = LabelOf::kItem;
  std::string key, value, by;
  std::optional<double> score;
};

/// A label by what it is of in every archive that has it.
struct NamedLabel {
  std::optional<std::uint64_t> row;   ///< of an image
  std::optional<Id> object;           ///< of an object
  std::string series_uid, study_uid;  ///< of one of these
  std::string key, value, by;
  std::optional<double> score;
};

/// As many labels are shown with an image.
inline constexpr std::size_t kMostItemLabels = 256;

/// The number of a frame from 1, of one that a catalog counts from 0. @throws Error{kBadFile} for one that no image
/// has.
std::int64_t frame_from_1(std::int64_t from_0);

/// A row as people see it.
struct ItemFacts {
  std::uint64_t row = 0;
  std::string kind, locator, sop_uid, series_uid, study_uid, modality, body_part, study_date, study_description,
      series_description, site, station;
  std::int64_t frame = 0;  ///< from 1; of a series: 0
  std::int64_t frames = 0;
  std::optional<double> position;
  std::optional<TileFacts> tile{};  ///< of a whole slide
  std::string window{};             ///< of several, the one that it was seen through; empty: the archive's only one
  std::uint32_t crc = 0;
  Id instance = 0, series = 0, study = 0, patient = 0;  ///< 0: none
  bool thumb = false;                                   ///< it has a thumbnail, or one of its slices has
  bool deleted = false;                                 ///< and not erased
  std::vector<ItemLabel> labels{};                      ///< of it and what it belongs to; at most kMostItemLabels
};

/// A live image of a study.
struct StudyImage {
  std::uint64_t row = 0;
  std::uint64_t picture = 0;  ///< as RowFacts
  std::uint32_t crc = 0;
  Id series = 0;
  std::int64_t frame = 0;  ///< from 1
  std::int64_t frames = 0;
  std::optional<double> position;  ///< as FrameFacts
  std::string sop_uid;
  bool thumb = false;               ///< it has a thumbnail
  std::optional<TilePlace> tile{};  ///< of a whole slide
  std::string window{};             ///< as ItemFacts
};

/// Where the vector of a row comes from.
struct RowSource {
  std::string sop_class, file_sha256;  ///< of its image; of the mean of a series: empty
  Provenance provenance;
};

/// Where objects of an archive come from.
struct SourceFacts {
  Id id = 0;  ///< the field "source" of filters
  std::string kind, url;
  std::int64_t objects = 0;  ///< live ones
  std::string cursor;        ///< how far a server was read; empty: it was not, or says no such thing
  std::string last_error;    ///< when and why a server could not be read; empty: it could when it was last tried
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

}  // namespace mi2::archive
