#include "zip/images/expand.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "zip/zip_file.hpp"

namespace mi2::zip::images {

bool expand(const std::string& path, embedder::FoundFiles& found) {
  const auto packed = std::make_shared<const ZipFile>(path);
  for (std::uint64_t i = 0; i < packed->entries(); ++i) {
    if (packed->name(i).ends_with('/')) continue;
    const auto read = [packed, i](std::uint64_t max_bytes) {
      const std::string bytes = packed->read(i, max_bytes);
      const auto view = std::as_bytes(std::span(bytes));
      return std::vector<std::byte>(view.begin(), view.end());
    };
    embedder::Input input{fmt::format("{}/{}", path, packed->name(i)), std::nullopt, read, path};
    std::string head;
    try {
      head = packed->head(i, embedder::kSniffBytes);
    } catch (const Error& error) {
      input.error = error;
      found.fail(std::move(input));
      continue;
    }
    found.add(std::move(input), std::as_bytes(std::span(head)),
              [&] { return dicom::kind_of(read(ImageOptions{}.max_file_bytes), true); });
  }
  return true;
}

}  // namespace mi2::zip::images
