// join_processes() by MPI, as llm.c and the original pipeline start their processes.

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "train/trainer/nccl.hpp"
#include "train/trainer/processes.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

void check(int status, const char* what) {
  if (status == MPI_SUCCESS) return;
  std::string text(MPI_MAX_ERROR_STRING, '\0');
  int length = 0;
  MPI_Error_string(status, text.data(), &length);
  text.resize(static_cast<std::size_t>(length));
  throw Error(Code::kInternal, fmt::format("training: another process is lost or out of reach ({}: {})", what, text));
}

/// MPI counts elements in an int.
int count_of(const at::Tensor& x) {
  if (x.numel() > std::numeric_limits<int>::max()) {
    throw Error(Code::kTooLarge, fmt::format("training: a block of {} numbers is too large for MPI", x.numel()));
  }
  return static_cast<int>(x.numel());
}

/// MPI reads and writes the host's memory; what lies on a GPU is copied there and back.
at::Tensor on_host(const at::Tensor& x) { return x.is_cpu() && x.is_contiguous() ? x : x.cpu().contiguous(); }

class Mpi final : public Processes {
 public:
  class Sum final : public Pending {
   public:
    Sum(const at::Tensor& x, Mpi& mpi) : x_(x), host_(on_host(x)), mpi_(mpi) {
      check(MPI_Iallreduce(MPI_IN_PLACE, host_.mutable_data_ptr<float>(), count_of(host_), MPI_FLOAT, MPI_SUM,
                           MPI_COMM_WORLD, &request_),
            "Iallreduce");
    }

    void wait() override {
      mpi_.finish(request_, "Iallreduce");
      if (!host_.is_same(x_)) x_.copy_(host_);
    }

   private:
    at::Tensor x_;
    at::Tensor host_;
    Mpi& mpi_;
    MPI_Request request_ = MPI_REQUEST_NULL;
  };

  class NcclSum final : public Pending {
   public:
    explicit NcclSum(std::unique_ptr<Nccl::Work> work) : work_(std::move(work)) {}
    void wait() override { work_->wait(); }

   private:
    std::unique_ptr<Nccl::Work> work_;
  };

  Mpi() {
    int provided = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided), "Init");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  // Of several processes one that is lost never comes to MPI_Finalize, and the others would wait for it for ever.
  ~Mpi() override {
    nccl_.reset();
    if (whole_ && std::uncaught_exceptions() == 0) MPI_Finalize();
  }
  Mpi(const Mpi&) = delete;
  Mpi& operator=(const Mpi&) = delete;

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }

  std::unique_ptr<Pending> begin_sum(const at::Tensor& x) override {
    if (nccl_ && !x.is_cpu()) return std::make_unique<NcclSum>(nccl_->begin_sum(x));
    return std::make_unique<Sum>(x, *this);
  }

  at::Tensor gather(const at::Tensor& x) override {
    if (nccl_ && !x.is_cpu()) return nccl_->gather(x);
    const at::Tensor mine = on_host(x.detach());
    std::vector<std::int64_t> shape(mine.sizes().begin(), mine.sizes().end());
    shape.at(0) *= size_;
    const at::Tensor all = at::empty(shape, mine.options());
    const int bytes = count_of(mine.view(-1).view(at::kByte));
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallgather(mine.const_data_ptr(), bytes, MPI_BYTE, all.mutable_data_ptr(), bytes, MPI_BYTE,
                         MPI_COMM_WORLD, &request),
          "Iallgather");
    finish(request, "Iallgather");
    return all.to(x.device());
  }

  void broadcast(const at::Tensor& x) override {
    if (nccl_ && !x.is_cpu()) return nccl_->broadcast(x);
    const at::Tensor host = on_host(x.detach());
    broadcast({static_cast<std::byte*>(host.mutable_data_ptr()), host.nbytes()});
    if (!host.is_same(x)) x.detach().copy_(host);
  }

  void use(at::Device device) override {
    int able = !device.is_cpu() && Nccl::is_there() ? 1 : 0;
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallreduce(MPI_IN_PLACE, &able, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &request), "Iallreduce");
    finish(request, "Iallreduce");
    if (able == 0) return;
    nccl_ = std::make_unique<Nccl>(
        rank_, size_, device, [this](std::span<std::byte> bytes) { broadcast(bytes); },
        [this] { return stop_.stop_requested(); });
  }

  void poll() override {
    int ready = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &ready, MPI_STATUS_IGNORE);
  }

  void give_up_on(std::stop_token stop) override { stop_ = std::move(stop); }

 private:
  /// In pieces: a full model's embedding table has more bytes than an int counts.
  void broadcast(std::span<std::byte> bytes) {
    constexpr std::size_t kPiece = std::size_t{1} << 28U;
    while (!bytes.empty()) {
      const std::size_t piece = std::min(bytes.size(), kPiece);
      MPI_Request request = MPI_REQUEST_NULL;
      check(MPI_Ibcast(bytes.data(), static_cast<int>(piece), MPI_BYTE, 0, MPI_COMM_WORLD, &request), "Ibcast");
      finish(request, "Ibcast");
      bytes = bytes.subspan(piece);
    }
  }

  /// Waits without holding the core: with as many processes as cores, the one waited for may need it.
  void finish(MPI_Request& request, const char* what) {
    int done = 0;
    for (;;) {
      check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), what);
      if (done != 0) return;
      if (stop_.stop_requested()) {
        whole_ = false;
        throw Error(Code::kInternal, "training: ended while waiting for another process, which may be lost");
      }
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  std::unique_ptr<Nccl> nccl_;
  std::stop_token stop_;
  bool whole_ = true;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace

std::unique_ptr<Processes> join_processes() {
  // Set by Open MPI's and by PMIx's launchers. MPI_Init without one would start a daemon of its own.
  const char* const started = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (started == nullptr && std::getenv("PMIX_RANK") == nullptr) return single_process();
  return std::make_unique<Mpi>();
}

}  // namespace mi2::train
