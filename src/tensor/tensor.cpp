#include "tensor/tensor.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>
#include "base/checked.hpp"

namespace mi2::tensor {
namespace {

constexpr std::size_t kAlignment = 64;

/// From this size on a block asks for huge pages: a matrix is read in strides that miss the small pages' look-up.
constexpr std::size_t kHugePage = 2U << 20U;

std::size_t whole_pages(std::size_t size) { return (size + kHugePage - 1) / kHugePage * kHugePage; }

/// Pages of its own, aligned to a huge page: memory of the heap may have been touched, and then its pages stay small.
std::byte* map_pages(std::size_t size) {
  const std::size_t whole = whole_pages(size);
  void* place = mmap(nullptr, whole + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  auto* start = static_cast<std::byte*>(place);
  const std::size_t before =
      whole_pages(reinterpret_cast<std::uintptr_t>(start)) - reinterpret_cast<std::uintptr_t>(start);
  if (before > 0) munmap(start, before);
  munmap(start + before + whole, kHugePage - before);
  // The rest of the last page stays small, so that memory never asked for is not held.
  madvise(start + before, size / kHugePage * kHugePage, MADV_HUGEPAGE);
  return start + before;
}

/// @returns null if there is no such memory.
std::byte* allocate(std::size_t size) {
  return size < kHugePage ? static_cast<std::byte*>(std::aligned_alloc(kAlignment, size)) : map_pages(size);
}

void release(std::byte* block, std::size_t size) {
  if (size < kHugePage) {
    std::free(block);
  } else {
    munmap(block, whole_pages(size));
  }
}

Pool& process_pool() {
  static Pool pool;
  return pool;
}

}  // namespace

Shape::Shape(std::span<const std::int64_t> extents) : rank_(extents.size()) {
  if (extents.size() > kMaxRank || std::any_of(extents.begin(), extents.end(), [](auto e) { return e < 0; })) {
    throw Error(Code::kBadArgument,
                fmt::format("[{}] is no shape: at most {} extents, none negative", fmt::join(extents, ", "), kMaxRank));
  }
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

std::int64_t Shape::count() const noexcept {
  std::int64_t product = 1;
  for (std::size_t axis = 0; axis < rank_; ++axis) product *= extents_[axis];
  return product;
}

Shape Shape::with_back(std::int64_t extent) const {
  Shape result = *this;
  result.extents_[rank_ - 1] = extent;
  return result;
}

std::string Shape::to_string() const { return fmt::format("[{}]", fmt::join(std::span(extents_.data(), rank_), ", ")); }

struct Pool::Store {
  std::mutex mutex;
  std::multimap<std::size_t, std::byte*> idle;

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { trim(); }

  void trim() {
    const std::lock_guard lock(mutex);
    for (const auto& [size, block] : idle) release(block, size);
    idle.clear();
  }
};

Pool::Pool() : store_(std::make_shared<Store>()) {}

void Pool::trim() { store_->trim(); }

std::shared_ptr<std::byte> Pool::take(std::size_t bytes) {
  const std::size_t size = std::max<std::size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  std::byte* block = nullptr;
  std::size_t actual = size;
  {
    const std::lock_guard lock(store_->mutex);
    // A block up to a quarter too large is reused: sizes repeat from pass to pass, so waste stays small.
    const auto found = store_->idle.lower_bound(size);
    if (found != store_->idle.end() && found->first <= size + size / 4) {
      actual = found->first;
      block = found->second;
      store_->idle.erase(found);
    }
  }
  if (block == nullptr) block = allocate(size);
  if (block == nullptr) throw Error(Code::kTooLarge, fmt::format("out of memory: {} bytes for a tensor", size));
  return {block, [store = store_, actual](std::byte* returned) {
            const std::lock_guard lock(store->mutex);
            store->idle.emplace(actual, returned);
          }};
}

Tensor::Tensor(Pool& pool, const Shape& shape, DType dtype)
    : shape_(shape),
      row_stride_(shape.back()),
      dtype_(dtype),
      block_(pool.take(base::checked_mul(static_cast<std::uint64_t>(shape.count()), size_of(dtype), "tensor"))) {}

Tensor::Tensor(const Shape& shape, DType dtype) : Tensor(process_pool(), shape, dtype) {}

Tensor::Tensor(const Shape& shape, DType dtype, std::shared_ptr<const std::byte> block)
    : shape_(shape),
      row_stride_(shape.back()),
      dtype_(dtype),
      read_only_(true),
      block_(std::const_pointer_cast<std::byte>(std::move(block))) {}

Tensor Tensor::spaced(const Shape& shape, DType dtype) {
  // Two lines or one: what a product writes of a row at a time stays aligned to itself.
  constexpr std::int64_t kSpace = 32;
  constexpr std::size_t kSharesSets = 512;
  const bool apart = shape.rank() > 0 && shape.back() > 0 &&
                     static_cast<std::size_t>(shape.back()) * size_of(dtype) % kSharesSets == 0;
  if (!apart) return Tensor(shape, dtype);
  Tensor result(shape.with_back(shape.back() + kSpace), dtype);
  result.shape_ = shape;
  return result;
}

std::span<float> Tensor::floats() const {
  if (!dense()) throw Error(Code::kInternal, "elements of a tensor whose rows are spaced, as one run");
  return {data<float>(), static_cast<std::size_t>(shape_.count())};
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.count() != shape_.count() || (!dense() && shape.back() != shape_.back())) {
    throw Error(Code::kInternal, fmt::format("cannot view {} as {}", shape_.to_string(), shape.to_string()));
  }
  Tensor view = *this;
  view.shape_ = shape;
  if (dense()) view.row_stride_ = shape.back();
  return view;
}

}  // namespace mi2::tensor
