#include "archive/zipped.hpp"

#include <span>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"

namespace mi2::archive {
namespace {

/// A zip's own stamp: as that of any of its entries, whatever they are.
Stamp stamp_of_zip(const std::string& zip) {
  return stamp_of({zip, std::nullopt, [](std::uint64_t) { return std::vector<std::byte>(); }, zip});
}

}  // namespace

std::vector<std::byte> LastZip::read(const std::string& zip, std::string_view entry, std::uint64_t max_bytes) {
  const Stamp now = stamp_of_zip(zip);
  if (!open_ || path_ != zip || stamp_ != now) {
    open_.reset();
    open_.emplace(zip);
    path_ = zip;
    stamp_ = now;
  }
  const std::optional<std::uint64_t> found = open_->find(entry);
  if (!found) throw Error(Code::kNotFound, fmt::format("{}: has no such entry any more", zip));
  const std::string bytes = open_->read(*found, max_bytes);
  const auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

embedder::Input zipped_input(const std::string& zip, const std::string& locator, LastZip& zips) {
  const auto read = [zip, entry = locator.substr(zip.size() + 1), &zips](std::uint64_t max_bytes) {
    return zips.read(zip, entry, max_bytes);
  };
  return {locator, std::nullopt, read, zip};
}

}  // namespace mi2::archive
