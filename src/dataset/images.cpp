#include "dataset/images.hpp"

#include <span>
#include <string>
#include <utility>

namespace mi2::dataset {

Images::Images(std::shared_ptr<const Dataset> dataset, const ImageOptions& options, std::size_t cache_bytes,
               OnBroken on_broken)
    : dataset_(std::move(dataset)),
      preparer_(options),
      cache_bytes_(cache_bytes),
      on_broken_(std::move(on_broken)),
      kept_(cache_bytes > 0 ? dataset_->size() : 0) {}

std::shared_ptr<const image::Raster> Images::decode(std::size_t record) const {
  try {
    const std::string encoded = dataset_->read(record);
    const std::string name = dataset_->name(record);
    return std::make_shared<const image::Raster>(preparer_.decode(std::as_bytes(std::span(encoded)), name));
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    BrokenRecord broken{dataset_->name(record), error.code(), error.what()};
    const std::lock_guard lock(mutex_);
    const auto [entry, fresh] = broken_.try_emplace(record, std::move(broken));
    if (fresh && on_broken_) on_broken_(entry->second);
    return nullptr;
  }
}

std::shared_ptr<const image::Raster> Images::get(std::size_t record) const {
  {
    const std::lock_guard lock(mutex_);
    if (broken_.contains(record)) return nullptr;
    if (!kept_.empty() && kept_[record]) return kept_[record];
  }
  std::shared_ptr<const image::Raster> image = decode(record);
  if (!image || kept_.empty()) return image;
  const std::lock_guard lock(mutex_);
  if (!kept_[record] && image->samples.size() <= cache_bytes_ - kept_bytes_) {
    kept_bytes_ += image->samples.size();
    kept_[record] = image;
  }
  return image;
}

std::vector<BrokenRecord> Images::broken() const {
  const std::lock_guard lock(mutex_);
  std::vector<BrokenRecord> list;
  list.reserve(broken_.size());
  for (const auto& [record, broken] : broken_) list.push_back(broken);
  return list;
}

}  // namespace mi2::dataset
