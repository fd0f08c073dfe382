#pragma once
// Images by URL: off unless the operator names hosts.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/net.hpp"
#include "server/options.hpp"

#include "net/target.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::server {

/// The images of one request on their way. Used on one thread.
class Fetch {
 public:
  /// Nobody needs them any more: what is waited for ends at once.
  void abandon() {
    abandoned_ = true;
    if (end_) end_();
  }
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

  /// While it lives, abandon() does `end`.
  class Waiting {
   public:
    Waiting(Fetch& fetch, std::function<void()> end) : fetch_(fetch) { fetch_.end_ = std::move(end); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { fetch_.end_ = nullptr; }

   private:
    Fetch& fetch_;
  };

 private:
  bool abandoned_ = false;
  std::function<void()> end_;
};

/// Gets images over http and https from the hosts on the operator's list, and from addresses of the public internet
/// unless the operator says otherwise. Certificates are verified; redirects are not followed.
class Fetcher {
 public:
  explicit Fetcher(const UrlOptions& options);
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  ~Fetcher();

  /// Gets every image of a work that has a URL in place of bytes. take_files() is left to do.
  /// @param max_bytes  of all of them.
  /// @param keep  is called with the size of each image that came; what it throws ends the work.
  /// @throws Error{kBadArgument} for a URL that is not allowed; {kBadFile} when the image cannot be got; {kTooLarge};
  ///         {kOverloaded} while images of UrlOptions::requests others are fetched, and once it is abandoned or stop()
  ///         was called. A message names the row and the reason, not the URL.
  asio::awaitable<void> fetch(protocols::Work& work, std::uint64_t max_bytes, std::function<void(std::size_t)> keep,
                              Fetch& fetch);
  /// Abandons what is being fetched, and fetches nothing more.
  void stop();

 private:
  /// What is at a URL.
  struct Answer {
    std::string content_type;
    std::string body;
  };
  asio::awaitable<Answer> get(const protocols::ImageItem& item, std::uint64_t max_bytes, Fetch& fetch);
  asio::awaitable<tcp::resolver::results_type> resolve(const net::Target& target, Fetch& fetch);
  [[nodiscard]] net::Target target_of(std::string_view url) const;

  struct Tls;
  UrlOptions options_;
  std::list<Fetch*> fetching_;  ///< of each request
  bool stopping_ = false;
  std::unique_ptr<Tls> tls_;
};

/// Whether take_files() has something to do.
bool has_answers(const protocols::Work& work);
/// Takes objects out of the answers of DICOMweb servers, and shows what was fetched to ImageItem::see. On any thread.
/// @throws Error{kBadFile} for an answer that holds no object; what ImageItem::see throws.
void take_files(protocols::Work& work);

}  // namespace mi2::server
