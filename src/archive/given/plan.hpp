#pragma once
// Which rows of a file of embeddings an archive has, and as what it will have the others. Private to this folder.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/given/given.hpp"
#include "archive/given/rows.hpp"
#include "archive/survey.hpp"
#include "base/thread_pool.hpp"
#include "embedder/inputs.hpp"

namespace mi2::archive::given {

/// An image whose file is here.
struct OfFile {
  std::size_t image = 0;
  embedder::Input input;
  Wanted wanted;
  std::optional<Error> error{};  ///< of a file that cannot be read
  bool there = false;            ///< the archive has all of it
};

/// An image whose file is gone, and of whose name the archive has all frames of an object.
struct GoneFile {
  std::size_t image = 0;
  Id instance = 0;
};

struct Plan {
  Rows rows;  ///< frames of images are numbered from 1 now
  std::vector<OfFile> files;
  std::vector<OfFile> sample;      ///< whose vectors are compared before any is believed
  std::vector<std::size_t> there;  ///< images whose files are here, and which the archive has of them
  std::vector<std::size_t> bare;   ///< images in no file here
  std::vector<GoneFile> gone;   ///< known by their names alone: nothing but their vectors says that they are the same
  std::uint64_t unchanged = 0;  ///< images that are in the archive, of files that are here
  std::uint64_t newer = 0;
};

/// What the archive calls an image without a file.
std::string locator_of(const Image& image);

/// @param catalog  null: the archive is not there yet.
Plan plan(const vectors::VectorFile& file, const GivenOptions& options, Catalog* catalog);

/// What the bare images among `some` are, as a survey of files says it of files; inputs in the order of its files.
/// @throws Error: nothing. What is wrong with an image is in its file.
Survey survey_of(const vectors::VectorFile& file, const Plan& plan, std::span<const std::size_t> some,
                 const Source& source, const GivenOptions& options, Catalog* catalog, const std::string& key);

}  // namespace mi2::archive::given
