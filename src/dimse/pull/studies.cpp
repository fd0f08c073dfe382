#include "dimse/pull/studies.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/names.hpp"

namespace mi2::dimse {
namespace {

constexpr std::size_t kMostRows = 1U << 20U;

/// Whether a status says that there is more: the peer is out of resources, or ended the answer itself.
bool says_cut(unsigned status) {
  constexpr unsigned kHighByte = 0xFF00;
  constexpr unsigned kHighDigit = 0xF000;
  constexpr unsigned kNoResources = 0xA700;
  constexpr unsigned kUnable = 0xC000;
  return (status & kHighByte) == kNoResources || (status & kHighDigit) == kUnable || status == 0xFE00;
}

Error refused(unsigned status) {
  return {Code::kBadFile, fmt::format("the peer ends its list with status {:04X}", status)};
}

void require_room(std::size_t rows) {
  if (rows >= kMostRows)
    throw Error(Code::kBadFile, fmt::format("the peer lists more than {} rows at once", kMostRows));
}

dicomweb::StudyRow study_of(const Found& found) {
  dicomweb::StudyRow row{found.study, found.date, found.modalities, found.objects};
  if (!dicomweb::day_of(row.date)) row.date.clear();
  return row;
}

/// A list, whole. `take` says whether a row can be used.
template <typename Take>
void list(Requester& requester, Level level, const Keys& keys, const Take& take) {
  std::size_t rows = 0;
  const Ending ending = requester.find(level, keys, [&](const Found& found) {
    require_room(rows++);
    take(found);
  });
  if (ending.status != 0) throw refused(ending.status);
}

bool any_wanted(const std::vector<std::string>& wanted, const std::vector<Found>& series) {
  return std::any_of(series.begin(), series.end(), [&](const Found& one) {
    return one.modalities.empty() || std::find(wanted.begin(), wanted.end(), one.modalities.front()) != wanted.end();
  });
}

/// Each series once.
std::vector<Found> list_series(Requester& requester, const std::string& study) {
  std::vector<Found> all;
  std::unordered_set<std::string> seen;
  list(requester, Level::kSeries, {study, {}, {}, {}}, [&](const Found& found) {
    if (dicom::is_uid(found.series) && seen.insert(found.series).second) all.push_back(found);
  });
  return all;
}

/// What of a series is new; nothing if nothing is.
std::optional<NewSeries> look_into_series(Requester& requester, const std::string& study, const Found& series,
                                          const KnownObjects& known, std::uint64_t& seen) {
  if (series.objects && *series.objects == known.of(study, series.series)) {
    seen += *series.objects;
    return std::nullopt;
  }
  std::unordered_set<std::string> listed;
  NewSeries fresh;
  fresh.uid = series.series;
  list(requester, Level::kObject, {study, series.series, {}, {}}, [&](const Found& found) {
    if (!dicom::is_uid(found.object) || !listed.insert(found.object).second) return;
    if (!known.has(found.object)) fresh.objects.push_back(found.object);
  });
  if (listed.empty()) {
    fresh.counted = series.objects;
    seen += series.objects.value_or(0);
    return series.objects && *series.objects == 0 ? std::nullopt : std::optional(std::move(fresh));
  }
  seen += listed.size();
  return fresh.objects.empty() ? std::nullopt : std::optional(std::move(fresh));
}

}  // namespace

dicomweb::Listing list_studies(Requester& requester, const PeerSource& source, const base::OnProgress& on_progress) {
  std::vector<std::string> cut_days;
  bool undated = true;
  std::size_t asked_for_all = 0;
  const dicomweb::AskStudies ask = [&](const std::optional<std::string>& date, std::size_t, std::size_t offset) {
    dicomweb::Page<dicomweb::StudyRow> page;
    // An answer has no pages; and no query has those without a date alone.
    if (offset > 0 || (date && (date->empty() || date->front() == '"'))) return page;
    Keys keys;
    keys.date = date.value_or("");
    // Peers differ in how they take several: then all studies are listed, and chosen here.
    if (source.filter.modalities.size() == 1) keys.modality = source.filter.modalities.front();
    const Ending ending = requester.find(Level::kStudy, keys, [&](const Found& found) {
      require_room(page.size++);
      if (dicom::is_uid(found.study)) page.rows.push_back(study_of(found));
    });
    if (ending.status == 0) return page;
    const bool day = date && date->find('-') == std::string::npos;
    // Nothing smaller can be asked for, and it is not the rows that are too many.
    if (!says_cut(ending.status) || (day && page.size == 0)) throw refused(ending.status);
    if (day) {  // what came of it counts
      cut_days.push_back(*date);
      return page;
    }
    if (!date) undated = false;
    // The second time it is for those without a date that come with the others, as many as do.
    if (!date && asked_for_all++ > 0) return page;
    throw Error(Code::kTooLarge, fmt::format("the list is cut, with status {:04X}", ending.status));
  };
  dicomweb::Listing listing = dicomweb::list_studies(ask, source.filter, on_progress);
  listing.undated = listing.undated && undated;
  for (std::string& day : cut_days) listing.doubtful.push_back(std::move(day));
  return listing;
}

std::uint64_t KnownObjects::of(const std::string& study, const std::string& series) const {
  const std::uint64_t out = left_out == nullptr ? 0 : left_out->of(study, series);
  return out + (catalog == nullptr ? 0 : catalog->settled_of_study(study, series, root, slices));
}

bool KnownObjects::has(const std::string& object) const {
  const std::string locator = fmt::format("{}/{}", root, object);
  if (left_out != nullptr && left_out->has(locator)) return true;
  return catalog != nullptr && catalog->settled(locator, slices);
}

NewOfStudy look_into(Requester& requester, const dicomweb::StudyRow& study, const dicomweb::Filter& filter,
                     const KnownObjects& known) {
  NewOfStudy fresh;
  const std::vector<Found> all = list_series(requester, study.uid);
  if (all.empty()) {
    if (study.objects.value_or(1) > 0) fresh.series.push_back({{}, {}, study.objects});
    fresh.seen = study.objects.value_or(0);
    return fresh;
  }
  if (!filter.modalities.empty() && study.modalities.empty() && !any_wanted(filter.modalities, all)) {
    fresh.seen = study.objects.value_or(0);
    return fresh;
  }
  for (const Found& series : all) {
    if (std::optional<NewSeries> one = look_into_series(requester, study.uid, series, known, fresh.seen)) {
      fresh.series.push_back(*std::move(one));
    }
  }
  return fresh;
}

}  // namespace mi2::dimse
