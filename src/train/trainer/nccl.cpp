#include "train/trainer/nccl.hpp"

#include <dlfcn.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

// As nccl.h has had them since NCCL 2.0.
struct UniqueId {
  std::array<char, 128> bytes;
};
constexpr int kSuccess = 0;
constexpr int kInProgress = 7;
constexpr int kUint8 = 1;
constexpr int kFloat32 = 7;
constexpr int kSum = 0;

}  // namespace

struct Nccl::Functions {
  explicit Functions(const std::string& name) : library(::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    take(get_unique_id, "ncclGetUniqueId");
    take(init_rank, "ncclCommInitRank");
    take(destroy, "ncclCommDestroy");
    take(abort, "ncclCommAbort");
    take(async_error, "ncclCommGetAsyncError");
    take(error_text, "ncclGetErrorString");
    take(all_reduce, "ncclAllReduce");
    take(all_gather, "ncclAllGather");
    take(broadcast, "ncclBroadcast");
  }
  ~Functions() {
    if (library != nullptr) ::dlclose(library);
  }
  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  void* library;
  bool complete = true;
  int (*get_unique_id)(UniqueId*) = nullptr;
  int (*init_rank)(void**, int size, UniqueId, int rank) = nullptr;
  int (*destroy)(void*) = nullptr;
  int (*abort)(void*) = nullptr;
  int (*async_error)(void*, int*) = nullptr;
  const char* (*error_text)(int) = nullptr;
  int (*all_reduce)(const void*, void*, std::size_t, int type, int operation, void*, void* stream) = nullptr;
  int (*all_gather)(const void*, void*, std::size_t, int type, void*, void* stream) = nullptr;
  int (*broadcast)(const void*, void*, std::size_t, int type, int root, void*, void* stream) = nullptr;

 private:
  template <typename Function>
  void take(Function*& function, const char* name) {
    function = library == nullptr ? nullptr : reinterpret_cast<Function*>(::dlsym(library, name));
    complete = complete && function != nullptr;
  }
};

/// On a stream of its own, between two events: what was asked for before is done first, and wait() sees the end.
class Nccl::Enqueued final : public Nccl::Work {
 public:
  Enqueued(Nccl& nccl, at::Tensor x) : nccl_(nccl), x_(std::move(x)) {
    if (nccl.device_.is_cpu()) return;
    const c10::impl::VirtualGuardImpl guard(nccl.device_.type());
    stream_ = guard.getStreamFromGlobalPool(nccl.device_);
    before_.emplace(nccl.device_.type());
    before_->record(guard.getStream(nccl.device_));
    before_->block(*stream_);
  }

  [[nodiscard]] void* stream() const { return stream_ ? stream_->native_handle() : nullptr; }
  void begun() {
    if (!stream_) return;
    after_.emplace(nccl_.device_.type());
    after_->record(*stream_);
  }

  void wait() override {
    while (after_ && !after_->query()) {
      int fault = kSuccess;
      nccl_.check(nccl_.functions_->async_error(nccl_.communicator_, &fault), "waiting");
      nccl_.check(fault, "waiting");
      if (nccl_.stopped_()) {
        nccl_.whole_ = false;
        throw Error(Code::kInternal, "training: ended while waiting for another process, which may be lost");
      }
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }

 private:
  Nccl& nccl_;
  at::Tensor x_;  ///< lives until this is done
  std::optional<c10::Stream> stream_;
  std::optional<c10::Event> before_;
  std::optional<c10::Event> after_;
};

bool Nccl::is_there(const std::string& library) {
  const Functions functions(library);
  return functions.complete;
}

Nccl::Nccl(int rank, int size, at::Device device, const std::function<void(std::span<std::byte>)>& share,
           std::function<bool()> stopped, const std::string& library)
    : functions_(std::make_unique<Functions>(library)), size_(size), device_(device), stopped_(std::move(stopped)) {
  if (!functions_->complete) throw Error(Code::kInternal, fmt::format("training: {} is not NCCL", library));
  const c10::OptionalDeviceGuard guard(device);
  UniqueId id{};
  if (rank == 0) check(functions_->get_unique_id(&id), "GetUniqueId");
  share(std::as_writable_bytes(std::span(id.bytes)));
  check(functions_->init_rank(&communicator_, size, id, rank), "CommInitRank");
}

Nccl::~Nccl() {
  if (communicator_ == nullptr) return;
  // A process that is lost would be waited for.
  (whole_ ? functions_->destroy : functions_->abort)(communicator_);
}

void Nccl::check(int status, const char* what) const {
  if (status == kSuccess || status == kInProgress) return;
  whole_ = false;
  throw Error(Code::kInternal, fmt::format("training: another process is lost or out of reach (NCCL {}: {})", what,
                                           functions_->error_text(status)));
}

template <typename Call>
std::unique_ptr<Nccl::Work> Nccl::enqueue(const at::Tensor& x, Call&& call) {
  const c10::OptionalDeviceGuard guard(device_);
  auto work = std::make_unique<Enqueued>(*this, x);
  call(work->stream());
  work->begun();
  return work;
}

std::unique_ptr<Nccl::Work> Nccl::begin_sum(const at::Tensor& x) {
  return enqueue(x, [&](void* stream) {
    void* const data = x.mutable_data_ptr();
    check(
        functions_->all_reduce(data, data, static_cast<std::size_t>(x.numel()), kFloat32, kSum, communicator_, stream),
        "AllReduce");
  });
}

at::Tensor Nccl::gather(const at::Tensor& x) {
  const at::Tensor mine = x.detach().contiguous();
  std::vector<std::int64_t> shape(mine.sizes().begin(), mine.sizes().end());
  shape.at(0) *= size_;
  const at::Tensor all = at::empty(shape, mine.options());
  enqueue(mine, [&](void* stream) {
    check(functions_->all_gather(mine.const_data_ptr(), all.mutable_data_ptr(), mine.nbytes(), kUint8, communicator_,
                                 stream),
          "AllGather");
  })->wait();
  return all;
}

void Nccl::broadcast(const at::Tensor& x) {
  const at::Tensor plain = x.detach().contiguous();
  enqueue(plain, [&](void* stream) {
    void* const data = plain.mutable_data_ptr();
    check(functions_->broadcast(data, data, plain.nbytes(), kUint8, 0, communicator_, stream), "Broadcast");
  })->wait();
  if (!plain.is_same(x.detach()) && plain.data_ptr() != x.data_ptr()) x.detach().copy_(plain);
}

}  // namespace mi2::train
