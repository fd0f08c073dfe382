// Collections of DICOM series, such as those of The Cancer Imaging Archive: a row for one or a few slices of each.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"
#include "recipe/dicom_files.hpp"
#include "recipe/series_text.hpp"
#include "recipe/steps.hpp"

namespace mi2::recipe {
namespace {

constexpr std::uint64_t kMaxPixels = 1U << 28;  ///< of a frame
constexpr std::string_view kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";

/// "middle" is one.
std::size_t slices_of(const Job& job) {
  const std::string& text = job.setting("slices");
  if (text == "middle") return 1;
  std::size_t count = 0;
  constexpr std::size_t kMost = 10'000;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 1 || count > kMost) {
    throw Error(Code::kBadArgument, fmt::format("the setting slices is {}, expected middle or a number from 1 to {}",
                                                base::in_quotes(text), kMost));
  }
  return count;
}

struct Slice {
  std::size_t file = 0;
  double along = std::numeric_limits<double>::infinity();  ///< mm along the normal of its plane; it may not say
  std::int64_t instance = std::numeric_limits<std::int64_t>::max();
};

struct Series {
  SeriesFacts facts;
  std::string patient;
  std::string sex;
  std::string study;
  std::string uid;
  std::string age;  ///< "058Y"
  bool is_capture = false;
  bool is_several_planes = false;
  std::size_t files = 0;
  std::set<std::string> instances;
  std::vector<Slice> slices;
};

double along(const std::array<double, 3>& position, const std::array<double, 6>& orientation) {
  const std::array<double, 3> normal = image::normal_of(orientation);
  return normal[0] * position[0] + normal[1] * position[1] + normal[2] * position[2];
}

bool is_other_plane(const std::array<double, 6>& a, const std::array<double, 6>& b) {
  const std::array<double, 3> m = image::normal_of(a);
  const std::array<double, 3> n = image::normal_of(b);
  constexpr double kParallel = 0.9;  // a gantry's tilt and rounding are less
  return std::abs(m[0] * n[0] + m[1] * n[1] + m[2] * n[2]) < kParallel;
}

/// Groups the objects of a dataset by series.
class Collector {
 public:
  explicit Collector(Job& job) : job_(job) {}

  std::map<std::string, Series> collect() {
    each_object(job_, "reading the tags of DICOM files",
                [&](std::size_t file, std::span<const std::byte> bytes) { add(file, bytes); });
    return std::move(series_);
  }

 private:
  void add(std::size_t file, std::span<const std::byte> bytes) {
    const std::string name = object_name(job_, file);
    dicom::Description said = dicom::describe(bytes, name);
    if (said.series.empty()) {
      ++job_.notes.counts["DICOM files without a series"];
      return;
    }
    const auto [place, is_new] = series_.try_emplace(said.series);
    Series& series = place->second;
    if (is_new) start(series, said);
    if (!said.sop_instance.empty() && !series.instances.insert(said.sop_instance).second) {
      ++job_.notes.counts["DICOM files found twice"];
      return;
    }
    ++series.files;
    if (series.facts.modality != "CT" && series.facts.modality != "MR") return;
    place_slice(series, file, bytes, name);
  }

  static void start(Series& series, dicom::Description& said) {
    series.facts = {said.modality,           said.laterality, said.body_part,  said.study_description,
                    said.series_description, said.contrast,   said.image_type, std::nullopt};
    series.patient = std::move(said.identity.patient_id);
    series.sex = said.sex == "M" ? "male" : said.sex == "F" ? "female" : "";
    series.study = std::move(said.study);
    series.uid = std::move(said.series);
    series.age = std::move(said.age);
    series.is_capture = said.sop_class.starts_with(kSecondaryCapture);
  }

  void place_slice(Series& series, std::size_t file, std::span<const std::byte> bytes, const std::string& name) {
    dicom::Options options;
    options.max_pixels = kMaxPixels;
    const auto source = dicom::open(bytes, options, name);
    const image::FrameInfo info = source->info(source->middle());
    if (info.frames > 1) ++job_.notes.counts["objects of several frames, of which the middle one is used"];
    Slice slice;
    slice.file = file;
    if (info.instance_number) slice.instance = *info.instance_number;
    if (info.position && info.orientation) slice.along = along(*info.position, *info.orientation);
    std::optional<std::array<double, 6>>& plane = series.facts.orientation;
    if (!plane) plane = info.orientation;
    if (info.orientation && is_other_plane(*plane, *info.orientation)) series.is_several_planes = true;
    series.slices.push_back(slice);
  }

  Job& job_;
  std::map<std::string, Series> series_;
};

/// What the reasons call by their names; others are called so, lest they hold anything.
constexpr std::array<std::string_view, 20> kModalities{"CR",  "DX",  "KO", "MG",     "NM",       "OT",    "PR",
                                                       "PT",  "REG", "RF", "RTDOSE", "RTSTRUCT", "RWV",   "SC",
                                                       "SEG", "SM",  "SR", "US",     "XA",       "RTPLAN"};

/// Why a series is not used; empty if it is.
std::string reason_of(const Series& series) {
  const std::string& modality = series.facts.modality;
  if (modality.empty()) return "series without a modality";
  if (modality != "CT" && modality != "MR") {
    const bool known = std::ranges::find(kModalities, modality) != kModalities.end();
    return fmt::format("series of {}", known ? modality : "another modality");
  }
  if (series.is_capture) return "series of secondary captures";
  if (is_localizer(series.facts)) return "localizer";
  if (series.is_several_planes) return "series of several planes, as localizers are";
  if (series.slices.empty()) return "series without a slice that can be read";
  return "";
}

/// metadata.csv of the NBIA Data Retriever: what was downloaded, by its words. Tags say what a series is; this list
/// only says what is missing.
class Index {
 public:
  explicit Index(Job& job) : job_(job) {
    for (const Listing::File& file : job.files.files()) {
      if (std::string_view(file.path).ends_with("metadata.csv")) read(file.path);
      const std::size_t end = file.path.rfind('/');
      if (end != std::string::npos) folders_.insert(base::lower_ascii(file.path.substr(0, end)));
    }
  }

