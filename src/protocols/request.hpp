#pragma once
// What requests of all protocols have in common: content types, query parameters, and items on their way into a Work.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// A content type in lower case, without parameters; empty if the request has none.
std::string media_type(const HttpRequest& request);

/// @throws Error{kUnsupported} if the content type names another charset than UTF-8.
void check_charset(const HttpRequest& request);

/// @throws Error{kUnsupported} for a content type that is not JSON's, or another charset than UTF-8. A request without
/// a
///         content type is taken at its word.
void check_json_type(const HttpRequest& request);

/// The body as JSON. @throws as check_json_type() and parse_json().
Json json_body(HttpRequest& request, const Limits& limits);

/// As json_body(), and it must be an object.
Json json_object(HttpRequest& request, const Limits& limits);

/// The value of `name` in a query, percent-decoded; empty if it is not there.
std::string query_value(std::string_view query, std::string_view name);

/// Gathers images and texts, each checked as it comes.
class WorkBuilder {
 public:
  /// @param options  of every image. `service` outlives the builder.
  WorkBuilder(const Service& service, std::string model, const ImageOptions& options)
      : service_(service), options_(options) {
    work_.model = std::move(model);
  }

  /// An image as base64, a data URI or a URL. @returns its place in Work::images.
  /// @throws Error{kBadArgument} empty, not base64, a URL that is not allowed; {kTooLarge} over the limit of rows.
  std::size_t add_image(std::string_view text, std::string name);
  /// An image by its URL. @throws Error{kBadArgument} for one that is not allowed; {kTooLarge} as add_image().
  std::size_t add_url(std::string_view url, std::string name);
  /// An image's own bytes.
  std::size_t add_image_bytes(std::string bytes, std::string name);
  /// A text. @throws Error{kTooLarge} over the limits of rows or of a text's bytes, and if no model would read it: in a
  /// batch it would cost the texts beside it their shared pass.
  std::size_t add_text(std::string text, std::string_view name);
  /// A text that stands for a label: as add_text(), with the limit of labels.
  std::size_t add_label(std::string text, std::string_view name);

  /// An image that was added. @param place  in Work::images.
  [[nodiscard]] ImageItem& image(std::size_t place) { return work_.images.at(place); }

  /// Tokens that the model reads of the texts; 0 if it does not count them.
  [[nodiscard]] std::size_t tokens() const noexcept { return tokens_; }

  /// The patches of the first image are wanted too.
  void want_patches() noexcept { work_.patches = true; }

  Work take() { return std::move(work_); }

 private:
  [[nodiscard]] bool allows(std::string_view url) const;
  std::size_t add_allowed(std::string_view url, std::string name);
  std::size_t add_checked_text(std::string text, std::string_view name);
  [[nodiscard]] std::size_t count_tokens(const std::string& text, std::string_view name) const;
  static void check_count(std::size_t count, std::size_t most, std::string_view what);

  const Service& service_;
  ImageOptions options_;
  Work work_;
  std::size_t tokens_ = 0;
};

}  // namespace mi2::protocols
