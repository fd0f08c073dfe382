#pragma once
// Small images and data sets on disk, for tests of sources and loaders.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "dataset/loader.hpp"
#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::dataset::testing {

/// A JPEG of one grey, its own for every number.
inline std::string jpeg(int number, int width = 12, int height = 10) {
  const auto grey = static_cast<std::uint8_t>(number * 7 % 256);
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  const std::vector<std::byte> bytes = image::encode_jpeg({width, height, std::vector<std::uint8_t>(size, grey)}, 95);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string base64(std::string_view bytes) { return base::base64_encode(std::as_bytes(std::span(bytes))); }

/// A manifest of `count` images in classes c0, c1, c2 in turn. Files whose number is in `broken` are not images.
inline DataSource manifest(const test::TemporaryFolder& folder, int count, const std::vector<int>& broken = {}) {
  std::string csv = "file,split,label,caption\n";
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("p{}.jpg", i);
    csv += fmt::format("{},train,c{},image {}\n", name, i % 3, i);
    const bool bad = std::find(broken.begin(), broken.end(), i) != broken.end();
    folder.write(name, bad ? "not an image" : jpeg(i));
  }
  DataSource source;
  source.path = folder.write("manifest.csv", csv);
  return source;
}

inline std::shared_ptr<const Dataset> dataset_of(const std::vector<DataSource>& sources) {
  return std::make_shared<const Dataset>(sources, std::make_shared<ClassTable>(), 1 << 24);
}

inline std::shared_ptr<const Images> images_of(const std::vector<DataSource>& sources,
                                               std::size_t cache_bytes = 1 << 20, Images::OnBroken on_broken = {}) {
  return std::make_shared<const Images>(dataset_of(sources), ImageOptions(), cache_bytes, std::move(on_broken));
}

/// Training on 8 x 8 pixels, everything on.
inline LoaderOptions training(std::size_t batch) {
  LoaderOptions options;
  options.batch = batch;
  options.seed = 5;
  options.format = {8, 8, {0.5F, 0.5F, 0.5F}, {0.2F, 0.2F, 0.2F}};
  options.threads = 2;
  options.augment.horizontal_flip = 0.5F;
  options.augment.mixup_alpha = 0.5F;
  options.augment.mixup_probability = 0.7F;
  options.augment.cutmix_alpha = 1;
  return options;
}

inline LoaderOptions evaluation(std::size_t batch) {
  LoaderOptions options = training(batch);
  options.training = false;
  return options;
}

}  // namespace mi2::dataset::testing