  void compare(const std::map<std::string, Series>& found) {
    for (const Entry& entry : entries_) {
      const auto series = found.find(entry.uid);
      if (series == found.end()) {
        ++job_.notes.counts[has_folder(entry.folder) ? "series of metadata.csv whose folder has no object of them"
                                                     : "series of metadata.csv that are not on disk"];
      } else if (series->second.files < entry.images) {
        ++job_.notes.counts["series with fewer files than metadata.csv says"];
      }
    }
    if (!entries_.empty()) job_.notes.counts["series of metadata.csv"] = entries_.size();
  }

 private:
  struct Entry {
    std::string uid;
    std::string folder;  ///< "coll/subject/study/series", in lower case
    std::uint64_t images = 0;
  };

  void read(const std::string& path) {
    try {
      const base::Table table = base::Table::read(job_.files.whole(path));
      const auto uid = table.find("Series UID");
      const auto folder = table.find("File Location");
      const auto images = table.find("Number of Images");
      if (!uid) return;
      for (const base::CsvRow& row : table.rows()) {
        Entry entry{std::string(base::without_blanks(row.fields[*uid])), "", 0};
        if (folder) entry.folder = plain_folder(row.fields[*folder]);
        if (images) {
          const std::string_view count = base::without_blanks(row.fields[*images]);
          std::from_chars(count.data(), count.data() + count.size(), entry.images);
        }
        if (known_.insert(entry.uid).second) entries_.push_back(std::move(entry));
      }
    } catch (const Error& error) {
      warn(job_.notes, fmt::format("not used as an index: {}", error.what()));
    }
  }

  /// "./Coll/A/B" and ".\Coll\A\B" are one.
  static std::string plain_folder(std::string_view text) {
    std::string folder = base::lower_ascii(base::without_blanks(text));
    std::ranges::replace(folder, '\\', '/');
    while (folder.starts_with("./")) folder.erase(0, 2);
    while (folder.ends_with('/')) folder.pop_back();
    return folder;
  }

  [[nodiscard]] bool has_folder(const std::string& folder) const {
    return !folder.empty() && std::ranges::any_of(folders_, [&](const std::string& path) {
      return path.ends_with(folder) && (path.size() == folder.size() || path[path.size() - folder.size() - 1] == '/');
    });
  }

  Job& job_;
  std::vector<Entry> entries_;
  std::set<std::string> known_;
  std::set<std::string> folders_;
};

/// Rows of the slices that stand for each series.
class Writer {
 public:
  Writer(Job& job, Rows& rows) : job_(job), rows_(rows), slices_(slices_of(job)) {
    for (std::size_t i = 0; i < kNames.size(); ++i) columns_[i] = rows.column(kNames[i]);
  }

  void add(Series& series) {
    std::string text = job_.setting("text") == "structured" ? structured_text(series.facts) : series_text(series.facts);
    if (text.empty()) {
      ++job_.notes.excluded["series without a description"];
      return;
    }
    std::ranges::sort(series.slices, {}, [](const Slice& s) { return std::tuple(s.along, s.instance, s.file); });
    const std::size_t count = series.slices.size();
    const std::size_t taken = std::min(slices_, count);
    for (std::size_t i = 0; i < taken; ++i) {
      // In the middles of as many equal parts.
      const std::size_t index = (2 * i + 1) * count / (2 * taken);
      add_row(series, series.slices[index], i, text);
    }
    ++job_.notes.counts["series used"];
  }

 private:
  static constexpr std::array<std::string_view, 10> kNames{"file", "id",    "text",   "patient",  "sex",
                                                           "age",  "study", "series", "modality", "plane"};

  void add_row(const Series& series, const Slice& slice, std::size_t number, const std::string& text) {
    const std::string& path = job_.files.files()[slice.file].path;
    const std::string_view plane = series.facts.orientation ? plane_of(*series.facts.orientation) : std::string_view();
    const std::array<std::string, kNames.size()> cells{job_.files.whole(path).string(),
                                                       fmt::format("{}-{:03}", series.uid, number),
                                                       text,
                                                       series.patient,
                                                       series.sex,
                                                       series.age,
                                                       series.study,
                                                       series.uid,
                                                       series.facts.modality,
                                                       std::string(plane)};
    Row& row = rows_.add(rows_.source("series " + series.uid));
    for (std::size_t i = 0; i < kNames.size(); ++i) row.fields[columns_[i]] = cells[i];
  }

  Job& job_;
  Rows& rows_;
  std::size_t slices_;
  std::array<std::size_t, kNames.size()> columns_{};
};

}  // namespace

void dicom_series(Job& job, Rows& rows) {
  Writer writer(job, rows);
  std::map<std::string, Series> found = Collector(job).collect();
  Index(job).compare(found);
  job.notes.counts["series found"] = found.size();
  for (auto& [uid, series] : found) {
    const std::string reason = reason_of(series);
    if (reason.empty()) {
      writer.add(series);
    } else {
      ++job.notes.excluded[reason];
    }
  }
}

}  // namespace mi2::recipe
