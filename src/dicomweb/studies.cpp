#include "dicomweb/studies.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicomweb/qido.hpp"
#include "dicomweb/receive.hpp"

namespace mi2::dicomweb {
namespace {

constexpr const char* kJson = "application/dicom+json";

/// Text of a query, percent-encoded.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

/// A study that is asked for what is new in it.
class Visit {
 public:
  Visit(const ServerSource& source, const StudyRow& study, Known& known, Client& client, const SpoolLimits& limits,
        Load& load)
      : source_(source), study_(study), known_(known), client_(client), limits_(limits), load_(load) {}

  void run() {
    const std::string path = "/studies/" + study_.uid;
    load_.visited.push_back(locator(path));
    try {
      const std::optional<std::vector<SeriesRow>> all = series(path);
      if (all && !any_wanted(*all)) return;
      if (!all) return visit(path, "", study_.objects);
      for (const SeriesRow& one : *all) visit(path + "/series/" + one.uid, one.uid, one.objects);
      // Of a list of series that was cut nothing else tells.
      if (!study_.objects || accounted(path) >= *study_.objects) return;
      take_missing(list_objects(path, study_.objects), path, "");
      require_all(path, *study_.objects);
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      refuse(path, error);
    }
  }

 private:
  [[nodiscard]] std::string locator(const std::string& path) const { return source_.locator + path; }

  void refuse(const std::string& path, const Error& error) { load_.refuse(locator(path), error); }
  /// Of more than an object.
  void refuse_list(const std::string& path, const Error& error) {
    part_refused_ = true;
    refuse(path, error);
  }

  /// How many objects of a study or a series are known, have come, or are refused each by its own name.
  std::uint64_t accounted(const std::string& path) {
    const std::string root = locator(path);
    const std::uint64_t known = known_.below(root);
    std::uint64_t count = known;
    const auto note = [&](const std::string& name) {
      if (!name.starts_with(root + "/") || name.find("/instances/", root.size()) == std::string::npos) return;
      if (known == 0 || !known_.has(name)) ++count;
    };
    for (const embedder::Input& input : load_.paths.inputs) note(input.path);
    for (const embedder::Skipped& one : load_.paths.skipped) note(one.path);
    return count;
  }

  /// All that is listed was asked for: less than what is counted is a list that was cut.
  void require_all(const std::string& path, std::uint64_t objects) {
    const std::uint64_t count = accounted(path);
    if (count >= objects || part_refused_) return;
    refuse_list(path, Error(Code::kBadFile, fmt::format("the server counts {} objects, and lists {}", objects, count)));
  }

  /// All rows of a list, page by page. @param most  as many as there are; nothing: nobody knows.
  template <typename Row, typename Parse>
  std::vector<Row> list(const std::string& path, const std::string& field, const std::optional<std::uint64_t>& most,
                        const Parse& parse) {
    constexpr std::size_t kPage = 1000;
    constexpr std::size_t kMostRows = 1U << 20U;
    std::vector<Row> rows;
    std::unordered_set<std::string> seen;
    for (std::size_t offset = 0;;) {
      std::string target = fmt::format("{}{}?limit={}&offset={}{}", source_.path, path, kPage, offset, field);
      Page<Row> page = parse(client_.ask({std::move(target), kJson}, kMostJson));
      std::size_t fresh = 0;
      for (Row& row : page.rows) {
        if (!seen.insert(row.uid).second) continue;
        ++fresh;
        rows.push_back(std::move(row));
      }
      // A short page need not be the last one; one with nothing new is, or the server takes no notice of the offset.
      if (fresh == 0 || (most && rows.size() >= *most)) return rows;
      if (rows.size() > kMostRows) throw Error(Code::kTooLarge, fmt::format("a list of more than {} rows", kMostRows));
      offset += page.size;
    }
  }

  /// Nothing: the server has no list of them.
  std::optional<std::vector<SeriesRow>> series(const std::string& path) {
    try {
      std::vector<SeriesRow> rows =
          list<SeriesRow>(path + "/series", "&includefield=00201209", std::nullopt, parse_series);
      if (!rows.empty()) return rows;
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kOverloaded || error.code() == Code::kInternal) throw;
    }
    return std::nullopt;
  }

  /// Of a study that does not say what it has.
  [[nodiscard]] bool any_wanted(const std::vector<SeriesRow>& all) const {
    const std::vector<std::string>& wanted = source_.filter.modalities;
    if (wanted.empty() || !study_.modalities.empty()) return true;
    return std::any_of(all.begin(), all.end(), [&](const SeriesRow& one) {
      return one.modality.empty() || std::find(wanted.begin(), wanted.end(), one.modality) != wanted.end();
    });
  }

  /// A series, or a study of which no series are listed. @param objects  that the server counts.
  void visit(const std::string& path, const std::string& series, const std::optional<std::uint64_t>& objects) {
    const std::uint64_t known = known_.below(locator(path));
    if (objects && *objects == known) return;
    // Which slices are chosen depends on all of them.
    if (known == 0 || !known_.all_slices()) return take_whole(path, series, objects);
    std::vector<ObjectRow> rows;
    try {
      rows = list_objects(path, objects);
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
    }
    const bool placed = !series.empty() ||
                        std::none_of(rows.begin(), rows.end(), [](const ObjectRow& row) { return row.series.empty(); });
    if (rows.empty() || !placed || (objects && rows.size() < *objects)) return take_whole(path, series, objects);
    take_missing(rows, path, series);
  }

