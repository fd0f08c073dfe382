#pragma once
// Files that clients send, into an archive: embedded by a served model, beside the requests that it answers.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "archive/survey.hpp"
#include "protocols/archive_routes.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// What is to be added.
struct SentFiles {
  std::vector<std::string> files;  ///< their bytes
  std::string site;                ///< as SurveyOptions::site
  bool objects_only = false;       ///< nothing but DICOM objects with an identifier
  std::string study;               ///< not empty: nothing but objects of it
};

/// What became of one of them.
struct Fate {
  enum class Kind : std::uint8_t {
    kWaits,
    kStored,
    kCopy,      ///< the archive had its object
    kConflict,  ///< the archive has another object of this identifier, which stays
    kOutside,   ///< it is not of SentFiles::study
    kRefused,
  };
  Kind kind = Kind::kWaits;
  Code code = Code::kInternal;  ///< of kRefused
  std::string reason{};         ///< of kRefused, and of frames of kStored that were refused
  archive::ObjectNames names{};
  /// Whether the archive has the object now.
  [[nodiscard]] bool is_there() const noexcept { return kind == Kind::kStored || kind == Kind::kCopy; }
};

/// Writes the answer. @param snapshot  of the archive after it.
using AnswerFates = std::function<HttpResponse(std::span<const Fate> fates, std::int64_t snapshot)>;

/// The value of `site` in a query without any other. @param weights  gets that of `weights`; null: there may be none.
/// @throws Error{kBadArgument}.
std::string read_site(const HttpRequest& request, std::string* weights = nullptr);

/// The model of an archive's weights, and how its images are prepared.
/// @returns the answer where none is served. @throws Error{kOverloaded} while models are loaded.
std::optional<RequestPlan> find_embedder(const Service& service, const Asked& asked,
                                         std::shared_ptr<const ServedModel>& model, ImageOptions& image);

/// Adds files. What is reported as stored is on disk. While another process writes to the archive the answer is 503,
/// and without a model of the archive's weights 409.
/// @throws Error{kBadArgument} for no file; {kTooLarge} for more than the limit of rows; {kOverloaded} while models are
///         loaded.
RequestPlan add(const Service& service, const Asked& asked, const ArchiveAdding& adding, SentFiles sent,
                AnswerFates answer);

/// POST /v1/archives/{archive}/items: a form's files, or one file as the body; or a form's vectors
/// (adding_vectors.hpp).
/// @throws as add(); Error{kUnsupported} for another content type.
RequestPlan add_items(const Service& service, const Asked& asked, const ArchiveAdding& adding, HttpRequest request);

}  // namespace mi2::protocols::archives
