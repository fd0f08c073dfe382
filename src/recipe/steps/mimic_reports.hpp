#pragma once
// Where the reports of MIMIC-CXR lie: as files, or in the zip that they come in.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "recipe/listing.hpp"

namespace mi2::recipe {

/// "s50414267", "50414267" and "files/p10/p10000032/s50414267.txt" are of one study. @returns nothing for what is none.
std::optional<std::uint64_t> study_number(std::string_view name);

class MimicReports {
 public:
  /// Finds files that are called sNUMBER.txt, wherever they lie, and mimic-cxr-reports.zip. Of two files of a study,
  /// the one in fewer folders counts.
  /// @param files  must outlive it.
  /// @throws Error{kBadFile} if the zip is none; {kTooLarge} if it has more entries than kMostReports.
  explicit MimicReports(const Listing& files);
  MimicReports(const MimicReports&) = delete;
  MimicReports& operator=(const MimicReports&) = delete;
  ~MimicReports();

  static constexpr std::uint64_t kMostReports = 1U << 22;
  static constexpr std::uint64_t kMaxReportBytes = 1U << 20;

  [[nodiscard]] bool empty() const noexcept;
  /// A report's bytes. @returns nothing if there is none.
  /// @throws Error{kTooLarge} over kMaxReportBytes, {kBadFile} if it cannot be read.
  [[nodiscard]] std::optional<std::string> read(std::uint64_t study) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::recipe
