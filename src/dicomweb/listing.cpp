#include "dicomweb/listing.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dicomweb {
namespace {

using Day = std::chrono::sys_days;

constexpr std::size_t kPage = 500;
/// Beyond this a window is halved: deep offsets are slow, and rows move meanwhile.
constexpr std::size_t kWindow = 2000;
constexpr std::size_t kMostStudies = 1U << 20U;
constexpr std::size_t kMostRequests = 1U << 18U;
/// Totals at which servers are known to stop.
constexpr std::array<std::size_t, 6> kCaps{100, 200, 500, 1000, 5000, 10000};
constexpr std::string_view kFirstDay = "19000101";
constexpr std::string_view kLastDay = "21001231";

std::string text_of(Day day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

/// Days, inclusive.
struct Window {
  Day from;
  Day to;
  [[nodiscard]] bool is_day() const { return from == to; }
  [[nodiscard]] std::string text() const {
    return is_day() ? text_of(from) : fmt::format("{}-{}", text_of(from), text_of(to));
  }
};

class Lister {
 public:
  Lister(const AskStudies& ask, const Filter& filter, const base::OnProgress& on_progress)
      : ask_(ask), filter_(filter), on_progress_(on_progress) {}

  Listing run() {
    const Window all{day_of(filter_.from.empty() ? kFirstDay : filter_.from).value(),
                     day_of(filter_.to.empty() ? kLastDay : filter_.to).value()};
    const std::optional<Window> window = filter_.dated() ? std::optional(all) : std::nullopt;
    if (!read(window, kWindow)) {
      if (!all.is_day()) {
        halve(all);
        // Windows that a server takes no notice of hold the same rows: then its pages have to do.
        if (ignores_date_ && (ignores_offset_ || !read(window, kMostStudies))) listing_.doubtful.emplace_back();
      } else if (!read(window, kMostStudies)) {
        listing_.doubtful.push_back(all.text());
      }
      if (!filter_.dated()) read_undated();
    }
    for (auto& [uid, row] : found_) listing_.studies.push_back(std::move(row));
    std::sort(listing_.studies.begin(), listing_.studies.end(),
              [](const StudyRow& a, const StudyRow& b) { return std::tie(a.date, a.uid) < std::tie(b.date, b.uid); });
    return std::move(listing_);
  }

 private:
  Page<StudyRow> ask(const std::optional<std::string>& date, std::size_t offset) {
    if (++requests_ > kMostRequests) {
      throw Error(Code::kTooLarge, fmt::format("the list of studies takes more than {} requests", kMostRequests));
    }
    if (on_progress_) on_progress_({"listing studies", found_.size(), 0});
    return ask_(date, kPage, offset);
  }

  bool wanted(const StudyRow& row) const {
    if (filter_.dated() && row.date.empty()) return false;
    if (!filter_.from.empty() && row.date < filter_.from) return false;
    if (!filter_.to.empty() && row.date > filter_.to) return false;
    // Of what a study does not say, its series are asked.
    if (filter_.modalities.empty() || row.modalities.empty()) return true;
    return std::any_of(row.modalities.begin(), row.modalities.end(), [&](const std::string& one) {
      return std::find(filter_.modalities.begin(), filter_.modalities.end(), one) != filter_.modalities.end();
    });
  }

  void keep(const StudyRow& row) {
    if (!wanted(row)) return;
    found_.insert_or_assign(row.uid, row);
    if (found_.size() > kMostStudies) {
      throw Error(Code::kTooLarge, fmt::format("the server lists more than {} studies", kMostStudies));
    }
  }

  /// How many rows of a page are not among those of the same window. Keeps them all.
  std::size_t take(const Page<StudyRow>& page, const std::optional<Window>& window,
                   std::unordered_set<std::string>& seen) {
    std::size_t fresh = 0;
    for (const StudyRow& row : page.rows) {
      fresh += seen.insert(row.uid).second ? 1 : 0;
      keep(row);
      if (window && !row.date.empty() && (row.date < text_of(window->from) || row.date > text_of(window->to))) {
        ignores_date_ = true;
      }
    }
    return fresh;
  }

  /// @returns whether all that the server has of a window has come. @param most  rows; more are asked for in halves.
  bool read(const std::optional<Window>& window, std::size_t most) {
    return read(window ? std::optional(window->text()) : std::nullopt, window, most);
  }

  /// As read(), by what is asked for. @param window  none: whatever comes is right.
  bool read(const std::optional<std::string>& date, const std::optional<Window>& window, std::size_t most) {
    std::unordered_set<std::string> seen;
    std::string first;
    std::size_t total = 0;
    std::size_t unusable = 0;
    rows_ = 0;
    for (;;) {
      Page<StudyRow> page;
      try {
        page = ask(date, total);
      } catch (const Error& error) {
        // Of a server that takes no notice of the limit, a smaller window may do.
        if (error.code() != Code::kTooLarge || requests_ > kMostRequests) throw;
        return false;
      }
      if (page.size == 0) return !is_cap(total);
      const std::size_t fresh = take(page, window, seen);
      rows_ += fresh;
      // Smaller windows have the same ones again, and nothing tells them apart.
      unusable += page.size - page.rows.size();
      listing_.unusable = std::max(listing_.unusable, unusable);
      if (total == 0) {
        first = page.rows.empty() ? std::string() : page.rows.front().uid;
        if (ignores_offset_) return all_at_once(page.size);
      } else if (fresh == 0) {
        if (page.rows.empty() || page.rows.front().uid != first) return true;
        ignores_offset_ = true;
        return all_at_once(page.size);
      }
      total += page.size;
      if (total >= most) return false;
    }
  }

  /// Of a server that has one page of everything: whether it is shorter than the longest one that came.
  bool all_at_once(std::size_t size) {
    const bool whole = size < longest_;
    longest_ = std::max(longest_, size);
    return whole;
  }

  void halve(const Window& window) {
    const Day middle = window.from + (window.to - window.from) / 2;
    for (const Window half : {Window{window.from, middle}, Window{middle + std::chrono::days(1), window.to}}) {
      if (half.from > half.to || ignores_date_) continue;
      const bool whole = read(half, half.is_day() ? kMostStudies : kWindow);
      if (whole || ignores_date_) continue;
      if (half.is_day()) {
        listing_.doubtful.push_back(half.text());
      } else {
        halve(half);
      }
    }
  }

  /// No window holds a study without a date. Some servers have them under an empty date, some under a quoted one;
  /// others take the first for any date and find nothing by the second: there they are in the list of all, to its end.
  void read_undated() {
    if (ignores_date_) return;  // then windows hold them too
    using Date = std::optional<std::string>;
    for (const Date& date : {Date(""), Date("\"\""), Date()}) {
      const bool whole = read(date, std::nullopt, kMostStudies);
      if (whole && (rows_ > 0 || !date)) return;
    }
    // A list of just the studies that windows have, and of no length at which servers stop, has no more of its own.
    listing_.undated = rows_ > 0 && rows_ == found_.size() && !is_cap(rows_);
  }

  const AskStudies& ask_;
  const Filter& filter_;
  const base::OnProgress& on_progress_;
  Listing listing_;
  std::unordered_map<std::string, StudyRow> found_;
  std::size_t requests_ = 0;
  std::size_t longest_ = 0;
  std::size_t rows_ = 0;  ///< different ones of what was read last
  bool ignores_offset_ = false;
  bool ignores_date_ = false;
};

}  // namespace

std::string what_lacks(const Listing& listing) {
  constexpr std::size_t kMostShown = 5;
  std::string what;
  if (listing.unusable > 0) what = fmt::format("{} studies without a usable UID", listing.unusable);
  if (!listing.doubtful.empty()) {
    if (!what.empty()) what += "; ";
    what += "the server lists only so many studies at once, and there may be more";
    for (std::size_t i = 0; i < std::min(listing.doubtful.size(), kMostShown); ++i) {
      if (!listing.doubtful[i].empty()) what += fmt::format("{} {}", i == 0 ? " of" : ",", listing.doubtful[i]);
    }
    if (listing.doubtful.size() > kMostShown) what += ", ..";
  }
  if (!listing.undated) {
    if (!what.empty()) what += "; ";
    what += "studies without a date may be missing: the list of all is longer than what comes of it";
  }
  return what;
}

bool is_cap(std::size_t rows) noexcept { return std::find(kCaps.begin(), kCaps.end(), rows) != kCaps.end(); }

Listing list_studies(const AskStudies& ask, const Filter& filter, const base::OnProgress& on_progress) {
  return Lister(ask, filter, on_progress).run();
}

}  // namespace mi2::dicomweb
