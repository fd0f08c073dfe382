// The page of mi2 serve.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "page/page.hpp"
#include "protocols/answers.hpp"
#include "protocols/parsers.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kIndex = "index.html";

/// Everything comes from this server, nothing is written into a page by a script, and no other page may frame it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

/// Whether "gzip, br;q=0.5" has gzip, and not with q=0.
bool reads_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    std::string coding = base::lower_ascii(accepted.substr(0, accepted.find(',')));
    accepted.remove_prefix(std::min(coding.size() + 1, accepted.size()));
    std::erase_if(coding, [](char c) { return c == ' ' || c == '\t'; });
    if (coding == "gzip") return true;
    if (coding.starts_with("gzip;q=")) return coding.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

RequestPlan send(const HttpRequest& request, std::string_view name) {
  const std::optional<page::File> file = page::find(name);
  if (!page::is_built()) {
    throw Error(Code::kNotFound, "this program was built without its page; GET /docs lists what it answers");
  }
  if (!file) throw Error(Code::kNotFound, "the page has no such file");
  HttpResponse answer;
  answer.content_type = file->type;
  // The name of a file that has a hash changes with its content.
  answer.headers = {{"cache-control", name.find('-') == name.npos ? "no-cache" : "public, max-age=31536000, immutable"},
                    {"content-security-policy", std::string(kPolicy)},
                    {"x-content-type-options", "nosniff"},
                    {"referrer-policy", "no-referrer"},
                    {"x-frame-options", "DENY"},
                    {"cross-origin-opener-policy", "same-origin"},
                    {"cross-origin-resource-policy", "same-origin"},
                    {"vary", "accept-encoding"}};
  if (reads_gzip(request.header("accept-encoding"))) {
    answer.headers.emplace_back("content-encoding", "gzip");
    answer.body = file->gzip;
  } else {
    answer.body = page::plain(*file);
  }
  return answer_at_once(std::move(answer));
}

RequestPlan redirect(int status, std::string to) {
  HttpResponse answer;
  answer.status = status;
  answer.content_type = {};
  answer.headers.emplace_back("location", std::move(to));
  return answer_at_once(std::move(answer));
}

/// As a value of a query (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace

RequestPlan page_folder(const Service&, HttpRequest, const PathParameters&) { return redirect(307, "ui/"); }

/// Also of an archive that is not there: who may not see one is not told which there are.
RequestPlan page_of_archive(const Service&, HttpRequest request, const PathParameters& parameters) {
  // Relative: before this server there may be one that has it in a folder.
  const std::string_view up = request.path.ends_with('/') ? "../../" : "../";
  return redirect(302, fmt::format("{}ui/#archive={}", up, percent_encoded(parameters.at(0))));
}

RequestPlan page_index(const Service&, HttpRequest request, const PathParameters&) { return send(request, kIndex); }

RequestPlan page_file(const Service&, HttpRequest request, const PathParameters& parameters) {
  return send(request, parameters.at(0));
}

}  // namespace mi2::protocols
