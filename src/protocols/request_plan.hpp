#pragma once
// The seam between the HTTP protocols and what carries them. A protocol reads a request into a RequestPlan: what the
// model must compute, and how the answer is written from it. No socket, queue or clock is known here, so a protocol is
// tested without a port, and the same protocol serves a server and a batch file.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

#include "embedder/heatmap.hpp"
#include "embedder/region.hpp"

namespace mi2::protocols {

/// One HTTP request, read whole.
struct HttpRequest {
  std::string method;                                        ///< "GET", "POST", ..
  std::string path;                                          ///< percent-decoded, without the query
  std::string query;                                         ///< after '?', as it was sent
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string caller{};  ///< who asks, as to_text(Caller) has it; empty: nobody is asked who they are

  /// The first header of a lower-case name, or an empty view.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string outcome = "ok";  ///< for metrics and logs: "ok", an Error's code, or what a refusal is called
};

/// An image of a request: encoded bytes, or the URL they are at, which only the transport can fetch.
struct ImageItem {
  std::string name;   ///< what errors call it, such as "row 3: image"
  std::string bytes;  ///< of a file, as image::open reads it
  std::string url;    ///< not empty: in place of bytes
  ImageOptions options;
  std::optional<embedder::Region> region{};  ///< the part of it that is embedded; nothing: all of it
  bool dicomweb = false;                     ///< the URL is that of an object of a DICOMweb server
  std::string content_type{};                ///< of what came from the URL
  /// With a URL: is shown the file that came from it, on any thread. What it throws refuses the image.
  std::function<void(std::span<const std::byte> file)> see{};
};

/// What the model has to compute for one request.
struct Work {
  std::string model;  ///< the name of a loaded model
  std::vector<ImageItem> images;
  std::vector<std::string> texts;
  bool patches = false;  ///< whether Vectors::patches of the first image are wanted
};

/// A doubt about an image that was read all the same.
struct ImageWarning {
  std::string image;  ///< ImageItem::name
  std::string text;   ///< "name: what was found": docs/warnings.md
};

/// Vectors of a Work, a row per image and per text, in its order.
struct Vectors {
  EmbeddingMatrix images;
  EmbeddingMatrix texts;
  std::vector<ImageWarning> warnings{};        ///< in the order of the images
  std::optional<embedder::Patches> patches{};  ///< of the first image, if Work::patches
};

/// What an operator is told of a request to an archive. It holds nothing of a patient.
struct ArchiveRecord {
  std::string archive;    ///< the operator's name of it
  std::string action;     ///< "search", "card", "delete", "add", ..; empty: nothing that is counted
  std::string to{};       ///< the operator's name of where results are sent
  std::string query;      ///< what two requests for the same have in common; says nothing of it
  std::size_t parts = 0;  ///< texts, images, .. of a search; files that are added
  std::size_t k = 0;
  std::size_t found = 0;  ///< results, or images that were deleted, files that were stored, differences of a replay
  std::uint64_t searched = 0;
  std::uint64_t rows = 0;      ///< of the archive
  std::int64_t snapshot = -1;  ///< -1: it did not come to that
  bool exact = false;
  std::string fault{};  ///< of the archive itself; may hold a path
};

/// What the finish of a plan that takes long waits for: each kind has threads of its own, so that none waits for those
/// of another.
enum class Apart : std::uint8_t {
  kLook,     ///< asks an archive's catalog
  kSearch,   ///< searches an archive, or deletes
  kJudge,    ///< compares much of an archive with much of it: minutes
  kAdd,      ///< embeds files and writes them to an archive
  kPush,     ///< sends results to another server, and waits for it
  kRender,   ///< decodes the file of an image of an archive
  kHeatmap,  ///< and embeds it
};
inline constexpr std::size_t kApartKinds = 7;

/// A request understood.
struct RequestPlan {
  Work work;
  std::function<HttpResponse(const Vectors&)> finish;  ///< pure: the answer of these vectors
  /// If set, finish takes long and waits for others: it belongs on a thread for that. It ends early, with an error,
  /// once this was asked to stop.
  std::optional<std::stop_source> stop{};
  Apart apart = Apart::kLook;                ///< with `stop`
  bool changes = false;                      ///< it changes an archive, a head, kept cards or a PACS, which stays so
  std::string_view lane = "search";          ///< with kSearch: of an archive, those of one lane are done one by one
  std::shared_ptr<ArchiveRecord> archive{};  ///< filled in by finish, also by one that throws
};

}  // namespace mi2::protocols
