#include "dicomweb/add_load.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::dicomweb {

archive::Added add_load(archive::Writer& archive, const Embedder& embedder, const Fetched& fetched,
                        const archive::Source& source, const archive::AddOptions& options) {
  archive::Catalog& catalog = archive.catalog();
  std::vector<std::string> tried;  // what was refused before
  for (const std::string& one : fetched.visited) {
    for (std::string& locator : catalog.refused_below(one)) tried.push_back(std::move(locator));
  }
  std::unordered_set<std::string> refused;
  archive::AddOptions adding = options;
  adding.most_frames = archive::kMostSentFrames;
  adding.on_refused = [&options, &refused](std::string_view locator, const Error& error) {
    refused.emplace(locator);
    if (options.on_refused) options.on_refused(locator, error);
  };
  archive::Added added;
  if (!fetched.paths.inputs.empty() || !fetched.paths.skipped.empty()) {
    added = archive::add(archive, embedder, fetched.paths, source, adding);
  }
  // After what it stands for: a run that ends before tries and asks again.
  archive::Catalog::Transaction all(catalog, true);
  static_cast<void>(catalog.source(source.kind, source.url));
  for (const std::string& locator : tried) {
    if (!refused.contains(locator)) catalog.forget_refused(locator);
  }
  // What a filter left out before a cursor nobody would ask for again.
  if (!fetched.cursor.empty() && !options.survey.where) catalog.set_cursor(source.url, fetched.cursor);
  all.commit();
  return added;
}

}  // namespace mi2::dicomweb
