#include "archive/push/whose.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "archive/original.hpp"
#include "base/files.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::push {
namespace {

namespace results = dicom::results;

/// Where an object is, and which it is.
struct ObjectPlace {
  std::string locator, sop_uid;
  bool operator==(const ObjectPlace&) const = default;
};

/// Of a row's object, or of the images of its series.
std::vector<ObjectPlace> places_of(Reader& archive, const NamedRow& named) {
  const std::optional<ItemFacts> item = item_of(archive, named);
  if (!item) return {};
  if (!item->locator.empty()) return {ObjectPlace{item->locator, item->sop_uid}};
  std::vector<ObjectPlace> places;
  for (const RowFacts& frame : archive.catalog().frames_of(item->series)) {
    constexpr std::size_t kMostFiles = 4;
    if (places.size() == kMostFiles) break;
    ItemFacts facts = archive.item(frame.row);
    ObjectPlace place{std::move(facts.locator), std::move(facts.sop_uid)};
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(std::move(place));
  }
  return places;
}

/// Identifiers are known to come twice: an object of one study would have results of another patient's.
void require_one_study(Reader& archive, std::span<const NamedRow> rows) {
  Id first = 0;
  for (const NamedRow& named : rows) {
    const std::optional<ItemFacts> item = item_of(archive, named);
    if (!item) continue;
    if (first == 0) first = item->study;
    if (item->study != first) {
      throw Error(Code::kUnsupported, "the results are of several patients' studies, which have one identifier");
    }
  }
}

results::StudyHeader header_in(const FetchObject& fetch, const std::string& locator, LastZip& zips) {
  const ImageOptions usual;
  const std::optional<std::vector<std::byte>> fetched = fetch ? fetch(locator) : std::nullopt;
  if (fetched) return results::read_study_header(*fetched, locator);
  if (const std::string zip = container_of(locator); !zip.empty()) {
    return results::read_study_header(zipped_input(zip, locator, zips).read(usual.max_file_bytes), locator);
  }
  if (way_of(locator) == kVectorsWay) {
    throw Error(Code::kNotFound, "the archive has a vector of it, and no object that could be sent with a result");
  }
  const base::MappedFile file(locator);
  results::StudyHeader header = results::read_study_header(file.bytes(), locator);
  file.check();
  return header;
}

results::StudyHeader read_header(const FetchObject& fetch, const ObjectPlace& place, const std::string& study_uid,
                                 LastZip& zips) {
  results::StudyHeader header = header_in(fetch, place.locator, zips);
  if (header.study_uid != study_uid) {
    throw Error(Code::kBadFile, fmt::format("{}: expected an object of study {}, found one of another study",
                                            place.locator, base::printable(study_uid)));
  }
  // Another object with that study's identifier may be another patient's.
  if (!place.sop_uid.empty() && header.sop_uid != place.sop_uid) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected the object that the archive has of it, found another one", place.locator));
  }
  return header;
}

}  // namespace

std::optional<ItemFacts> item_of(Reader& archive, const NamedRow& named) {
  if (named.row >= archive.segments().rows()) return std::nullopt;
  std::optional<ItemFacts> item = archive.catalog().item(named.row, true);
  const bool same = item && item->study_uid == named.study_uid && item->series_uid == named.series_uid &&
                    item->sop_uid == named.sop_uid;
  return same ? item : std::nullopt;
}

results::StudyHeader header_of(Reader& archive, std::span<const NamedRow> rows, const std::string& study_uid,
                               const FetchObject& fetch, LastZip& zips) {
  require_one_study(archive, rows);
  std::optional<Error> first;
  for (const NamedRow& named : rows) {
    for (const ObjectPlace& place : places_of(archive, named)) {
      try {
        return read_header(fetch, place, study_uid, zips);
      } catch (const Error& error) {
        if (!first) first = error;
      }
    }
  }
  if (first) throw Error(*first);
  throw Error(Code::kNotFound, "the archive has no file of it any more");
}

std::string told(std::string_view text) {
  constexpr std::size_t kMostText = 1024;
  std::string line = base::printable(text);
  if (line.size() > kMostText) line.resize(base::utf8_prefix(std::string_view(line).substr(0, kMostText)));
  return line;
}

}  // namespace mi2::archive::push
