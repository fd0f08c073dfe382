#include "protocols/archives/pixels.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "archive/format.hpp"
#include "archive/original.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::OriginalState;

constexpr int kConflict = 409;
constexpr int kGoneForGood = 410;
constexpr int kNotModified = 304;
constexpr std::uint64_t kMostSide = 4096;

/// What of a file is asked for.
struct AskedPicture {
  std::uint64_t row = 0;
  archive::PictureOptions picture;
  ImageOptions images;  ///< how the archive's are read
  std::string known;    ///< If-None-Match
};

AskedPicture read_asked(const Service& service, const Asked& asked, const HttpRequest& request,
                        const std::string& number) {
  static const std::vector<std::string> kKnown{"window", "invert", "size"};
  AskedPicture wanted;
  wanted.row = item_number(number);
  for (const auto& [name, value] : read_query(request.query, kKnown)) {
    if (name == "window") {
      wanted.picture.window = read_window(value);
    } else if (name == "invert") {
      wanted.picture.invert = read_flag(value, name);
    } else {
      wanted.picture.side = static_cast<int>(read_number(value, name, 1, kMostSide));
    }
  }
  wanted.images = archive::options_of(asked.served->format().space, service.images);
  wanted.known = request.header("if-none-match");
  return wanted;
}

struct FoundFrame {
  archive::Original original;
  std::uint64_t frame = 0;  ///< from 0
  std::optional<archive::TileFacts> tile{};
  std::string window{};  ///< that the item was seen through, of several
};

/// @throws Error{kNotFound} for what is not there, may not be seen, or is no image.
FoundFrame find_frame(archive::Reader& reader, const Right& right, std::uint64_t row) {
  const archive::ItemFacts item = visible_item(reader, right, row);
  if (item.kind != "frame") throw Error(Code::kNotFound, "pixels: expected an image, got the mean of a series");
  const std::optional<archive::ArchivedObject> object = reader.catalog().object(item.instance, false);
  if (!object) throw Error(Code::kNotFound, "item: there is none of this number");
  return {archive::original_of(*object), static_cast<std::uint64_t>(item.frame - 1), item.tile, item.window};
}

HttpResponse refuse(OriginalState state, const std::string& locator) {
  constexpr auto kFormat = ErrorFormat::kOpenAi;
  switch (state) {
    case OriginalState::kNoFile:
      return refusal(kFormat, kConflict, "no_file",
                     archive::way_of(locator) == archive::kVectorsWay
                         ? "pixels: this image came as a vector, without a picture"
                         : "pixels: this image came over a network, and no file has it; there is a thumbnail at most");
    case OriginalState::kGone:
      return refusal(kFormat, kGoneForGood, "gone", "pixels: the file of this image is no longer there");
    case OriginalState::kChanged:
      return refusal(kFormat, kConflict, "changed", "pixels: the file of this image has changed since it was added");
    case OriginalState::kTooLarge:
      return refusal(kFormat, kConflict, "unreadable",
                     "pixels: the file of this image is larger than the server reads");
    case OriginalState::kUnreadable:
    case OriginalState::kThere:
      break;
  }
  return refusal(kFormat, kConflict, "unreadable", "pixels: the server cannot read the file of this image");
}

/// The same for the same picture, which need not be made to know it.
std::string tag_of(const FoundFrame& found, const AskedPicture& wanted) {
  const archive::PictureOptions& picture = wanted.picture;
  const std::string tile =
      found.tile ? fmt::format("{} {}x{}", found.tile->place.level, found.tile->read_width, found.tile->read_height)
                 : std::string();
  // An archive that takes another's place may have its images read in another way.
  const std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {}", version(), found.original.sha256, found.frame, tile,
                  picture.window ? to_string(*picture.window) : "", picture.invert, picture.side,
                  wanted.images.plane ? name_of(*wanted.images.plane) : "", to_string(wanted.images.intensity));
  return fmt::format(R"("{}")", base::sha256_hex(std::as_bytes(std::span(text))).substr(0, 32));
}

void put_picture(HttpResponse& answer, archive::Picture picture) {
  answer.content_type = "image/png";
  answer.headers.emplace_back("x-mi2-columns", std::to_string(picture.columns));
  answer.headers.emplace_back("x-mi2-rows", std::to_string(picture.rows));
  if (picture.window) answer.headers.emplace_back("x-mi2-window", to_string(*picture.window));
  if (picture.spacing) {
    answer.headers.emplace_back("x-mi2-spacing", fmt::format("{},{}", (*picture.spacing)[0], (*picture.spacing)[1]));
  }
  answer.body.assign(reinterpret_cast<const char*>(picture.png.data()), picture.png.size());
}

HttpResponse render(const FoundFrame& found, const AskedPicture& wanted) {
  const std::string tag = tag_of(found, wanted);
  const bool known = has_tag(wanted.known, tag);
  std::optional<archive::Picture> picture;
  OriginalState state = OriginalState::kThere;
  try {
    state = archive::with_original(found.original, wanted.images.max_file_bytes, [&](std::span<const std::byte> bytes) {
      if (known) return;
      archive::PictureOptions how = wanted.picture;
      how.tile = found.tile;
      how.file = found.original.locator;
      picture = archive::picture_of(bytes, found.frame, wanted.images, how, fmt::format("item {}", wanted.row));
    });
  } catch (const Error& error) {
    // A client that asks by GET has sent nothing of an unsupported type.
    if (error.code() != Code::kUnsupported) throw;
    throw Error(Code::kBadFile, error.what());
  }
  if (state != OriginalState::kThere) return refuse(state, found.original.locator);
  HttpResponse answer;
  answer.headers.emplace_back("etag", tag);
  // Whoever shows it again asks first: rights end, and what was erased is gone.
  answer.headers.emplace_back("cache-control", "private, no-cache");
  answer.headers.emplace_back("x-content-type-options", "nosniff");
  answer.content_type = {};
  if (known) answer.status = kNotModified;
  if (picture) put_picture(answer, *std::move(picture));
  return answer;
}

}  // namespace

RequestPlan pixels(const Service& service, const Asked& asked, const HttpRequest& request, const std::string& number) {
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kRender;
  plan.archive = record_of(asked);
  plan.finish = [asked, from = read_asked(service, asked, request, number), record = plan.archive,
                 stop = plan.stop->get_token()](const Vectors&) {
    AskedPicture wanted = from;
    FoundFrame found;
    guarded(*record, stop, [&] {
      asked.served->look([&](archive::Reader& reader) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "pixels: stopped");
        note(*record, reader);
        found = find_frame(reader, asked.right, wanted.row);
      });
    });
    if (!wanted.picture.window) wanted.picture.window = archive::through({}, found.window).window;
    // Nothing of the catalog is held while a file is decoded.
    return render(found, wanted);
  };
  return plan;
}

}  // namespace mi2::protocols::archives
