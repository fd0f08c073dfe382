#pragma once
// Archives over HTTP: the seam to src/protocols/archives, a room of its own, so that programs without SQLite have all
// other protocols.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "protocols/request_plan.hpp"
#include "protocols/routes.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// An archive that is served.
struct ArchiveSpec {
  std::string name;
  std::filesystem::path folder;
};

enum class ArchiveRoute : std::uint8_t {
  kList,
  kInfo,
  kStats,
  kFacets,
  kItem,
  kThumb,
  kNeighbours,
  kSearch,
  kRemoveStudy,
};

class ArchiveRoutes {
 public:
  ArchiveRoutes() = default;
  ArchiveRoutes(const ArchiveRoutes&) = delete;
  ArchiveRoutes& operator=(const ArchiveRoutes&) = delete;
  virtual ~ArchiveRoutes() = default;

  /// As Route::parse.
  [[nodiscard]] virtual RequestPlan parse(ArchiveRoute route, const Service& service, HttpRequest request,
                                          const PathParameters& parameters) const = 0;
  /// From now on callers have the rights of this file. May be called while requests are parsed.
  /// @throws Error{kNotFound}, {kBadFile}: then the rights stay as they were.
  virtual void use_rights(const std::filesystem::path& file) = 0;
  /// Whether a caller may search every row of every archive, and so may know how many there are.
  [[nodiscard]] virtual bool sees_all(std::string_view caller) const = 0;
};

/// Route::parse of the archives that are served.
/// @throws Error{kNotFound} if there are none.
RequestPlan ask_archives(ArchiveRoute route, const Service& service, HttpRequest request,
                         const PathParameters& parameters);

}  // namespace mi2::protocols
