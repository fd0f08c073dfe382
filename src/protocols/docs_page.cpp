// The OpenAPI document as a page: everything is in it, nothing is loaded, nothing runs.

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "base/html.hpp"
#include "page/page.hpp"
#include "protocols/openapi.hpp"

namespace mi2::protocols {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}"
    "article{margin:1.2rem 0;padding:.8rem 1rem;border:1px solid #d0d7de;border-radius:.4rem}"
    "h3{margin:0;font:600 1rem ui-monospace,monospace}h3 b{color:#0550ae}p{margin:.4rem 0}"
    "pre{background:#f6f8fa;padding:.7rem;overflow:auto;border-radius:.3rem;font-size:.85rem}"
    "ul{margin:.4rem 0;padding-left:1.2rem;font-size:.9rem}summary{cursor:pointer}";

/// A command that works in a shell as it stands, once its file and what is in braces are named; the examples hold no
/// single quote. @returns nothing for a body of which the document has no example.
std::string curl_example(std::string_view path, const Ordered& content) {
  if (content.contains("multipart/form-data")) {
    return fmt::format("curl -s http://localhost:5001{} -F file=@scan.dcm", path);
  }
  const auto json = content.find("application/json");
  if (json == content.end() || !json->contains("example")) return {};
  return fmt::format("curl -s http://localhost:5001{} -H 'content-type: application/json' \\\n  -d '{}'", path,
                     json->at("example").dump());
}

std::string article(std::string_view method, std::string_view path, const Ordered& operation) {
  std::string html = fmt::format("<article><h3><b>{}</b> {}</h3><p>{}</p>", method, base::escape_html(path),
                                 base::escape_html(operation.value("summary", "")));
  if (operation.contains("description")) {
    html += fmt::format("<p>{}</p>", base::escape_html(operation.at("description").get<std::string>()));
  }
  if (operation.contains("requestBody")) {
    if (const std::string curl = curl_example(path, operation.at("requestBody").at("content")); !curl.empty()) {
      html += fmt::format("<pre>{}</pre>", base::escape_html(curl));
    }
  }
  html += "<details><summary>Statuses</summary><ul>";
  for (const auto& [status, response] : operation.at("responses").items()) {
    html += fmt::format("<li>{} {}</li>", status, base::escape_html(response.value("description", "")));
  }
  return html + "</ul></details></article>";
}

std::string build_page() {
  const Ordered document = Ordered::parse(openapi_document());
  Ordered groups = Ordered::object();  // tag -> articles, in the order in which tags appear
  for (const auto& [path, operations] : document.at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      const std::string name = method == "get" ? "GET" : method == "post" ? "POST" : "DELETE";
      const std::string tag = operation.at("tags").at(0).get<std::string>();
      groups[tag] = groups.value(tag, std::string{}) + article(name, path, operation);
    }
  }
  std::string html = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
      "<title>mi2 {0}</title><style>{1}</style><h1>mi2 {0}</h1><p>Embeddings of medical images and texts with "
      "MedImageInsight. The schemas of requests and answers are in <a href=\"/openapi.json\">openapi.json</a>; a "
      "server "
      "with keys wants <code>Authorization: Bearer KEY</code>.{2}</p>",
      version(), kStyle,
      page::is_built() ? " <a href=\"ui/#view=reference\">The page of this server</a> sends requests too." : "");
  for (const auto& [tag, articles] : groups.items()) {
    html += fmt::format("<h2>{}</h2>{}", base::escape_html(tag), articles.get<std::string>());
  }
  return html + "</html>\n";
}

}  // namespace

const std::string& docs_html() {
  static const std::string page = build_page();
  return page;
}

}  // namespace mi2::protocols
