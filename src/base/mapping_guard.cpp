#include "base/mapping_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

namespace mi2::base {
namespace {

/// A mapping that is watched. The signal's handler reads it, whatever thread it interrupts.
struct Slot {
  std::atomic<std::uintptr_t> begin{0};  ///< 0: free; 1: being filled
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> damaged{false};
};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

constexpr std::uintptr_t kFilling = 1;

std::array<Slot, 1024> slots;
struct sigaction earlier {};

/// What the process did with the signal before.
void hand_on(int number, siginfo_t* info, void* context) {
  if ((earlier.sa_flags & SA_SIGINFO) != 0) {
    earlier.sa_sigaction(number, info, context);
  } else if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
    earlier.sa_handler(number);
  } else {
    std::signal(number, SIG_DFL);  // the same look again then ends the process
  }
}

void on_bus_error(int number, siginfo_t* info, void* context) {
  const int error = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (Slot& slot : slots) {
    const std::uintptr_t begin = slot.begin.load();
    const std::uintptr_t end = slot.end.load();
    if (begin <= kFilling || address < begin || address >= end) continue;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    void* const from = static_cast<std::byte*>(info->si_addr) - address % page;
    // What follows is gone as well: a file is cut at its end.
    const std::size_t size = (end + page - 1) / page * page - address / page * page;
    constexpr int kZeros = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    slot.damaged.store(true);
    if (::mmap(from, size, PROT_READ, kZeros, -1, 0) == MAP_FAILED) break;
    errno = error;
    return;
  }
  hand_on(number, info, context);
  errno = error;
}

void install() {
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, &earlier);
}

}  // namespace

MappingGuard::MappingGuard(const std::byte* data, std::size_t size) noexcept {
  static const bool installed = (install(), true);
  static_cast<void>(installed);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uintptr_t free = 0;
    if (!slots[i].begin.compare_exchange_strong(free, kFilling)) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    slots[i].damaged.store(false);
    slots[i].end.store(begin + size);
    slots[i].begin.store(begin);
    slot_ = i;
    return;
  }
}

MappingGuard::MappingGuard(MappingGuard&& other) noexcept : slot_(std::exchange(other.slot_, kNone)) {}

MappingGuard& MappingGuard::operator=(MappingGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

MappingGuard::~MappingGuard() {
  if (slot_ != kNone) slots[slot_].begin.store(0);
}

bool MappingGuard::damaged() const noexcept { return slot_ != kNone && slots[slot_].damaged.load(); }

}  // namespace mi2::base