  std::vector<ObjectRow> list_objects(const std::string& path, const std::optional<std::uint64_t>& most) {
    return list<ObjectRow>(path + "/instances", "", most, parse_objects);
  }

  ObjectParts parts_of(const std::string& path, Wanted wanted) {
    wanted.study = study_.uid;
    return {load_, limits_, std::move(wanted),
            [root = source_.locator](const ObjectParts::Uids& uids) {
              return fmt::format("{}/studies/{}/series/{}/instances/{}", root, uids.study, uids.series, uids.object);
            },
            locator(path)};
  }

  /// All objects of a study or series with one request; what does not come so, by itself.
  void take_whole(const std::string& path, const std::string& series, const std::optional<std::uint64_t>& objects) {
    ObjectParts parts = parts_of(path, {"", series, ""});
    std::optional<Error> failure;
    try {
      receive(client_, {source_.path + path, kStoredObjects}, load_, limits_, parts);
    } catch (const RunEnds&) {
      throw;
    } catch (const LoadIsFull&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      failure = error;
    }
    came_.insert(parts.came().begin(), parts.came().end());
    if (!failure) failure = parts.bad();
    if (!failure && (!objects || parts.came().size() >= *objects)) return;
    std::vector<ObjectRow> rows;
    try {
      rows = list_objects(path, objects);
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      return refuse_list(path, failure ? *failure : error);
    }
    take_missing(rows, path, series);
    // All that is listed was asked for: if that is all there is, it does not matter what failed.
    if (failure && (rows.empty() || (objects && accounted(path) < *objects))) return refuse_list(path, *failure);
    if (objects) require_all(path, *objects);
  }

  /// What is listed, did not come, and is not in the archive. @param series  empty: each row says of which it is.
  void take_missing(const std::vector<ObjectRow>& rows, const std::string& path, const std::string& series) {
    std::size_t nowhere = 0;
    for (const ObjectRow& row : rows) {
      if (came_.contains(row.uid)) continue;
      const std::string& of = series.empty() ? row.series : series;
      if (of.empty()) {
        ++nowhere;
        continue;
      }
      const std::string one = fmt::format("/studies/{}/series/{}/instances/{}", study_.uid, of, row.uid);
      if (known_.has(locator(one)) || !tried_.insert(one).second) continue;
      take_one(one, {"", of, row.uid});
    }
    if (nowhere > 0) {
      refuse_list(path, Error(Code::kBadFile, fmt::format("{} objects are listed without a series", nowhere)));
    }
  }

  void take_one(const std::string& path, Wanted wanted) {
    ObjectParts parts = parts_of(path, std::move(wanted));
    try {
      receive(client_, {source_.path + path, kStoredObjects}, load_, limits_, parts);
      came_.insert(parts.came().begin(), parts.came().end());
      if (!parts.came().empty()) return;
      refuse(path, parts.bad() ? *parts.bad() : Error(Code::kNotFound, "the answer holds no object"));
    } catch (const RunEnds&) {
      throw;
    } catch (const LoadIsFull&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      refuse(path, error);
    }
  }

  const ServerSource& source_;
  const StudyRow& study_;
  Known& known_;
  Client& client_;
  const SpoolLimits& limits_;
  Load& load_;
  std::unordered_set<std::string> came_;   ///< SOP instance UIDs
  std::unordered_set<std::string> tried_;  ///< objects that were asked for by themselves
  bool part_refused_ = false;              ///< more than single objects
};

}  // namespace

Listing list_studies(Client& client, const ServerSource& source, const base::OnProgress& on_progress) {
  const AskStudies ask = [&](const std::optional<std::string>& date, std::size_t limit, std::size_t offset) {
    std::string query = fmt::format("?limit={}&offset={}&includefield=00080061&includefield=00201208", limit, offset);
    if (date) query += "&StudyDate=" + encoded(*date);
    // Servers differ in how they take several: then all studies are listed, and chosen here.
    if (source.filter.modalities.size() == 1) query += "&ModalitiesInStudy=" + source.filter.modalities.front();
    return parse_studies(client.ask({source.path + "/studies" + query, kJson}, kMostJson));
  };
  try {
    return list_studies(ask, source.filter, on_progress);
  } catch (const RunEnds&) {
    throw;
  } catch (const Error& error) {
    throw ServerFault(error.code(), source.locator + "/studies", error.what());
  }
}

/// What could not be listed is refused by name, in one row of its own.
Load StudyFeed::what_listing_lacks() const {
  Load load;
  const std::string list = source_.locator + "/studies?StudyDate=";
  load.visited.push_back(list);
  const std::string what = what_lacks(listing_);
  if (!what.empty()) load.refuse(list, Error(Code::kBadFile, what));
  return load;
}

std::optional<Feed::Piece> StudyFeed::next(Client&) {
  if (!std::exchange(told_, true)) {
    return Piece{[lacks = what_listing_lacks()](Client&) { return lacks; }, 0};
  }
  while (next_ < listing_.studies.size()) {
    const StudyRow& row = listing_.studies[next_++];
    const std::string locator = source_.locator + "/studies/" + row.uid;
    if (row.objects && *row.objects == known_.below(locator)) {
      // What could not be got once is not there any more.
      if (known_.refused_below(locator).empty()) continue;
      Load nothing;
      nothing.visited.push_back(locator);
      return Piece{[nothing](Client&) { return nothing; }, 0};
    }
    return Piece{[this, &row](Client& client) {
                   Load load = spool_->begin();
                   Visit(source_, row, known_, client, limits_, load).run();
                   return load;
                 },
                 1};
  }
  return std::nullopt;
}

}  // namespace mi2::dicomweb
