// The few functions of NCCL that mi2 calls, between threads of one process that come to each call together.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace {

struct Group {
  explicit Group(int size) : meeting(size), data(static_cast<std::size_t>(size)) {}
  std::barrier<> meeting;
  std::vector<const void*> data;
};

struct Communicator {
  std::shared_ptr<Group> group;
  std::size_t rank;
};

std::mutex turn;
std::weak_ptr<Group> latest;

}  // namespace

extern "C" {

struct Id {
  char bytes[128];
};

std::atomic<int> fake_status{0};  // what the next calls return
std::atomic<int> fake_open{0};    // communicators that are neither destroyed nor aborted

int ncclGetUniqueId(Id* id) {
  std::memset(id->bytes, 7, sizeof(id->bytes));
  return 0;
}
int ncclCommInitRank(void** communicator, int size, Id id, int rank) {
  if (std::any_of(std::begin(id.bytes), std::end(id.bytes), [](char byte) { return byte != 7; })) return 4;
  std::shared_ptr<Group> group;
  {
    const std::lock_guard lock(turn);
    group = latest.lock();
    if (!group) latest = group = std::make_shared<Group>(size);
  }
  *communicator = new Communicator{group, static_cast<std::size_t>(rank)};
  ++fake_open;
  return 0;
}
int ncclCommDestroy(void* communicator) {
  delete static_cast<Communicator*>(communicator);
  --fake_open;
  return 0;
}
int ncclCommAbort(void* communicator) { return ncclCommDestroy(communicator); }
int ncclCommGetAsyncError(void*, int* status) {
  *status = fake_status;
  return 0;
}
const char* ncclGetErrorString(int) { return "a made-up error"; }

int ncclAllReduce(const void* from, void* to, std::size_t count, int type, int operation, void* communicator, void*) {
  if (fake_status != 0) return fake_status;
  if (type != 7 || operation != 0) return 4;
  auto& [group, rank] = *static_cast<Communicator*>(communicator);
  group->data[rank] = from;
  group->meeting.arrive_and_wait();
  std::vector<float> sum(count);
  for (const void* data : group->data) {
    for (std::size_t i = 0; i < count; ++i) sum[i] += static_cast<const float*>(data)[i];
  }
  group->meeting.arrive_and_wait();
  std::memcpy(to, sum.data(), count * sizeof(float));
  return 0;
}
int ncclAllGather(const void* from, void* to, std::size_t count, int type, void* communicator, void*) {
  if (type != 1) return 4;
  auto& [group, rank] = *static_cast<Communicator*>(communicator);
  group->data[rank] = from;
  group->meeting.arrive_and_wait();
  for (std::size_t i = 0; i < group->data.size(); ++i) {
    std::memcpy(static_cast<char*>(to) + i * count, group->data[i], count);
  }
  group->meeting.arrive_and_wait();
  return 0;
}
int ncclBroadcast(const void* from, void* to, std::size_t count, int type, int root, void* communicator, void*) {
  if (type != 1) return 4;
  auto& [group, rank] = *static_cast<Communicator*>(communicator);
  group->data[rank] = from;
  group->meeting.arrive_and_wait();
  if (rank != static_cast<std::size_t>(root)) std::memcpy(to, group->data[static_cast<std::size_t>(root)], count);
  group->meeting.arrive_and_wait();
  return 0;
}
}
